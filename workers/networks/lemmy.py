"""Lemmy: public posts and comments of an account, with votes as numbers and replies with accounts, without signing in.

Source: the API of version 3 (join-lemmy.org/api). Each instance answers for its own accounts. Votes are public as
numbers only, and whoever posts has voted for it: that vote is taken off.
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
from workers.networks.markup import addresses_in
from workers.networks.shape import Cost, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Walked

_PROFILE = re.compile(r"/u/(?P<name>[A-Za-z0-9_]{1,64})(?:@(?P<host>[^\s@/]{1,260}))?/?\Z")
_ADDRESS = re.compile(r"https?://[^/\s]+/(?P<what>post|comment)/(?P<number>[1-9][0-9]{0,18})\Z")
_PAGE = 50
_DIRECT_REPLY_TO_A_POST = 2
_ERRORS = {
    "couldnt_find_person": Reason.UNKNOWN_ACCOUNT,
    "couldnt_find_that_username_or_email": Reason.UNKNOWN_ACCOUNT,
    "instance_is_private": Reason.LOGIN_REQUIRED,
    "not_logged_in": Reason.LOGIN_REQUIRED,
    "incorrect_login": Reason.LOGIN_REQUIRED,
    "rate_limit_error": Reason.RATE_LIMITED,
}
_BY_STATUS = {
    404: Reason.UNKNOWN_ACCOUNT,
    410: Reason.UNKNOWN_ACCOUNT,
    401: Reason.LOGIN_REQUIRED,
    403: Reason.LOGIN_REQUIRED,
}


class Lemmy(Walked):
    """The network `lemmy`. `remote_id` is "host number"; accounts that react are known by their federated address."""

    name = "lemmy"
    needs: tuple[str, ...] = ()
    proofs = frozenset({"bio", "post"})
    cost = Cost(once=2, each=1)

    def find(self, client: Client, address: str) -> Profile:
        """The profile for `@name@host`, `name@host` or the address of a profile page on its own instance."""
        who = named(address, _PROFILE)
        instance = _Instance(client, who.host)
        return instance.profile(instance.ask("user", {"username": who.name, "limit": 1}))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now; Lemmy counts no followers."""
        instance, number = _place(client, remote_id)
        return instance.profile(instance.account(number, {"limit": 1}))

    def _run(self, client: Client, remote_id: str, since: date) -> "_Run":
        return _Run(client, remote_id, since)


class _Instance:
    """One instance, asked through one client."""

    def __init__(self, client: Client, host: str) -> None:
        self._client = client
        self.host = host
        self.origin = client.origin(host)

    def ask(self, path: str, params: Params) -> Record:
        """The object that a query gives. Raises Failure."""
        answer = self._client.get_json(f"{self.origin}/api/v3/{path}", params)
        if answer.host != self.host:
            raise Failure(Reason.MOVED)
        if answer.status != HTTPStatus.OK:
            error = untrusted.text(untrusted.record(answer.data).get("error"), 100)
            status = _BY_STATUS.get(answer.status, Reason.NOT_UNDERSTOOD)
            raise Failure(_ERRORS.get(error, status))
        if not isinstance(answer.data, dict):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return answer.data

    def account(self, number: str, params: Params) -> Record:
        """What the instance shows of an account; one that was known and is not any more is gone."""
        try:
            answer = self.ask("user", {"person_id": number, **params})
        except Failure as failure:
            if failure.reason == Reason.UNKNOWN_ACCOUNT:
                raise Failure(Reason.GONE) from None
            raise
        if untrusted.number(_person(answer).get("id")) != number:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return answer

    def profile(self, answer: Record) -> Profile:
        """The public profile in an answer about an account. Raises Failure(GONE) for one deleted or banned."""
        person = _person(answer)
        number, name = untrusted.number(person.get("id")), untrusted.text(person.get("name"), 64)
        if not number or not re.fullmatch(r"\w+", name, re.ASCII) or person.get("local") is False:
            raise Failure(Reason.NOT_UNDERSTOOD)
        if person.get("deleted") not in (None, False) or person.get("banned") not in (None, False):
            raise Failure(Reason.GONE)
        bio = untrusted.text(person.get("bio"))
        return Profile(
            remote_id=f"{self.host} {number}",
            handle=f"@{name}@{self.host}",
            host=self.host,
            address=f"{self.origin}/u/{name}",
            bio=bio,
            links=tuple(dict.fromkeys(addresses_in(bio))),
            actor_id=_actor_id(person),
        )


class _Run:
    """Reads one account once."""

    def __init__(self, client: Client, remote_id: str, since: date) -> None:
        self.lists = Lists()
        self._instance, self._number = _place(client, remote_id)
        self._since = since
        self._today = client.now().date()

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """A page of posts and one of comments, together from the newest on."""
        page = int(cursor) if cursor and cursor.isdecimal() else 1
        answer = self._instance.account(self._number, {"sort": "New", "page": page, "limit": _PAGE})
        items = [*_objects(answer, "posts"), *_objects(answer, "comments")]
        items.sort(key=lambda item: untrusted.text(_content(item).get("published"), 40), reverse=True)
        return items, str(page + 1)

    def key(self, item: Record) -> str:
        """The kind and number of what the account posted in public."""
        content, community = _content(item), untrusted.record(item.get("community"))
        own = untrusted.number(untrusted.record(item.get("creator")).get("id")) == self._number
        hidden = any(content.get(name) is not False for name in ("deleted", "removed"))
        parent = untrusted.record(item.get("post"))
        hidden |= any(parent.get(name) not in (None, False) for name in ("deleted", "removed"))
        closed = community.get("visibility") not in (None, "Public") or community.get("removed") not in (None, False)
        closed |= not community  # without it nobody could know whether the post is for everybody
        number = untrusted.number(content.get("id"))
        return f"{_what(item)}/{number}" if own and number and not hidden and not closed else ""

    def is_over(self, items: list[Record]) -> bool:
        """Whether everything on a page lies before the window."""
        return all((self._day(_content(item)) or date.min) < self._since for item in items)

    def _day(self, content: Record) -> date | None:
        return plausible_day(untrusted.moment(content.get("published")), self._today)

    def text(self, item: Record) -> str:
        """What an item says."""
        content = _content(item)
        parts = (untrusted.text(content.get(name)) for name in ("name", "body", "content"))
        return "\n".join(part for part in parts if part)

    def reading(self, item: Record) -> Reading | None:
        """A post or comment with votes and replies."""
        posted = self._day(_content(item))
        if posted is None or posted < self._since:
            return None
        complete, reactions = set[str](), list[Reaction]()
        counts = untrusted.record(item.get("counts"))
        votes = untrusted.count(counts.get("upvotes"))
        if votes is not None:
            complete.add("like")
            # Whoever posts has voted for it.
            reactions += [Reaction("like", None, None, votes - 1)] if votes > 1 else []
        replies, whole = self._replies(item, counts, posted)
        complete |= {"reply"} if whole else set()
        address = f"{self._instance.origin}/{self.key(item)}"
        return Reading(Post(address, posted, self.text(item)), joined([*reactions, *replies]), frozenset(complete))

    def _replies(self, item: Record, counts: Record, posted: date) -> tuple[list[Reaction], bool]:
        number = untrusted.number(_content(item).get("id"))
        if _what(item) == "post":
            if untrusted.count(counts.get("comments")) == 0:
                return [], True
            about: Params = {"post_id": number, "sort": "Old", "type_": "All", "limit": _PAGE}
        else:
            if untrusted.count(counts.get("child_count")) == 0:
                return [], True
            about = {"parent_id": number, "max_depth": 1, "type_": "All", "limit": _PAGE}
        listing = self.lists.read("reply", lambda at: self._comments(about, at), _comment_id)
        direct = (view for view in listing.items if _answers(view, item))
        found = [reply for view in direct if (reply := self._reply(view, posted))]
        return found, listing.complete

    def _comments(self, about: Params, cursor: str | None) -> tuple[list[Record], str | None]:
        page = int(cursor or "1")
        found = _objects(self._instance.ask("comment/list", {**about, "page": page}), "comments")
        # A thread below one comment comes whole, whatever page is asked for.
        whole = "parent_id" in about or len(found) < _PAGE
        return found, None if whole else str(page + 1)

    def _reply(self, view: Record, posted: date) -> Reaction | None:
        comment, creator = _content(view), untrusted.record(view.get("creator"))
        day = reaction_day(untrusted.moment(comment.get("published")), posted, self._today)
        seen = all(comment.get(name) is False for name in ("deleted", "removed"))
        if day is None or not seen:
            return None
        closed = any(creator.get(name) not in (None, False) for name in ("bot_account", "deleted", "banned"))
        closed = closed or carries_mark(untrusted.text(creator.get("bio")))
        own = untrusted.number(creator.get("id")) == self._number
        return admitted("reply", Actor(_actor_id(creator), own, closed, creator.get("published")), posted, day)

    def shown(self, addresses: list[str]) -> set[str]:
        """Those of the given posts that everybody can still see, by one request each."""
        return {address for address in addresses if self._shows(address)}

    def _shows(self, address: str) -> bool:
        """Whether everybody can still see a post or comment of the account."""
        found = _ADDRESS.match(address)
        if found is None or not address.startswith(f"{self._instance.origin}/"):
            return False
        try:
            answer = self._instance.ask(found["what"], {"id": found["number"]})
        except Failure as failure:
            if failure.reason == Reason.UNKNOWN_ACCOUNT:
                return False
            raise
        view = untrusted.record(answer.get(f"{found['what']}_view"))
        return self.key(view) == f"{found['what']}/{found['number']}"


def _place(client: Client, remote_id: str) -> tuple[_Instance, str]:
    host, _, number = remote_id.partition(" ")
    if not host or not number.isdecimal():
        raise Failure(Reason.BAD_ADDRESS)
    return _Instance(client, ascii_host(host)), number


def _person(answer: Record) -> Record:
    return untrusted.record(untrusted.record(answer.get("person_view")).get("person"))


def _objects(answer: Record, name: str) -> list[Record]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise Failure(Reason.NOT_UNDERSTOOD)
    return untrusted.records(found)


def _what(view: Record) -> str:
    return "comment" if isinstance(view.get("comment"), dict) else "post"


def _content(view: Record) -> Record:
    return untrusted.record(view.get(_what(view)))


def _comment_id(view: Record) -> str:
    return untrusted.number(_content(view).get("id"))


def _answers(view: Record, item: Record) -> bool:
    """Whether a comment is a direct answer to a post or comment; `path` is the way from the post down: "0.12.34"."""
    path = untrusted.text(_content(view).get("path"), 1000).split(".")
    if _what(item) == "post":
        return len(path) == _DIRECT_REPLY_TO_A_POST
    return len(path) > _DIRECT_REPLY_TO_A_POST and path[-2] == untrusted.number(_content(item).get("id"))


def _actor_id(person: Record) -> str:
    address = untrusted.text(person.get("actor_id"), 300)
    return address if address.startswith(("https://", "http://")) and address.isprintable() else ""
