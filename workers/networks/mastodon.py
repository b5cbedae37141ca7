"""Mastodon, and every server that speaks its API: public posts and reactions, asked without signing in.

Source: docs.joinmastodon.org, entities and methods; what other servers do differently was measured on Takahē, Hollo and
GoToSocial. Remote reactions are partial on any one server, so the participant's home server is the one to ask.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Answer, Client, Params
from workers.networks.door import Actor, admitted, carries_mark, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.fediverse_address import Named, ascii_host, home_of, named
from workers.networks.links import next_query, params_of
from workers.networks.listing import Lists
from workers.networks.markup import read_html
from workers.networks.resume import Place, opened, place, rest
from workers.networks.shape import Cost, Page, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NAME = re.compile(r"[a-z0-9_.-]{1,64}\Z")
_STATUSES: Params = {"limit": 40, "exclude_reblogs": "true"}
_ACCOUNTS: Params = {"limit": 80}
# An anonymous reader of a thread gets this many descendants at most.
_MOST_DESCENDANTS = 60
_COUNTS = {"like": "favourites_count", "repost": "reblogs_count", "reply": "replies_count"}
_LISTS = {"like": "favourited_by", "repost": "reblogged_by"}
# 422: "This method requires an authenticated user".
_CLOSED = frozenset({401, 403, 422})
_MISSING = frozenset({404, 410})


class Mastodon:
    """The network `mastodon`. `remote_id` is "host id"; accounts that react are known as name@host."""

    name = "mastodon"
    needs: tuple[str, ...] = ()
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=2, each=3)

    def find(self, client: Client, address: str) -> Profile:
        """The profile for `@name@host`, `name@host` or an address of a profile page; also where both hosts differ."""
        who = named(address)
        profile = self._looked_up(client, who, who.host)
        if profile is None:
            home = home_of(client, who)
            profile = self._looked_up(client, who, home) if home else None
        if profile is None:
            raise Failure(Reason.UNKNOWN_ACCOUNT)
        return profile

    def _looked_up(self, client: Client, who: Named, host: str) -> Profile | None:
        acct = who.name if host == who.host else f"{who.name}@{who.host}"
        try:
            answer = client.get_json(f"{client.origin(host)}/api/v1/accounts/lookup", {"acct": acct})
        except Failure as failure:
            if failure.reason == Reason.NOT_UNDERSTOOD:
                # A web site that is no server of this kind; the server may live under another name.
                return None
            raise
        if answer.status in (400, 404, 405):
            return None
        account = _object(answer)
        if account.get("moved"):
            raise Failure(Reason.MOVED)
        # A server with several names sends all of them to one: only under that one the account is known.
        home = ascii_host(answer.host)
        shown = untrusted.text(account.get("acct")).lower().partition("@")
        if shown[0] != who.name or shown[2] not in ("", host, who.host, home):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return _profile(client, home, account)

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now. Raises Failure: GONE (deleted, suspended), LOGIN_REQUIRED and the client's."""
        host, number = _parts(remote_id)
        account = _object(_asked(client, host, f"accounts/{number}"))
        if account.get("id") != number:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return _profile(client, host, account)

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest 20 posts, as far as they are public."""
        run = _Run(client, remote_id)
        params: Params = {**_STATUSES, "limit": 20}
        statuses, _ = run.page(f"accounts/{run.number}/statuses", params)
        return (read_html(status.get("content"))[0] for status in statuses if run.is_public_own(status))

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The public posts with favourites, boosts and direct public replies. Favourites and boosts bear no date."""
        return _Run(client, remote_id).pages(since, place(resume))

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that are no longer public, by one request each."""
        run = _Run(client, remote_id)
        return frozenset(address for address in addresses if not run.is_still_public(address))


@dataclass(frozen=True)
class _Day:
    """What the reactions to one post need to be judged by."""

    posted: date
    today: date


class _Run:
    """Reads one account once."""

    def __init__(self, client: Client, remote_id: str) -> None:
        self._client = client
        self._host, self.number = _parts(remote_id)
        self._lists = Lists()
        self._acct = ""
        self._today = client.now().date()

    def pages(self, since: date, start: Place) -> Iterator[Page]:
        """A page for each post, and an empty one without `resume` when all is read."""
        seen: set[str] = set()
        statuses, following, start = opened(self._feed, start)
        while True:
            found = {number: status for status in statuses if (number := _id(status)) and number not in seen}
            seen.update(found)
            counted = _counted(statuses)
            for number in rest(list(found), start.after):
                reading = self._reading(found[number], since, counted)
                if reading is not None:
                    yield Page((reading,), str(Place(start.cursor, number)))
            if not found or following is None or self._all_before(since, statuses):
                break
            start = Place(following)
            statuses, following = self._feed(following)
        yield Page((), None)
        self._lists.settle()

    def _feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        return self.page(f"accounts/{self.number}/statuses", params_of(cursor) or _STATUSES)

    def page(self, path: str, params: Params) -> tuple[list[Record], str | None]:
        """A list of objects and the cursor of the next page. Raises Failure."""
        answer = _asked(self._client, self._host, path, params)
        _raise_for(answer.status)
        if not isinstance(answer.data, list):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return untrusted.records(answer.data), next_query(answer)

    def is_public_own(self, status: Record) -> bool:
        """Whether a status is the account's own, no boost, and public by its own word; absence is no consent."""
        author = untrusted.record(status.get("account"))
        own = author.get("id") == self.number and status.get("reblog") is None
        return own and status.get("visibility") == "public" and status.get("local_only") in (None, False)

    def is_still_public(self, address: str) -> bool:
        """Whether a post can still be read by everybody. Raises Failure where the server does not say."""
        number = _id({"id": address.rstrip("/").rpartition("/")[2]})
        if not number:
            return False
        answer = _asked(self._client, self._host, f"statuses/{number}")
        if answer.status in _MISSING:
            return False
        _raise_for(answer.status)
        return self.is_public_own(untrusted.record(answer.data))

    def _all_before(self, since: date, statuses: list[Record]) -> bool:
        days = [plausible_day(untrusted.moment(status.get("created_at")), self._today) for status in statuses]
        return all(day is None or day < since for day in days)

    def _reading(self, status: Record, since: date, counted: frozenset[str]) -> Reading | None:
        posted = plausible_day(untrusted.moment(status.get("created_at")), self._today)
        if posted is None or posted < since or not self.is_public_own(status):
            return None
        self._acct = _acct(untrusted.record(status.get("account")), self._host)
        reactions: list[Reaction] = []
        complete: set[str] = set()
        unlisted = 0
        for kind in _COUNTS:
            found, whole, short = self._reactions(kind, status, _Day(posted, self._today), counted)
            reactions += found
            complete |= {kind} if whole else set()
            unlisted += short
        text, _ = read_html(status.get("content"))
        post = Post(_address(status, self._client.origin(self._host), self._acct), posted, text)
        return Reading(post, joined(reactions), frozenset(complete), unlisted=unlisted)

    def _reactions(
        self, kind: str, status: Record, day: _Day, counted: frozenset[str]
    ) -> tuple[list[Reaction], bool, int]:
        """Reactions of a kind, whether they are all, and how many the server counts but does not list."""
        least = untrusted.count(status.get(_COUNTS[kind]))
        if least == 0 and kind in counted:
            return [], True, 0
        number = _id(status)
        if kind == "reply":
            return (*self._replies(number, day), 0)
        path = f"statuses/{number}/{_LISTS[kind]}"
        listing = self._lists.read(kind, lambda at: self.page(path, params_of(at) or _ACCOUNTS), _id, least)
        found = (admitted(kind, self._actor(account), day.posted) for account in listing.items)
        return [reaction for reaction in found if reaction], listing.complete, listing.short

    def _replies(self, number: str, day: _Day) -> tuple[list[Reaction], bool]:
        listing = self._lists.read("reply", lambda _: (self._descendants(number), None), _id)
        found = (self._reply(status, number, day) for status in listing.items)
        return [reply for reply in found if reply], listing.complete and len(listing.items) < _MOST_DESCENDANTS

    def _descendants(self, number: str) -> list[Record]:
        answer = _asked(self._client, self._host, f"statuses/{number}/context")
        descendants = _object(answer).get("descendants")
        if not isinstance(descendants, list):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return untrusted.records(descendants)

    def _reply(self, status: Record, number: str, day: _Day) -> Reaction | None:
        if status.get("in_reply_to_id") != number or status.get("visibility") != "public":
            return None
        if status.get("local_only") not in (None, False):
            return None
        replied = reaction_day(untrusted.moment(status.get("created_at")), day.posted, day.today)
        actor = self._actor(untrusted.record(status.get("account")))
        return admitted("reply", actor, day.posted, replied) if replied else None

    def _actor(self, account: Record) -> Actor:
        acct = _acct(account, self._host)
        own = account.get("id") == self.number or acct == self._acct
        marked = any(account.get(mark) not in (None, False) for mark in ("noindex", "bot"))
        closed = not _id(account) or marked or carries_mark(_bio(account))
        return Actor(acct, own, closed, account.get("created_at"))


def _asked(client: Client, host: str, path: str, params: Params | None = None) -> Answer:
    """What the account's own server says. Raises Failure: MOVED where another one answers (there ids mean others)."""
    answer = client.get_json(f"{client.origin(host)}/api/v1/{path}", params)
    if answer.host != host:
        raise Failure(Reason.MOVED)
    return answer


def _parts(remote_id: str) -> tuple[str, str]:
    host, _, number = remote_id.partition(" ")
    if not host or not _ID.match(number):
        raise Failure(Reason.BAD_ADDRESS)
    return host, number


def _raise_for(status: int) -> None:
    if status in _CLOSED:
        raise Failure(Reason.LOGIN_REQUIRED)
    if status in _MISSING:
        raise Failure(Reason.GONE)
    if status != HTTPStatus.OK:
        raise Failure(Reason.NOT_UNDERSTOOD)


def _object(answer: Answer) -> Record:
    """The object in a good answer about an account or a thread. Raises Failure for any other, and if suspended."""
    _raise_for(answer.status)
    if not isinstance(answer.data, dict):
        raise Failure(Reason.NOT_UNDERSTOOD)
    if answer.data.get("suspended") not in (None, False):
        raise Failure(Reason.GONE)
    return answer.data


def _profile(client: Client, host: str, account: Record) -> Profile:
    number, handle = _id(account), _acct(account, host)
    if not number or not handle:
        raise Failure(Reason.NOT_UNDERSTOOD)
    origin, name = client.origin(host), handle.partition("@")[0]
    return Profile(
        remote_id=f"{host} {number}",
        handle=f"@{handle}",
        host=host,
        address=_page_of(account.get("url"), origin, name) or f"{origin}/@{name}",
        bio=_bio(account),
        links=_links(account),
        followers=untrusted.count(account.get("followers_count")),
        actor_id=handle,
    )


def _fields(account: Record) -> list[Record]:
    return untrusted.records(account.get("fields"))


def _bio(account: Record) -> str:
    """The note and the fields as plain text, a line each."""
    pairs = ((untrusted.text(each.get("name"), 500), read_html(each.get("value"))[0]) for each in _fields(account))
    fields = (f"{name}: {value}" for name, value in pairs)
    return "\n".join([read_html(account.get("note"))[0], *fields]).strip()


def _links(account: Record) -> tuple[str, ...]:
    """What the fields link to (a bare address too), and what the note links to as `rel="me"`."""
    found = [link.href for link in read_html(account.get("note"))[1] if "me" in link.rel]
    for each in _fields(account):
        text, links = read_html(each.get("value"))
        found += [link.href for link in links]
        found += [text] if text.startswith(("https://", "http://")) and not links else []
    return tuple(dict.fromkeys(found))


def _id(item: Record) -> str:
    """The opaque id (a snowflake, UUID or ULID), empty where there is none."""
    number = item.get("id")
    return number if isinstance(number, str) and _ID.match(number) else ""


def _acct(account: Record, host: str) -> str:
    """name@host in lower case ASCII, for accounts of this very server too; empty where there is none."""
    name, _, elsewhere = untrusted.text(account.get("acct"), 400).lower().partition("@")
    try:
        return f"{name}@{ascii_host(elsewhere or host)}" if _NAME.match(name) else ""
    except Failure:
        return ""


def _page_of(said: object, origin: str, end: str) -> str:
    """The address that a server gives for a page of its own, if it does and it ends like that; else empty."""
    address = untrusted.text(said, 500)
    fits = address.startswith(f"{origin}/") and address.rstrip("/").lower().endswith(end) and address.isascii()
    return address if fits and address.isprintable() else ""


def _address(status: Record, origin: str, acct: str) -> str:
    """The public page of a post: what the server says where that ends in the id, else the usual form."""
    number = _id(status)
    usual = f"{origin}/@{acct.partition('@')[0]}/{number}"
    return _page_of(status.get("url"), origin, f"/{number.lower()}") or usual


def _counted(statuses: list[Record]) -> frozenset[str]:
    """The kinds whose counts can be believed when they are 0: some servers never count, which shows in all being 0."""
    return frozenset(kind for kind, field in _COUNTS.items() if any(untrusted.count(s.get(field)) for s in statuses))
