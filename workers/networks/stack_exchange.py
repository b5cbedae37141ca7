"""Stack Exchange: questions and answers of a user on a site, with votes as numbers and replies with accounts.

Source: api.stackexchange.com/docs (2.3). Nobody can vote for a post of their own; the score (up less down) stands for
the likes, as the number that everybody sees.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Client, Params
from workers.networks.door import Actor, admitted, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.listing import Lists
from workers.networks.markup import read_html
from workers.networks.shape import Cost, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Walked

_API = "https://api.stackexchange.com/2.3"
_SITES = (
    r"(?:(?:[a-z]{2,20}\.)?(?:meta\.)?stackexchange\.com|(?:es\.|ja\.|pt\.|ru\.)?stackoverflow\.com|superuser\.com"
    r"|serverfault\.com|askubuntu\.com|stackapps\.com|mathoverflow\.net)"
)
_TYPED = re.compile(rf"(?:https://)?(?P<site>{_SITES})/users/(?P<number>[1-9][0-9]{{0,9}})(?:[/?][^\s#]*)?\Z")
_POST = re.compile(r"https://(?P<site>[a-z.]+)/(?P<what>q|a)/(?P<number>[1-9][0-9]{0,11})\Z")
_PAGE = 100
_FILTERS = {"users": "user.about_me", "posts": "post.body;post.title"}
_THROTTLED = 502
_READERS = frozenset({"registered", "moderator", "team_admin"})


class StackExchange(Walked):
    """The network `stack_exchange`. `remote_id` and the ids of who reacts are "site number"."""

    name = "stack_exchange"
    needs: tuple[str, ...] = ()
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=5, each=2)

    def find(self, client: Client, address: str) -> Profile:
        """The profile for the address of a user's page on a site."""
        typed = _TYPED.match(address.strip().lower())
        if typed is None:
            raise Failure(Reason.BAD_ADDRESS)
        return self._profile(client, typed["site"], typed["number"], Reason.UNKNOWN_ACCOUNT)

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now; Stack Exchange knows no followers of people."""
        return self._profile(client, *_parts(remote_id), Reason.GONE)

    def _profile(self, client: Client, site: str, number: str, missing: Reason) -> Profile:
        api = _Api(client, site)
        users, _ = api.items(f"users/{number}", {"filter": api.filter("users")})
        user = next((each for each in users if untrusted.number(each.get("user_id")) == number), None)
        if user is None:
            raise Failure(missing)
        return Profile(
            remote_id=f"{site} {number}",
            handle=f"{site}/users/{number}",
            host=site,
            address=f"https://{site}/users/{number}",
            bio=read_html(user.get("about_me"))[0],
            links=tuple(link for link in [untrusted.text(user.get("website_url"), 500)] if link),
            actor_id=f"{site} {number}",
        )

    def _run(self, client: Client, remote_id: str, since: date) -> "_Run":
        return _Run(client, remote_id, since)


class _Api:
    """The API for one site, asked through one client."""

    def __init__(self, client: Client, site: str) -> None:
        self._client = client
        self._site = site

    def now(self) -> datetime:
        return self._client.now()

    def filter(self, what: str) -> str:
        """The name of a filter that adds texts to the usual fields; the same request always names the same one."""
        made, _ = self._asked("filters/create", {"include": _FILTERS[what], "unsafe": "false"})
        name = untrusted.text(made[0].get("filter"), 200) if made else ""
        if not name:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return name

    def items(self, path: str, params: Params) -> tuple[list[Record], str | None]:
        """A page of a list of this site, and the number of the next."""
        return self._asked(path, {"site": self._site, "pagesize": _PAGE, **params})

    def _asked(self, path: str, params: Params) -> tuple[list[Record], str | None]:
        answer = self._client.get_json(f"{_API}/{path}", params)
        if self._has_to_wait(untrusted.record(answer.data)):
            answer = self._client.get_json(f"{_API}/{path}", params)
        said = untrusted.record(answer.data)
        if self._has_to_wait(said):
            raise Failure(Reason.RATE_LIMITED, self.now() + timedelta(minutes=15))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise Failure(Reason.GONE)
        found = said.get("items")
        if answer.status != HTTPStatus.OK or not isinstance(found, list):
            raise Failure(Reason.NOT_UNDERSTOOD)
        page = untrusted.count(params.get("page")) or 1
        return untrusted.records(found), str(page + 1) if said.get("has_more") is True else None

    def _has_to_wait(self, said: Record) -> bool:
        """Whether an answer is only that it came too soon. Limits are told in the answer itself; the client keeps them.

        That may be a wait before the next request, or that none is left today.
        """
        now = self.now()
        seconds = untrusted.count(said.get("backoff"))
        if untrusted.count(said.get("error_id")) == _THROTTLED:
            found = re.search(r"in ([0-9]{1,6}) seconds", untrusted.text(said.get("error_message"), 300))
            until = now + timedelta(seconds=int(found[1]) if found else 300)
            self._client.leave_alone(_API, until)
            return True
        if said.get("quota_remaining") == 0:
            tomorrow = datetime.combine(now.date() + timedelta(days=1), time.min, UTC)
            self._client.leave_alone(_API, tomorrow)
        elif seconds:
            self._client.leave_alone(_API, now + timedelta(seconds=min(seconds, 86_400)))
        return False


class _Run:
    """Reads one account once."""

    def __init__(self, client: Client, remote_id: str, since: date) -> None:
        self.lists = Lists()
        self._site, self._number = _parts(remote_id)
        self._api = _Api(client, self._site)
        self._since = since
        self._today = client.now().date()
        self._filter = ""
        self._created: dict[str, datetime | None] = {}

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Questions and answers since the first day, newest first."""
        self._filter = self._filter or self._api.filter("posts")
        begin = 0 if self._since == date.min else int(datetime.combine(self._since, time.min, UTC).timestamp())
        params: dict[str, str | int] = {"order": "desc", "sort": "creation", "fromdate": begin, "filter": self._filter}
        page = int(cursor) if cursor and cursor.isdecimal() else 1
        return self._api.items(f"users/{self._number}/posts", {**params, "page": page})

    def key(self, item: Record) -> str:
        """The number of a question or answer of the account."""
        own = untrusted.number(untrusted.record(item.get("owner")).get("user_id")) == self._number
        return untrusted.number(item.get("post_id")) if own and item.get("post_type") in ("question", "answer") else ""

    def text(self, item: Record) -> str:
        """What an item says."""
        parts = (read_html(item.get(name))[0] for name in ("title", "body"))
        return "\n".join(part for part in parts if part)

    def reading(self, item: Record) -> Reading | None:
        """A question or answer with its score, comments and answers."""
        posted = plausible_day(untrusted.epoch(item.get("creation_date")), self._today)
        if posted is None or posted < self._since:
            return None
        complete, reactions = set[str](), list[Reaction]()
        score = item.get("score")
        if isinstance(score, int):
            complete.add("like")
            reactions += [Reaction("like", None, None, score)] if untrusted.count(score) else []
        number = self.key(item)
        lists = [("comment_id", f"posts/{number}/comments")]
        if item.get("post_type") == "question":
            lists.append(("answer_id", f"questions/{number}/answers"))
        parts = [self._replies(name, path, posted) for name, path in lists]
        reactions += [reply for found, _ in parts for reply in found]
        complete |= {"reply"} if all(whole for _, whole in parts) else set()
        post = Post(self._address(item), posted, self.text(item))
        return Reading(post, joined(reactions), frozenset(complete))

    def _address(self, item: Record) -> str:
        short = "q" if item.get("post_type") == "question" else "a"
        return f"https://{self._site}/{short}/{self.key(item)}"

    def _replies(self, name: str, path: str, posted: date) -> tuple[list[Reaction], bool]:
        def fetch(cursor: str | None) -> tuple[list[Record], str | None]:
            found, following = self._api.items(path, {"order": "desc", "sort": "creation", "page": int(cursor or "1")})
            self._learn([_owner(each) for each in found])
            return found, following

        listing = self.lists.read("reply", fetch, lambda each: untrusted.number(each.get(name)))
        found = [reply for each in listing.items if (reply := self._reply(each, posted))]
        return found, listing.complete

    def _learn(self, numbers: list[str]) -> None:
        """Asks when accounts were made, 100 at once."""
        unknown = [
            each for each in dict.fromkeys(numbers) if each and each != self._number and each not in self._created
        ]
        for start in range(0, len(unknown), _PAGE):
            some = unknown[start : start + _PAGE]
            users, _ = self._api.items(f"users/{';'.join(some)}", {})
            made = {untrusted.number(each.get("user_id")): untrusted.epoch(each.get("creation_date")) for each in users}
            self._created |= {each: made.get(each) for each in some}

    def _reply(self, item: Record, posted: date) -> Reaction | None:
        day = reaction_day(untrusted.epoch(item.get("creation_date")), posted, self._today)
        number = _owner(item)
        created = self._created.get(number)
        closed = not number or created is None or untrusted.record(item.get("owner")).get("user_type") not in _READERS
        who = Actor(f"{self._site} {number}", number == self._number, closed, created and created.isoformat())
        return admitted("reply", who, posted, day) if day else None

    def is_over(self, items: list[Record]) -> bool:  # noqa: ARG002 - it holds for every page
        """Never: only posts of the window are asked for."""
        return False

    def shown(self, addresses: list[str]) -> set[str]:
        """Those of the given posts of the account that are still there; 100 a request."""
        named = {address: found["number"] for address in addresses if (found := _POST.match(address))}
        wanted = sorted(set(named.values()))
        there: set[str] = set()
        for start in range(0, len(wanted), _PAGE):
            items, _ = self._api.items(f"posts/{';'.join(wanted[start : start + _PAGE])}", {})
            there |= {self._address(item) for item in items if self.key(item)}
        return {address for address in named if address in there}


def _parts(remote_id: str) -> tuple[str, str]:
    site, _, number = remote_id.partition(" ")
    if not re.fullmatch(_SITES, site) or not number.isdecimal():
        raise Failure(Reason.BAD_ADDRESS)
    return site, number


def _owner(item: Record) -> str:
    return untrusted.number(untrusted.record(item.get("owner")).get("user_id"))
