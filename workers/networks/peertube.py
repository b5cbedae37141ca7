"""PeerTube: public videos of an account, with likes as numbers and comments with accounts, without signing in.

Source: Chocobozzz/PeerTube `support/doc/api/openapi.yaml`. Each server answers for its own accounts.
"""

import re
from datetime import date
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Client, Params
from workers.networks.door import Actor, admitted, carries_mark, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.fediverse_address import ascii_host, named
from workers.networks.listing import Lists
from workers.networks.markup import addresses_in, read_html
from workers.networks.shape import Cost, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Walked

_PROFILE = re.compile(
    r"/(?:a|accounts)/(?P<name>[A-Za-z0-9_.]{1,64})(?:@(?P<host>[^\s@/]{1,260}))?(?:/videos|/video-channels|/about)?/?\Z"
)
_NAME = re.compile(r"[a-z0-9_.]{1,64}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PUBLIC = 1
_VIDEOS = 50
_COMMENTS = 100
_CLOSED = frozenset({401, 403})
_MISSING = frozenset({404, 410})


class PeerTube(Walked):
    """The network `peertube`. `remote_id` is "host name"; accounts that react are known by their federated address."""

    name = "peertube"
    needs: tuple[str, ...] = ()
    proofs = frozenset({"bio", "post"})
    cost = Cost(once=3, each=1)

    def find(self, client: Client, address: str) -> Profile:
        """The profile for `@name@host`, `name@host` or the address of an account's page on its own server."""
        who = named(address, _PROFILE)
        try:
            return self.profile(client, f"{who.host} {who.name}")
        except Failure as failure:
            if failure.reason == Reason.GONE:
                raise Failure(Reason.UNKNOWN_ACCOUNT) from None
            raise

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now. People follow an account or its channels: the largest of these numbers counts."""
        server = _Server(client, remote_id)
        account = server.ask(f"accounts/{server.name}")
        channels, _ = server.items(f"accounts/{server.name}/video-channels", {"count": 50})
        return _profile(server, account, channels)

    def _run(self, client: Client, remote_id: str, since: date) -> "_Run":
        return _Run(client, remote_id, since)


class _Server:
    """The server of one account, asked through one client."""

    def __init__(self, client: Client, remote_id: str) -> None:
        host, _, self.name = remote_id.partition(" ")
        if not host or not _NAME.match(self.name):
            raise Failure(Reason.BAD_ADDRESS)
        self.host = ascii_host(host)
        self.origin = client.origin(self.host)
        self._client = client

    def ask(self, path: str, params: Params | None = None) -> Record:
        """The object that a query gives. Raises Failure."""
        answer = self._client.get_json(f"{self.origin}/api/v1/{path}", params)
        if answer.host != self.host:
            raise Failure(Reason.MOVED)
        if answer.status in _CLOSED:
            raise Failure(Reason.LOGIN_REQUIRED)
        if answer.status in _MISSING:
            raise Failure(Reason.GONE)
        if answer.status != HTTPStatus.OK or not isinstance(answer.data, dict):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return answer.data

    def items(self, path: str, params: dict[str, str | int]) -> tuple[list[Record], str | None]:
        """A page of a list, and where the next one begins. Raises Failure."""
        answer = self.ask(path, params)
        found = answer.get("data")
        if not isinstance(found, list):
            raise Failure(Reason.NOT_UNDERSTOOD)
        items = untrusted.records(found)
        end = int(params.get("start", 0)) + len({untrusted.number(item.get("id")) for item in items})
        more = items and end < (untrusted.count(answer.get("total")) or 0)
        return items, str(end) if more else None


class _Run:
    """Reads one account once."""

    def __init__(self, client: Client, remote_id: str, since: date) -> None:
        self.lists = Lists()
        self._server = _Server(client, remote_id)
        self._since = since
        self._today = client.now().date()

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """A page of videos, newest first."""
        path = f"accounts/{self._server.name}/videos"
        return self._server.items(path, {"start": _number(cursor), "count": _VIDEOS, "sort": "-publishedAt"})

    def key(self, item: Record) -> str:
        """The id of a video that the account published for everybody on this server."""
        account, privacy = untrusted.record(item.get("account")), untrusted.record(item.get("privacy"))
        uuid = untrusted.text(item.get("uuid"), 50)
        own = account.get("name") == self._server.name and account.get("host") == self._server.host
        return uuid if own and privacy.get("id") == _PUBLIC and _UUID.match(uuid) else ""

    def is_over(self, items: list[Record]) -> bool:
        """Whether everything on a page lies before the window."""
        return all((self._day(item) or date.min) < self._since for item in items)

    def _day(self, item: Record) -> date | None:
        return plausible_day(untrusted.moment(item.get("publishedAt")), self._today)

    def text(self, item: Record) -> str:
        """What an item says."""
        parts = (untrusted.text(item.get(name)) for name in ("name", "truncatedDescription", "description"))
        return "\n".join(part for part in parts if part)

    def reading(self, item: Record) -> Reading | None:
        """A video with likes and comments."""
        posted = self._day(item)
        if posted is None or posted < self._since:
            return None
        likes = untrusted.count(item.get("likes"))
        reactions = [Reaction("like", None, None, likes)] if likes else []
        complete = set() if likes is None else {"like"}
        uuid = self.key(item)
        listing = self.lists.read("reply", lambda at: self._threads(uuid, at), _comment_id)
        reactions += [reply for thread in listing.items if (reply := self._reply(thread, posted))]
        complete |= {"reply"} if listing.complete else set()
        post = Post(f"{self._server.origin}/videos/watch/{uuid}", posted, self.text(item))
        return Reading(post, joined(reactions), frozenset(complete))

    def _threads(self, uuid: str, cursor: str | None) -> tuple[list[Record], str | None]:
        path = f"videos/{uuid}/comment-threads"
        return self._server.items(path, {"start": _number(cursor), "count": _COMMENTS, "sort": "-createdAt"})

    def _reply(self, thread: Record, posted: date) -> Reaction | None:
        if thread.get("isDeleted") not in (None, False) or thread.get("heldForReview") not in (None, False):
            return None
        account = untrusted.record(thread.get("account"))
        day = reaction_day(untrusted.moment(thread.get("createdAt")), posted, self._today)
        own = account.get("name") == self._server.name and account.get("host") == self._server.host
        closed = carries_mark(read_html(account.get("description"))[0])
        who = Actor(_actor_id(account), own, closed, account.get("createdAt"))
        return admitted("reply", who, posted, day) if day else None

    def shown(self, addresses: list[str]) -> set[str]:
        """Those of the given posts that everybody can still see, by one request each."""
        return {address for address in addresses if self._shows(address)}

    def _shows(self, address: str) -> bool:
        """Whether everybody can still see a video of the account."""
        uuid = address.removeprefix(f"{self._server.origin}/videos/watch/")
        if not _UUID.match(uuid):
            return False
        try:
            return self.key(self._server.ask(f"videos/{uuid}")) == uuid
        except Failure as failure:
            # A private video answers like a closed door; an open server has no closed door to public ones.
            if failure.reason in (Reason.GONE, Reason.LOGIN_REQUIRED):
                return False
            raise


def _profile(server: _Server, account: Record, channels: list[Record]) -> Profile:
    actor = _actor_id(account)
    if account.get("name") != server.name or not actor:
        raise Failure(Reason.NOT_UNDERSTOOD)
    bio = untrusted.text(account.get("description"))
    counts = [untrusted.count(each.get("followersCount")) for each in (account, *channels)]
    return Profile(
        remote_id=f"{server.host} {server.name}",
        handle=f"@{server.name}@{server.host}",
        host=server.host,
        address=f"{server.origin}/a/{server.name}",
        bio=bio,
        links=tuple(dict.fromkeys(addresses_in(bio))),
        followers=max((count for count in counts if count is not None), default=None),
        actor_id=actor,
    )


def _number(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isdecimal() else 0


def _comment_id(thread: Record) -> str:
    return untrusted.number(thread.get("id"))


def _actor_id(account: Record) -> str:
    address = untrusted.text(account.get("url"), 300)
    return address if address.startswith(("https://", "http://")) and address.isprintable() else ""
