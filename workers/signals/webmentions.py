"""Webmentions as signals: what is verified for a post is put as its complete list, so what is gone goes with it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import new_id
from privacy.keyring import KeyGoneError, KeyRing, PersonKey
from privacy.sealed import seal, unseal
from workers.models import Connection, Post, Webmention
from workers.networks.shape import Post as Read
from workers.networks.shape import Reaction, Reading
from workers.runtime.work import Work
from workers.signals.store import address_of, put, put_anew
from workers.signals.vault import BrokenFileError

#: The network that webmentions belong to.
NETWORK = "blog"
#: So many may wait for one blog: enough for a busy day, and an end for who sends them without end.
MOST_WAITING = 200
#: So long a webmention counts without being told of again (R13).
LIFE = timedelta(days=30)
#: A job that got lost is sent again after so long.
PATIENCE = timedelta(minutes=5)
_KINDS = frozenset({"link", "reply", "like", "repost", "quote"})


class TooManyWaitingError(ValueError):
    """More webmentions wait for this blog than will be looked at soon."""


def note(work: Work, connection: Connection, source: str, target: str) -> str:
    """Notes a webmention to be verified and has that done; the id of its row. Telling it again is an update.

    Raises `TooManyWaitingError`.
    """
    index = pair_index(work.ring, connection.id, source, target)
    known = select(Webmention).where(Webmention.connection_id == connection.id, Webmention.pair_index == index)
    row = work.session.scalar(known.with_for_update())
    if row is None:
        waiting = select(Webmention.id).where(Webmention.connection_id == connection.id, Webmention.due_at.is_not(None))
        if len(work.session.scalars(waiting.limit(MOST_WAITING)).all()) >= MOST_WAITING:
            raise TooManyWaitingError("too many webmentions wait")
        row = Webmention(
            id=new_id(), subject_id=connection.subject_id, connection_id=connection.id, pair_index=index,
            seen_at=work.now,
        )  # fmt: skip
        work.session.add(row)
    if row.due_at is None:  # the look before is over: this one may wait for its source as long as the first
        row.received_at = work.now
    seal(row, work.ring.person(connection.subject_id), source=source, page=target)
    row.due_at = work.now + PATIENCE
    work.later("verify_webmention", row.id)
    return row.id


def pair_index(ring: KeyRing, connection_id: str, source: str, target: str) -> bytes:
    """How a webmention is known again when it is sent once more."""
    return ring.blind(f"webmention/{connection_id}", f"{source}\0{target}")


def actor_of(key: PersonKey, host: str) -> str:
    """Who stands behind a source: its website, as a word that means nothing without the participant's key (R7)."""
    return key.pseudonym("webmention", host)


def count(work: Work, key: PersonKey, connection: Connection, post: Post) -> None:
    """Makes the signals of a post what its verified webmentions say, and has the score made anew."""
    verified = select(Webmention).where(Webmention.post_id == post.id, Webmention.kind.is_not(None))
    reactions = _joined(work.session.scalars(verified.order_by(Webmention.id)).all())
    seen = post.read_at
    told = Reading(Read(address_of(post, key), post.day), reactions, _KINDS)
    try:
        put(work, key, connection, told)
        work.later("score", connection.subject_id)
    except BrokenFileError:  # what does not count any more goes all the same, before the file counts again
        put_anew(work, key, connection, told)
    # Being mentioned does not prove that the post is still there.
    post.read_at = seen


def count_again(work: Work, connection: Connection, post_id: str) -> None:
    """The same for a post that may be gone."""
    post = work.session.get(Post, post_id)
    if post is not None:
        count(work, work.ring.person(connection.subject_id), connection, post)


def host_of(ring: KeyRing, connection: Connection) -> str:
    """The host of a blog, with its port where it is not the usual one."""
    return urlsplit(unseal(connection, ring.person(connection.subject_id), "remote_id")).netloc.lower()


def _joined(rows: Iterable[Webmention]) -> tuple[Reaction, ...]:
    found: dict[tuple[str, str, date], int] = {}
    for row in rows:
        if row.kind and row.actor and row.day:
            found[row.kind, row.actor, row.day] = found.get((row.kind, row.actor, row.day), 0) + 1
    return tuple(Reaction(kind, actor, day, number) for (kind, actor, day), number in sorted(found.items()))


def drop(work: Work, rows: list[Webmention]) -> None:
    """Deletes webmentions with what they count; the caller holds the turn of each person they belong to."""
    touched = {row.post_id: row.connection_id for row in rows if row.post_id and row.kind}
    for row in rows:
        work.session.delete(row)
    work.session.flush()
    for post_id, connection_id in touched.items():
        connection = work.session.get(Connection, connection_id)
        if connection is not None:
            count_again(work, connection, post_id)


def drop_old(work: Work) -> None:
    """Deletes what was not told of again for 30 days, with what it counts."""
    old = select(Webmention.subject_id).where(Webmention.seen_at <= work.now - LIFE).distinct()
    for subject_id in sorted(work.session.scalars(old)):
        consent.take_turn(work.session, subject_id)
        mine = select(Webmention).where(Webmention.subject_id == subject_id, Webmention.seen_at <= work.now - LIFE)
        try:
            drop(work, list(work.session.scalars(mine)))
        except KeyGoneError:  # erased meanwhile
            continue


def knows(session: Session, subject_id: str, actor: str) -> bool:
    """Did a website (by its pseudonym) mention this participant, as far as that is known?"""
    theirs = select(Webmention.id).where(Webmention.subject_id == subject_id, Webmention.actor == actor)
    return session.scalar(theirs.limit(1)) is not None


def due(session: Session, now: datetime, most: int) -> list[Webmention]:
    """Webmentions whose look is due, locked."""
    waiting = select(Webmention).where(Webmention.due_at <= now).limit(most)
    return list(session.scalars(waiting.with_for_update(skip_locked=True)))
