"""Hacker News: public stories and comments of a user, with points as numbers and replies with accounts.

Source: github.com/HackerNews/API (Firebase); every item is a request of its own. Whoever submits a story has voted for
it: that point is taken off. Comments show no points.
"""

import re
from datetime import date
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Client
from workers.networks.door import Actor, admitted, carries_mark, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.listing import Lists
from workers.networks.markup import read_html
from workers.networks.shape import Cost, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Walked

_API = "https://hacker-news.firebaseio.com/v0"
_SITE = "https://news.ycombinator.com"
_USER = r"[A-Za-z0-9_-]{2,15}"
_TYPED = re.compile(rf"(?:https://news\.ycombinator\.com/user\?id=|@)?(?P<name>{_USER})\Z")
_ITEM = re.compile(r"https://news\.ycombinator\.com/item\?id=(?P<number>[1-9][0-9]{0,15})\Z")
_AT_ONCE = 20
_STORIES = frozenset({"story", "poll", "job"})
_POSTED = frozenset({*_STORIES, "comment"})


class HackerNews(Walked):
    """The network `hacker_news`. Its stable ids of accounts are their names: they cannot be changed."""

    name = "hacker_news"
    needs: tuple[str, ...] = ()
    proofs = frozenset({"bio", "post"})
    cost = Cost(once=22, each=6)

    def find(self, client: Client, address: str) -> Profile:
        """The profile for a name or the address of its page; capital letters count."""
        typed = _TYPED.match(address.strip())
        if typed is None:
            raise Failure(Reason.BAD_ADDRESS)
        try:
            return self.profile(client, typed["name"])
        except Failure as failure:
            if failure.reason == Reason.GONE:
                raise Failure(Reason.UNKNOWN_ACCOUNT) from None
            raise

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now; Hacker News knows no followers."""
        user = _Api(client).user(remote_id)
        return Profile(
            remote_id=remote_id,
            handle=remote_id,
            host="news.ycombinator.com",
            address=f"{_SITE}/user?id={remote_id}",
            bio=read_html(user.get("about"))[0],
            actor_id=remote_id,
        )

    def _run(self, client: Client, remote_id: str, since: date) -> "_Run":
        return _Run(client, remote_id, since)


class _Api:
    """The API, asked through one client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _ask(self, path: str) -> Record | None:
        """An object; None for what there is not."""
        answer = self._client.get_json(f"{_API}/{path}.json")
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Failure(Reason.LOGIN_REQUIRED)
        if answer.status == HTTPStatus.NOT_FOUND or (answer.status == HTTPStatus.OK and answer.data is None):
            return None
        if answer.status != HTTPStatus.OK or not isinstance(answer.data, dict):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return answer.data

    def user(self, name: str) -> Record:
        """An account. Raises Failure(GONE) where there is none."""
        found = self._ask(f"user/{name}")
        if found is None:
            raise Failure(Reason.GONE)
        if found.get("id") != name:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return found

    def maker(self, name: str) -> Record | None:
        """The account of somebody who reacted; None where there is none."""
        return self._ask(f"user/{name}") if re.fullmatch(_USER, name) else None

    def item(self, number: str) -> Record | None:
        """A story or comment that everybody sees; None for what is deleted, hidden or not there."""
        found = self._ask(f"item/{number}")
        hidden = found is None or any(found.get(mark) not in (None, False) for mark in ("dead", "deleted"))
        return None if hidden or untrusted.number((found or {}).get("id")) != number else found


class _Run:
    """Reads one account once."""

    def __init__(self, client: Client, remote_id: str, since: date) -> None:
        self.lists = Lists()
        self._api = _Api(client)
        self._name = remote_id
        self._since = since
        self._today = client.now().date()
        self._submitted: list[str] = []
        self._makers: dict[str, Actor] = {}

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Some items, newest first; the cursor is the last one before. Raises Failure(GONE) for an unknown one."""
        if not self._submitted:
            submitted = self._api.user(self._name).get("submitted")
            self._submitted = _numbers(submitted)
        if cursor is not None and cursor not in self._submitted:
            raise Failure(Reason.NOT_UNDERSTOOD)
        start = 0 if cursor is None else self._submitted.index(cursor) + 1
        numbers = self._submitted[start : start + _AT_ONCE]
        # What is hidden stays as a number, so that a page of hidden items does not look like the end.
        items = [self._api.item(number) or {"hidden": number} for number in numbers]
        return items, numbers[-1] if start + _AT_ONCE < len(self._submitted) else None

    def key(self, item: Record) -> str:
        """The number of a story or comment of the account."""
        fits = item.get("by") == self._name and item.get("type") in _POSTED
        return untrusted.number(item.get("id")) if fits else ""

    def is_over(self, items: list[Record]) -> bool:
        """Whether everything that can be seen on a page lies before the window."""
        days = [day for item in items if (day := self._day(item))]
        return bool(days) and max(days) < self._since

    def _day(self, item: Record) -> date | None:
        return plausible_day(untrusted.epoch(item.get("time")), self._today)

    def text(self, item: Record) -> str:
        """What an item says."""
        parts = (read_html(item.get(name))[0] for name in ("title", "text"))
        return "\n".join(part for part in parts if part)

    def reading(self, item: Record) -> Reading | None:
        """A story or comment with points and replies."""
        posted = self._day(item)
        if posted is None or posted < self._since:
            return None
        complete, reactions = set[str](), list[Reaction]()
        points = untrusted.count(item.get("score"))
        if item.get("type") in _STORIES and points is not None:
            complete.add("like")
            reactions += [Reaction("like", None, None, points - 1)] if points > 1 else []
        kids = _numbers(item.get("kids"))
        listing = self.lists.read("reply", lambda _: (self._comments(kids), None), _id)
        reactions += [reply for comment in listing.items if (reply := self._reply(comment, posted))]
        complete |= {"reply"} if listing.complete else set()
        post = Post(f"{_SITE}/item?id={self.key(item)}", posted, self.text(item))
        return Reading(post, joined(reactions), frozenset(complete))

    def _comments(self, numbers: list[str]) -> list[Record]:
        return [found for number in numbers if (found := self._api.item(number))]

    def _reply(self, comment: Record, posted: date) -> Reaction | None:
        day = reaction_day(untrusted.epoch(comment.get("time")), posted, self._today)
        name = untrusted.text(comment.get("by"), 20)
        if day is None or comment.get("type") != "comment" or not name:
            return None
        return admitted("reply", self._actor(name), posted, day)

    def _actor(self, name: str) -> Actor:
        """Who wrote a comment; the age of an account takes a request, so each is asked for once."""
        if name == self._name:
            return Actor(name, own=True, closed=False)
        if name not in self._makers:
            user = self._api.maker(name) or {}
            created = untrusted.epoch(user.get("created"))
            closed = created is None or user.get("id") != name or carries_mark(read_html(user.get("about"))[0])
            self._makers[name] = Actor(name, own=False, closed=closed, created=created and created.isoformat())
        return self._makers[name]

    def shown(self, addresses: list[str]) -> set[str]:
        """Those of the given posts that everybody can still see, by one request each."""
        return {address for address in addresses if self._shows(address)}

    def _shows(self, address: str) -> bool:
        """Whether everybody can still see an item of the account."""
        named = _ITEM.match(address)
        item = self._api.item(named["number"]) if named else None
        return item is not None and bool(self.key(item))


def _numbers(value: object) -> list[str]:
    found = [untrusted.number(each) for each in value] if isinstance(value, list) else []
    return list(dict.fromkeys(number for number in found if number))


def _id(item: Record) -> str:
    return untrusted.number(item.get("id"))
