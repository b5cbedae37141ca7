"""Bluesky (AT Protocol): public posts and reactions by an AppView's XRPC, asked without signing in.

Source: lexicons `app.bsky.*` and `com.atproto.*`; what the servers really answer was measured on the reference ones.
The wish not to be shown to logged-out viewers (`!no-unauthenticated`) is not enforced by servers: it is here.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from workers.networks import untrusted
from workers.networks.bluesky_actors import Actors, is_opted_out
from workers.networks.client import Client
from workers.networks.door import admitted, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.listing import Fetch, Listing, Lists
from workers.networks.markup import addresses_in
from workers.networks.resume import Place, opened, place, rest
from workers.networks.shape import Cost, Page, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.xrpc import Xrpc

_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[a-zA-Z0-9.%-]{3,253})\Z")
_HANDLE = re.compile(r"(?=.{3,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_RKEY = re.compile(r"[A-Za-z0-9._~:-]{1,512}\Z")
_PAGE = re.compile(r"https://bsky\.app/profile/(?P<actor>[^/?#]+)/?\Z")
_POST = "app.bsky.feed.post"
_FEED_PAGE = 50
# Likes of one post at the same millisecond are the same record, so they have the same CID; the reference server goes on
# behind a moment and a CID, and leaves out what is alike beyond the border of a page. Other sizes, other borders.
_LIST_PAGES = (100, 71, 53)
_POSTS_AT_ONCE = 25
# Pages can be short, even empty, where accounts on them are not shown; only the cursor tells the end.
_IDLE_PAGES = 5
_COUNTS = {"like": "likeCount", "repost": "repostCount", "quote": "quoteCount", "reply": "replyCount"}
_LISTS_OF_PEOPLE = frozenset({"like", "repost"})
_LISTS = {
    "like": ("app.bsky.feed.getLikes", "likes"),
    "repost": ("app.bsky.feed.getRepostedBy", "repostedBy"),
    "quote": ("app.bsky.feed.getQuotes", "posts"),
}


class Bluesky:
    """The network `bluesky`, read from one AppView. `remote_id` and the ids of who reacts are DIDs."""

    name = "bluesky"
    needs: tuple[str, ...] = ()
    proofs = frozenset({"bio", "dns", "file", "rel_me", "post"})
    cost = Cost(once=2, each=5)

    def __init__(self, appview: str = "https://public.api.bsky.app") -> None:
        self._appview = appview

    def find(self, client: Client, address: str) -> Profile:
        """The profile for a handle, a DID or the address of a profile page."""
        xrpc = Xrpc(client, self._appview)
        actor = _actor_named(address)
        did = actor if _DID.match(actor) else _did(xrpc.ask("com.atproto.identity.resolveHandle", {"handle": actor}))
        return _profile(did, xrpc.ask("app.bsky.actor.getProfile", {"actor": did}))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now. Raises Failure: GONE (deactivated, taken down, deleted), OPTED_OUT and the client's."""
        try:
            answer = Xrpc(client, self._appview).ask("app.bsky.actor.getProfile", {"actor": remote_id})
            return _profile(remote_id, answer)
        except Failure as failure:
            if failure.reason == Reason.UNKNOWN_ACCOUNT:
                raise Failure(Reason.GONE) from None
            raise

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest public posts, at most 20."""
        run = _Run(Xrpc(client, self._appview), remote_id)
        posts, _ = run.feed(None)
        return (untrusted.text(untrusted.record(post.get("record")).get("text")) for post in posts[:20])

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The public posts with likes, reposts, quotes and direct replies. Reposts bear no date."""
        self.profile(client, remote_id)
        return _Run(Xrpc(client, self._appview), remote_id).pages(since, place(resume))

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that the AppView no longer shows, or whose author has opted out meanwhile."""
        xrpc = Xrpc(client, self._appview)
        uris = {address: _uri(address, remote_id) for address in addresses}
        asked = [uri for uri in uris.values() if uri]
        shown: set[str] = set()
        for start in range(0, len(asked), _POSTS_AT_ONCE):
            answer = xrpc.ask("app.bsky.feed.getPosts", {"uris": asked[start : start + _POSTS_AT_ONCE]})
            posts = xrpc.objects(answer, "posts")
            shown |= {_text(post, "uri") for post in posts if not is_opted_out(_author(post))}
        return frozenset(address for address, uri in uris.items() if uri not in shown)


def address(did: str, key: str) -> str:
    """The page of a post, known by its author and its record key."""
    return f"https://bsky.app/profile/{did}/post/{key}"


def shown_posts(xrpc: Xrpc, wanted: Iterable[tuple[str, str]], since: date) -> dict[tuple[str, str], Post]:
    """Public posts from `since` on, by author and record key; what is not shown (yet) is absent. Raises Failure."""
    uris = {f"at://{did}/{_POST}/{key}": (did, key) for did, key in sorted(set(wanted))}
    found: dict[tuple[str, str], Post] = {}
    for start in range(0, len(uris), _POSTS_AT_ONCE):
        answer = xrpc.ask("app.bsky.feed.getPosts", {"uris": list(uris)[start : start + _POSTS_AT_ONCE]})
        for post in xrpc.objects(answer, "posts"):
            named, posted = uris.get(_text(post, "uri")), plausible_day(_moment(post), xrpc.today())
            author = _author(post)
            if named and posted and posted >= since and author.get("did") == named[0] and not is_opted_out(author):
                text = untrusted.text(untrusted.record(post.get("record")).get("text"))
                found[named] = Post(address(*named), posted, text)
    return found


class _Run:
    """Reads one account once."""

    def __init__(self, xrpc: Xrpc, did: str) -> None:
        self._xrpc = xrpc
        self._did = did
        self._lists = Lists(_IDLE_PAGES)
        self._actors = Actors(xrpc, self._lists, did)
        self._today = xrpc.today()
        self._idle = 0

    def pages(self, since: date, start: Place) -> Iterator[Page]:
        """A page for each post, and an empty one without `resume` when all is read."""
        seen: set[str] = set()
        items, following, start = opened(self._items, start)
        while True:
            found = {uri: post for post in self._own(items) if (uri := _text(post, "uri")) not in seen}
            seen.update(found)
            for uri in rest(list(found), start.after):
                reading = self._reading(uri, found[uri], since)
                if reading is not None:
                    yield Page((reading,), str(Place(start.cursor, uri)))
            if following is None or following == start.cursor or self._is_over(items, since):
                break
            start = Place(following)
            items, following = self._items(following)
        yield Page((), None)
        self._lists.settle()

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """The account's own posts on a page of its feed, and the cursor of the next. Raises Failure."""
        items, following = self._items(cursor)
        return self._own(items), following

    def _items(self, cursor: str | None) -> tuple[list[Record], str | None]:
        return self._list("app.bsky.feed.getAuthorFeed", "feed", {"actor": self._did, "limit": _FEED_PAGE}, cursor)

    def _list(
        self, nsid: str, key: str, params: dict[str, str | int], cursor: str | None
    ) -> tuple[list[Record], str | None]:
        answer = self._xrpc.ask(nsid, params if cursor is None else params | {"cursor": cursor})
        following = untrusted.text(answer.get("cursor"), 1000) or None
        return self._xrpc.objects(answer, key), following

    def _own(self, items: list[Record]) -> list[Record]:
        """What the account wrote itself: reposts of others (and of itself) carry a reason."""
        posts = [untrusted.record(item.get("post")) for item in items if item.get("reason") is None]
        own = [post for post in posts if _author(post).get("did") == self._did]
        if any(is_opted_out(_author(post)) for post in own):
            raise Failure(Reason.OPTED_OUT)
        return [post for post in own if _rkey(_text(post, "uri"), self._did)]

    def _is_over(self, items: list[Record], since: date) -> bool:
        """Whether a page (the newest first) lies before the window; pages that show nothing give up after some."""
        self._idle = 0 if items else self._idle + 1
        days = [day for item in items if (day := self._day_in_feed(item))]
        return self._idle == _IDLE_PAGES or (bool(days) and max(days) < since)

    def _day_in_feed(self, item: Record) -> date | None:
        reason = untrusted.record(item.get("reason"))
        shared = untrusted.moment(reason.get("indexedAt"))
        return plausible_day(shared or _moment(untrusted.record(item.get("post"))), self._today)

    def _reading(self, uri: str, post: Record, since: date) -> Reading | None:
        posted = plausible_day(_moment(post), self._today)
        if posted is None or posted < since:
            return None
        reactions: list[Reaction] = []
        complete: set[str] = set()
        unlisted = 0
        for kind, counted in _COUNTS.items():
            listing = self._listing(kind, uri, untrusted.count(post.get(counted)))
            unlisted += listing.short
            known = kind in _LISTS_OF_PEOPLE or self._actors.look_up([_author(item) for item in listing.items])
            reactions += filter(None, (self._reaction(kind, item, posted) for item in listing.items))
            complete |= {kind} if listing.complete and known else set()
        text = untrusted.text(untrusted.record(post.get("record")).get("text"))
        own = Post(address(self._did, _rkey(uri, self._did)), posted, text)
        return Reading(own, joined(reactions), frozenset(complete), unlisted=unlisted)

    def _listing(self, kind: str, uri: str, expected: int | None) -> Listing:
        if expected == 0:
            return Listing((), complete=True)
        if kind == "reply":
            return self._lists.read(kind, lambda _: (self._replies(uri), None), _key, expected)
        first, *others = (self._fetch(kind, uri, size) for size in _LIST_PAGES)
        return self._lists.read(kind, first, _key, expected, others)

    def _fetch(self, kind: str, uri: str, size: int) -> Fetch:
        nsid, key = _LISTS[kind]
        params: dict[str, str | int] = {"uri": uri, "limit": size}
        return lambda at: self._list(nsid, key, params, at)

    def _replies(self, uri: str) -> list[Record]:
        answer = self._xrpc.ask("app.bsky.feed.getPostThread", {"uri": uri, "depth": 1, "parentHeight": 0})
        thread = untrusted.record(answer.get("thread"))
        if "post" not in thread:
            # "notFoundPost": deleted between two requests.
            raise Failure(Reason.GONE)
        replies = self._xrpc.objects({"replies": []} | thread, "replies")
        posts = [untrusted.record(reply.get("post")) for reply in replies]
        return [post for post in posts if _parent(post) == uri]

    def _reaction(self, kind: str, item: Record, posted: date) -> Reaction | None:
        if kind == "repost":
            return admitted(kind, self._actors.actor(item), posted)
        day = reaction_day(_moment(item), posted, self._today)
        liked = kind == "like"
        who = self._actors.actor(untrusted.record(item.get("actor"))) if liked else self._actors.author(_author(item))
        return admitted(kind, who, posted, day) if day else None


def _actor_named(address: str) -> str:
    """The handle (in lower case) or DID that a person typed. Raises Failure(BAD_ADDRESS)."""
    typed = address.strip()
    page = _PAGE.match(typed)
    actor = page["actor"] if page else typed.removeprefix("at://").removeprefix("@")
    if _DID.match(actor):
        return actor
    if not _HANDLE.match(actor.lower()):
        raise Failure(Reason.BAD_ADDRESS)
    return actor.lower()


def _did(answer: Record) -> str:
    did = untrusted.text(answer.get("did"), 300)
    if not _DID.match(did):
        raise Failure(Reason.NOT_UNDERSTOOD)
    return did


def _profile(did: str, answer: Record) -> Profile:
    if _did(answer) != did:
        raise Failure(Reason.NOT_UNDERSTOOD)
    if is_opted_out(answer):
        raise Failure(Reason.OPTED_OUT)
    bio = untrusted.text(answer.get("description"))
    links = [untrusted.text(answer.get("website"), 500), *addresses_in(bio)]
    handle = untrusted.text(answer.get("handle"), 300)
    return Profile(
        remote_id=did,
        handle=handle if _HANDLE.match(handle) else did,
        domain=handle if _is_domain(handle) else "",
        host="bsky.app",
        address=f"https://bsky.app/profile/{did}",
        bio=bio,
        links=tuple(dict.fromkeys(link for link in links if link)),
        followers=untrusted.count(answer.get("followersCount")),
        actor_id=did,
    )


def _is_domain(handle: str) -> bool:
    """Whether a handle is a domain that the servers have verified: they write `handle.invalid` where it is not."""
    return _HANDLE.match(handle) is not None and not handle.endswith(".invalid")


def _text(item: Record, key: str) -> str:
    return untrusted.text(item.get(key), 1000)


def _author(post: Record) -> Record:
    return untrusted.record(post.get("author"))


def _parent(post: Record) -> str:
    """The address of what a post replies to."""
    reply = untrusted.record(untrusted.record(post.get("record")).get("reply"))
    return _text(untrusted.record(reply.get("parent")), "uri")


def _moment(item: Record) -> datetime | None:
    """When a like or a post came to be: the earlier of its own word and the moment the network first saw it."""
    own = item.get("createdAt") or untrusted.record(item.get("record")).get("createdAt")
    said, indexed = untrusted.moment(own), untrusted.moment(item.get("indexedAt"))
    return min(said, indexed) if said and indexed else indexed


def _key(item: Record) -> str:
    """What makes an item of a list one: a post's address, or who liked or reposted."""
    return _text(item, "uri") or _text(untrusted.record(item.get("actor")) or item, "did")


def _rkey(uri: str, did: str) -> str:
    """The record key in the address of an own post; empty for anything else."""
    prefix = f"at://{did}/{_POST}/"
    key = uri.removeprefix(prefix)
    return key if uri.startswith(prefix) and _RKEY.match(key) else ""


def _uri(address: str, did: str) -> str:
    """The record behind the address of an own post; empty for anything else."""
    prefix = f"https://bsky.app/profile/{did}/post/"
    key = address.removeprefix(prefix)
    return f"at://{did}/{_POST}/{key}" if address.startswith(prefix) and _RKEY.match(key) else ""
