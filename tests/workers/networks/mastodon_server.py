"""A loopback server that speaks Mastodon's API, with invented people and the bad habits of real servers to switch on.

    with MastodonServer() as server:
        server.add_person("mira", note="<p>Garten</p>")
        post = server.post("mira", "Erste Tomaten", at=...)
        server.favourite("paul@wiese.test", post)
        server.person("mira").note = "<p>klarwert-1234</p>"
        ... ask http://{server.host} for @mira@{server.host}

Answers have the shape of Mastodon's own; `habits` says where this server is like others, or broken.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape

from tests.workers.networks.loopback import Asked, LoopbackServer, Reply

_EVERYTHING = frozenset({"lookup", "account", "statuses", "status", "context", "favourited_by", "reblogged_by"})
_SOME_PAGE = b"<!DOCTYPE html>\n<html lang='en'><head><title>Page not found</title></head></html>"
_MOST_DESCENDANTS = 60


@dataclass
class Person:
    """An account; change what you like while the server runs. `host` is empty for those of this server."""

    id: str
    name: str
    host: str = ""
    note: str = ""
    fields: list[dict[str, object]] = field(default_factory=list)
    created: datetime = datetime(2021, 3, 4, tzinfo=UTC)
    followers: int = 0
    more: dict[str, object] = field(default_factory=dict)
    """Further entries of the JSON object: `suspended`, `noindex`, `moved`."""

    @property
    def acct(self) -> str:
        return f"{self.name}@{self.host}" if self.host else self.name


@dataclass
class Status:
    """A post with those who reacted to it, by `acct`. `counts` replaces the counts that follow from that."""

    id: str
    by: str
    text: str
    at: datetime
    visibility: str = "public"
    to: str | None = None
    favourited_by: list[str] = field(default_factory=list)
    reblogged_by: list[str] = field(default_factory=list)
    counts: dict[str, object] = field(default_factory=dict)
    more: dict[str, object] = field(default_factory=dict)


@dataclass
class Habits:
    """What this server does that Mastodon as it comes does not."""

    closed: frozenset[str] = frozenset()
    """Kinds of questions that get a 401 without signing in; `Habits.all_closed()` is GoToSocial."""
    closed_status: int = 401
    broken_paging: bool = False
    """Every page after the first is empty, and each still says that there is a next one."""
    no_paging: bool = False
    next_host: str = ""
    """Another host in the address of the next page."""
    next_forever: bool = False
    """The next page is the same page again."""
    full_acct: bool = False
    """Local accounts with their host, as Takahē shows them."""
    never_counts: bool = False
    """All counts are 0, as with Hollo."""
    html_errors: bool = False
    page_size: int = 80
    allowance: int | None = None
    """So many requests are answered, the others get a 429."""
    reset: datetime | None = None
    retry_after: str = ""
    no_lookup: bool = False
    webfinger: str = ""
    """The host that WebFinger names as home."""

    @staticmethod
    def all_closed() -> frozenset[str]:
        return _EVERYTHING


class MastodonServer(LoopbackServer):
    """The server; `host` is what stands behind the name in a handle."""

    def __init__(self) -> None:
        super().__init__(self._answer_to)
        self.habits = Habits()
        self.spoil: Callable[[str, Reply], Reply] = lambda _kind, reply: reply
        """Gets each answer with its kind before it goes out."""
        self._people: dict[str, Person] = {}
        self._statuses: dict[str, Status] = {}
        self._numbers = iter(range(1, 1_000_000))

    # ---- people and what they do ------------------------------------------------------------------------------

    def person(self, acct: str) -> Person:
        """The account, made where it is new (then it is years old)."""
        return self._people[acct] if acct in self._people else self.add_person(acct)

    def add_person(self, acct: str, note: str = "", created: datetime | None = None, **more: object) -> Person:
        name, _, host = acct.partition("@")
        made = Person(self._number("109"), name, host, note=note, more=more)
        made.created = created or made.created
        self._people[acct] = made
        return made

    def post(
        self, by: str, text: str, at: datetime, visibility: str = "public", to: Status | None = None, **more: object
    ) -> Status:
        """A new post, or a reply where `to` is given."""
        self.person(by)
        number = f"{int(at.timestamp() * 1000) << 16 | next(self._numbers):018d}"
        made = Status(number, by, text, at, visibility, to.id if to else None, more=more)
        self._statuses[number] = made
        return made

    def favourite(self, by: str, status: Status) -> None:
        self.person(by)
        status.favourited_by.append(by)

    def boost(self, by: str, status: Status) -> None:
        self.person(by)
        status.reblogged_by.append(by)

    def delete(self, status: Status) -> None:
        del self._statuses[status.id]

    def remote_id(self, acct: str = "mira") -> str:
        """The stable id by which the network knows an account of this server."""
        return f"{self.host} {self.person(acct).id}"

    def page_of(self, status: Status) -> str:
        """The public address of a post."""
        return f"{self.origin}/@{self._people[status.by].name}/{status.id}"

    def _number(self, start: str) -> str:
        return f"{start}{next(self._numbers):06d}"

    # ---- answers ----------------------------------------------------------------------------------------------

    def _answer_to(self, asked: Asked) -> Reply:
        kind, number = _kind(asked.path)
        habits = self.habits
        if habits.allowance is not None and len(self.asked) > habits.allowance:
            return self.spoil("limit", Reply({"error": "Too many requests"}, 429, self._limit_headers()))
        if kind in habits.closed:
            return self.spoil(kind, self._error(habits.closed_status, "This method requires an authenticated user"))
        answers: dict[str, Callable[[Asked, str], Reply | None]] = {
            "lookup": self._lookup, "account": self._account, "statuses": self._feed, "status": self._status,
            "context": self._context, "favourited_by": self._favourited_by, "reblogged_by": self._reblogged_by,
            "webfinger": self._webfinger,
        }  # fmt: skip
        reply = answers[kind](asked, number) if kind in answers else None
        return self.spoil(kind, reply or self._error(404, "Record not found"))

    def _error(self, status: int, text: str) -> Reply:
        if self.habits.html_errors:
            return Reply(_SOME_PAGE, status, {"Content-Type": "text/html; charset=utf-8"})
        return Reply({"error": text}, status)

    def _limit_headers(self) -> dict[str, str]:
        headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0"}
        if self.habits.reset:
            headers["X-RateLimit-Reset"] = self.habits.reset.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return headers | ({"Retry-After": self.habits.retry_after} if self.habits.retry_after else {})

    def _lookup(self, asked: Asked, _: str) -> Reply | None:
        name = asked.params.get("acct", "").lower().partition("@")[0]
        if self.habits.no_lookup or name not in self._people:
            return None
        return Reply(self._account_json(self._people[name]))

    def _account(self, _: Asked, number: str) -> Reply | None:
        found = [person for person in self._people.values() if person.id == number]
        return Reply(self._account_json(found[0])) if found else None

    def _feed(self, asked: Asked, number: str) -> Reply | None:
        people = [acct for acct, person in self._people.items() if person.id == number]
        own = [status for status in self._statuses.values() if people and status.by == people[0]]
        newest = sorted(own, key=lambda status: status.id, reverse=True)
        return self._paged(asked, [(status.id, self._status_json(status)) for status in newest])

    def _status(self, _: Asked, number: str) -> Reply | None:
        status = self._readable(number)
        return Reply(self._status_json(status)) if status else None

    def _readable(self, number: str) -> Status | None:
        status = self._statuses.get(number)
        return status if status and status.visibility in ("public", "unlisted") else None

    def _context(self, _: Asked, number: str) -> Reply | None:
        if not self._readable(number):
            return None
        # Deeper replies too, and non-public ones, which a real server would hide: the reader must not rely on that.
        inside = {number}
        found = []
        for status in sorted(self._statuses.values(), key=lambda each: each.at):
            if status.to in inside:
                inside.add(status.id)
                found.append(self._status_json(status))
        return Reply({"ancestors": [], "descendants": found[:_MOST_DESCENDANTS]})

    def _favourited_by(self, asked: Asked, number: str) -> Reply | None:
        return self._people_of(asked, self._statuses[number].favourited_by if number in self._statuses else None)

    def _reblogged_by(self, asked: Asked, number: str) -> Reply | None:
        return self._people_of(asked, self._statuses[number].reblogged_by if number in self._statuses else None)

    def _people_of(self, asked: Asked, accts: list[str] | None) -> Reply | None:
        if accts is None:
            return None
        people = [self._people[acct] for acct in accts]
        return self._paged(asked, [(person.id, self._account_json(person)) for person in people])

    def _paged(self, asked: Asked, items: list[tuple[str, dict[str, object]]]) -> Reply:
        size = min(int(asked.params.get("limit", "40")), self.habits.page_size)
        after = asked.params.get("max_id", "")
        ids = [number for number, _ in items]
        start = ids.index(after) + 1 if after in ids and not self.habits.next_forever else 0
        page = [] if self.habits.broken_paging and after else items[start : start + size]
        more = self.habits.broken_paging or self.habits.next_forever or start + size < len(items)
        last = page[-1][0] if page else after or "1"
        headers = self._link(asked, size, last) if more and not self.habits.no_paging else {}
        return Reply([item for _, item in page], 200, headers)

    def _link(self, asked: Asked, size: int, last: str) -> dict[str, str]:
        base = f"http://{self.habits.next_host or self.host}{asked.path}?limit={size}"
        return {"Link": f'<{base}&max_id={last}>; rel="next", <{base}&min_id={last}>; rel="prev"'}

    def _webfinger(self, asked: Asked, _: str) -> Reply | None:
        if not self.habits.webfinger:
            return None
        resource = asked.params.get("resource", "")
        name = resource.removeprefix("acct:").partition("@")[0]
        links = [
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": f"{self.origin}/@{name}"},
            {
                "rel": "self",
                "type": "application/activity+json",
                "href": f"http://{self.habits.webfinger}/users/{name}",
            },
        ]
        return Reply({"subject": resource, "links": links}, 200, {"Content-Type": "application/jrd+json"})

    # ---- shapes -----------------------------------------------------------------------------------------------

    def _account_json(self, person: Person) -> dict[str, object]:
        acct = person.acct if person.host or not self.habits.full_acct else f"{person.name}@{self.host}"
        page = f"{self.origin}/@{person.acct}"
        return {
            "id": person.id, "username": person.name, "acct": acct, "display_name": person.name.title(),
            "locked": False, "bot": False, "discoverable": None, "group": False, "created_at": _iso(person.created),
            "note": person.note, "url": page, "uri": f"{self.origin}/users/{person.name}",
            "avatar": f"{self.origin}/avatars/missing.png", "followers_count": person.followers, "following_count": 3,
            "statuses_count": 9, "last_status_at": "2026-11-20", "emojis": [], "fields": person.fields, **person.more,
        }  # fmt: skip

    def _status_json(self, status: Status) -> dict[str, object]:
        replies = [each for each in self._statuses.values() if each.to == status.id]
        counts: dict[str, object] = {
            "favourites_count": len(status.favourited_by), "reblogs_count": len(status.reblogged_by),
            "replies_count": len(replies),
        }  # fmt: skip
        counts = dict.fromkeys(counts, 0) if self.habits.never_counts else counts
        answered = self._statuses.get(status.to or "")
        return {
            "id": status.id, "created_at": _iso(status.at), "in_reply_to_id": status.to,
            "in_reply_to_account_id": self._people[answered.by].id if answered else None, "sensitive": False,
            "spoiler_text": "", "visibility": status.visibility, "language": "de", "url": self.page_of(status),
            "uri": f"{self.origin}/users/{status.by}/statuses/{status.id}", **counts, **status.counts,
            "edited_at": None, "content": f"<p>{escape(status.text)}</p>", "reblog": None, "mentions": [], "tags": [],
            "account": self._account_json(self._people[status.by]), "media_attachments": [], "card": None, "poll": None,
            **status.more,
        }  # fmt: skip


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_SHAPES = {
    "lookup": re.compile(r"/api/v1/accounts/lookup(?P<id>)"),
    "account": re.compile(r"/api/v1/accounts/(?P<id>[^/]+)"),
    "statuses": re.compile(r"/api/v1/accounts/(?P<id>[^/]+)/statuses"),
    "status": re.compile(r"/api/v1/statuses/(?P<id>[^/]+)"),
    "context": re.compile(r"/api/v1/statuses/(?P<id>[^/]+)/context"),
    "favourited_by": re.compile(r"/api/v1/statuses/(?P<id>[^/]+)/favourited_by"),
    "reblogged_by": re.compile(r"/api/v1/statuses/(?P<id>[^/]+)/reblogged_by"),
    "webfinger": re.compile(r"/\.well-known/webfinger(?P<id>)"),
}


def _kind(path: str) -> tuple[str, str]:
    """What a path asks for, and about which id."""
    found = ((kind, shape.fullmatch(path)) for kind, shape in _SHAPES.items())
    return next(((kind, match["id"]) for kind, match in found if match), ("unknown", ""))


def days_before(now: datetime, days: int) -> datetime:
    """The same time of day, so many days earlier."""
    return now - timedelta(days=days)
