"""Bluesky's firehose: all that anybody publishes passes by, and only what is about our participants is looked at.

Nobody is told whom we look for: the relay sends all of it, and what is about nobody here is dropped in memory (R8).
Source: lexicon `com.atproto.sync.subscribeRepos`; measured on the reference servers.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import libipld
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from workers.networks import untrusted
from workers.networks.failure import Failure, Reason

_PATH = "/xrpc/com.atproto.sync.subscribeRepos"
#: A commit has at most 2 MB of blocks.
_LARGEST_FRAME = 4 * 1024 * 1024
_OPEN_SECONDS = 20
_URI = re.compile(
    r"at://(?P<did>did:[a-z]{2,10}:[A-Za-z0-9._:%-]{3,300})/app\.bsky\.feed\.post/(?P<key>[A-Za-z0-9._~:-]{1,512})\Z"
)
_DID = re.compile(r"did:[a-z]{2,10}:[A-Za-z0-9._:%-]{3,300}\Z")
_POST, _LIKE, _REPOST = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"
_REACTIONS = frozenset({_POST, _LIKE, _REPOST})
About = Callable[[str], bool]
"""Whether a DID is a participant's; or whether a record is a reaction that came by before."""


class What(StrEnum):
    """What happened."""

    LIKE = "like"
    REPOST = "repost"
    REPLY = "reply"
    QUOTE = "quote"
    TAKEN_BACK = "taken back"
    """A reaction that came by before was deleted; `record` says which."""
    POST_GONE = "post gone"
    ACCOUNT_GONE = "account gone"
    """Deactivated, taken down, suspended or deleted."""
    ACCOUNT_BACK = "account back"


@dataclass(frozen=True)
class Happened:
    """One thing about a participant, who is `did`; `post` is the key of their post, `actor` the DID of who reacted.

    `record` is the reaction's own place: its author's DID, collection and key. Of one that was taken back there is only
    that and the author.
    """

    what: What
    did: str = field(default="", repr=False)
    post: str = field(default="", repr=False)
    actor: str = field(default="", repr=False)
    record: str = field(default="", repr=False)


@dataclass(frozen=True)
class Frame:
    """One message of the relay: its place in the stream, and what in it is about participants (mostly nothing)."""

    seq: int
    happened: tuple[Happened, ...] = ()


class FutureCursorError(RuntimeError):
    """The relay has never come as far as our place in the stream: it began anew."""


def frames(relay: str, cursor: int | None, about: About, reaction: About) -> Iterator[Frame | None]:
    """What the relay sends, from `cursor` on, or from now on without one; None after a second in which nothing came.

    `about` knows participants, `reaction` the records that came by before. Ends never by itself. Raises `Failure`
    (UNREACHABLE, NOT_UNDERSTOOD) and `FutureCursorError`.
    """
    query = f"?{urlencode({'cursor': cursor})}" if cursor is not None else ""
    try:
        with connect(
            f"{relay.rstrip('/')}{_PATH}{query}", open_timeout=_OPEN_SECONDS, max_size=_LARGEST_FRAME, proxy=None
        ) as stream:
            while True:
                try:
                    message = stream.recv(timeout=1)
                except TimeoutError:
                    yield None
                    continue
                frame = read(message, about, reaction)
                if frame is not None:
                    yield frame
    except (OSError, TimeoutError, WebSocketException):
        raise Failure(Reason.UNREACHABLE) from None


def read(message: str | bytes, about: About, reaction: About) -> Frame | None:
    """One message; None for one without a place. Raises `Failure(NOT_UNDERSTOOD)`, `FutureCursorError`."""
    if isinstance(message, str):
        raise Failure(Reason.NOT_UNDERSTOOD)
    try:
        header, body = libipld.decode_dag_cbor_multi(message)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise Failure(Reason.NOT_UNDERSTOOD) from None
    header, body = untrusted.record(header), untrusted.record(body)
    if header.get("op") == -1:
        if body.get("error") == "FutureCursor":
            raise FutureCursorError
        raise Failure(Reason.NOT_UNDERSTOOD)
    seq = body.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
        return None
    kind = untrusted.text(header.get("t"), 20)
    if kind == "#account":
        return Frame(seq, tuple(_account(body, about)))
    return Frame(seq, tuple(_commit(body, about, reaction)) if kind == "#commit" else ())


def _account(body: dict[str, Any], about: About) -> Iterator[Happened]:
    did = untrusted.text(body.get("did"), 320)
    if about(did):
        yield Happened(What.ACCOUNT_BACK if body.get("active") is True else What.ACCOUNT_GONE, did)


def _commit(body: dict[str, Any], about: About, reaction: About) -> Iterator[Happened]:
    actor = untrusted.text(body.get("repo"), 320)
    operations = body.get("ops")
    if not _DID.match(actor) or not isinstance(operations, list):
        return
    blocks: dict[Any, Any] | None = None
    for operation in map(untrusted.record, operations):
        path = untrusted.text(operation.get("path"), 600)
        collection, _, key = path.partition("/")
        record_of = f"{actor}/{path}"
        if operation.get("action") == "delete":
            if collection == _POST and about(actor):
                yield Happened(What.POST_GONE, actor, key)
            if collection in _REACTIONS and reaction(record_of):
                yield Happened(What.TAKEN_BACK, actor=actor, record=record_of)
        elif operation.get("action") == "create" and collection in _REACTIONS:
            if blocks is None:
                blocks = _blocks(body.get("blocks"))
            record = untrusted.record(blocks.get(operation.get("cid")))
            for what, uri in _subjects(collection, record):
                named = _URI.match(uri)
                if named and named["did"] != actor and about(named["did"]):
                    yield Happened(what, named["did"], named["key"], actor, record_of)


def _blocks(car: object) -> dict[Any, Any]:
    """The records of a commit by their ids; empty where they cannot be read: the daily reading finds what was in it."""
    if not isinstance(car, bytes):
        return {}
    try:
        _, blocks = libipld.decode_car(car)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return {}
    return blocks


def _subjects(collection: str, record: dict[str, Any]) -> Iterator[tuple[What, str]]:
    """Which posts a record is a reaction to, and what kind of one."""
    if collection in (_LIKE, _REPOST):
        yield What.LIKE if collection == _LIKE else What.REPOST, _at(record.get("subject"))
        return
    yield What.REPLY, _at(untrusted.record(record.get("reply")).get("parent"))
    embed = untrusted.record(record.get("embed"))
    quoted = untrusted.record(embed.get("record"))
    yield What.QUOTE, _at(quoted) or _at(quoted.get("record"))


def _at(reference: object) -> str:
    return untrusted.text(untrusted.record(reference).get("uri"), 1000)
