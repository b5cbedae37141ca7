"""GitHub: public repositories and what others do with them, by the REST API and the operator's token.

Source: docs.github.com/rest (2022-11-28). A post is a repository of the account that was worked on in the window; a
star is a like, a fork a repost, a comment on an issue or on a pull request's changes a reply. All bear their moment.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from http import HTTPStatus
from typing import NamedTuple

from workers.networks import untrusted
from workers.networks.client import Answer, Client, Params, Secret
from workers.networks.door import YOUNG_DAYS, Actor, admitted, carries_mark, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.links import next_query, params_of
from workers.networks.listing import SAME, Listing, Lists
from workers.networks.marks import Unchanged
from workers.networks.markup import addresses_in
from workers.networks.shape import Cost, Page, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Posts, pages

_API = "https://api.github.com"
_SITE = "https://github.com"
_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
_TYPED = re.compile(rf"(?:https://github\.com/|@)?(?P<login>{_LOGIN})/?\Z")
_REPOSITORY = re.compile(rf"https://github\.com/(?P<path>{_LOGIN}/[A-Za-z0-9._-]{{1,100}})\Z")
_JSON = "application/vnd.github+json"
_WITH_DATE = "application/vnd.github.star+json"
_MOST = 100
_ALL: Params = {"per_page": _MOST}
_GONE = frozenset({404, 410, 451})


class GitHub:
    """The network `github`. `remote_id` and the ids of who reacts are GitHub's numbers of accounts."""

    name = "github"
    needs: tuple[str, ...] = ("token",)
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=6, each=4)

    def __init__(self, token: str) -> None:
        self._token = token

    def find(self, client: Client, address: str) -> Profile:
        """The profile for a login or the address of its page; people and organisations."""
        typed = _TYPED.match(address.strip())
        if typed is None:
            raise Failure(Reason.BAD_ADDRESS)
        api = _Api(client, self._token)
        return _profile(api.object(f"/users/{typed['login']}", Reason.UNKNOWN_ACCOUNT), ())

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now, with the links to other accounts that it shows."""
        api = _Api(client, self._token)
        account = api.account(remote_id)
        social, _ = api.items(f"/users/{account['login']}/social_accounts", _ALL)
        return _profile(account, tuple(untrusted.text(each.get("url"), 500) for each in social))

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Descriptions of the 20 public repositories that were worked on last."""
        run = _Run(_Api(client, self._token), remote_id, date.min)
        items, _ = run.feed(None)
        return (untrusted.text(item.get("description")) for item in items[:20] if run.key(item))

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """Own public repositories pushed to since that day, with stars, forks and comments of that time."""
        run = _Run(_Api(client, self._token), remote_id, since)
        return pages(Posts(run.feed, run.key, run.reading, run.is_over), run.lists, resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given repositories that are gone, private, or another account's by now."""
        api = _Api(client, self._token)
        return frozenset(address for address in addresses if not api.shows(address, remote_id))


class _Found(NamedTuple):
    """Reactions of one kind."""

    reactions: list[Reaction]
    whole: bool = True
    same: bool = False
    """Has nothing changed, so that nothing was read?"""


class _Api:
    """The API, asked through one client with one token."""

    def __init__(self, client: Client, token: str) -> None:
        self._client = client
        self._secret = Secret(headers={"Authorization": f"Bearer {token}"})
        self.marks = client.marks

    def today(self) -> date:
        return self._client.now().date()

    def ask(self, path: str, params: Params | None = None, accept: str = _JSON, unless: str = "") -> Answer:
        """Any answer but a refusal of the token. Raises Failure."""
        answer = self._client.get_json(_API + path, params, secret=self._secret, accept=accept, unless=unless)
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Failure(Reason.KEY_REFUSED)
        return answer

    def object(self, path: str, missing: Reason = Reason.GONE) -> Record:
        """An object that has to be there."""
        answer = self.ask(path)
        _raise_for(answer.status, missing)
        if not isinstance(answer.data, dict):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return answer.data

    def account(self, remote_id: str) -> Record:
        """The account of a number, with a usable login."""
        found = self.object(f"/user/{remote_id}")
        if untrusted.number(found.get("id")) != remote_id or not _login(found):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return found

    def items(self, path: str, params: Params, accept: str = _JSON, unless: str = "") -> tuple[list[Record], Answer]:
        """A page of a list. Raises Unchanged where it is what `unless` is the mark of."""
        answer = self.ask(path, params, accept, unless)
        if unless and answer.status == HTTPStatus.NOT_MODIFIED:
            self.marks.keep(path)
            raise Unchanged
        _raise_for(answer.status, Reason.GONE)
        if not isinstance(answer.data, list):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return untrusted.records(answer.data), answer

    def shows(self, address: str, remote_id: str) -> bool:
        """Whether everybody can see a repository of this account."""
        named = _REPOSITORY.match(address)
        answer = self.ask(f"/repos/{named['path']}") if named else None
        if answer is None or answer.status in _GONE:
            return False
        _raise_for(answer.status, Reason.GONE)
        return _is_public_of(untrusted.record(answer.data), remote_id)


class _Run:
    """Reads one account once."""

    def __init__(self, api: _Api, remote_id: str, since: date) -> None:
        self.lists = Lists()
        self._api = api
        self._id = remote_id
        self._since = since
        self._today = api.today()
        self._ages = _Ages(api)
        self._login = ""

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Repositories, the one that was pushed to last first."""
        self._login = self._login or _login(self._api.account(self._id))
        first: Params = {"type": "owner", "sort": "pushed", "direction": "desc", "per_page": 100}
        items, answer = self._api.items(f"/users/{self._login}/repos", params_of(cursor) or first)
        return items, next_query(answer)

    def key(self, item: Record) -> str:
        """The number of a repository that everybody can see and that is no fork of another."""
        own = _is_public_of(item, self._id) and item.get("fork") is False
        return untrusted.number(item.get("id")) if own and _REPOSITORY.match(_address(item)) else ""

    def is_over(self, items: list[Record]) -> bool:
        """Whether nothing on this page was worked on in the window."""
        return all((self._pushed(item) or date.min) < self._since for item in items)

    def _pushed(self, item: Record) -> date | None:
        return plausible_day(untrusted.moment(item.get("pushed_at")), self._today)

    def reading(self, item: Record) -> Reading | None:
        """A repository with what others did with it in the window."""
        posted = plausible_day(untrusted.moment(item.get("created_at")), self._today)
        pushed = self._pushed(item)
        if posted is None or pushed is None or pushed < self._since:
            return None
        address = _address(item)
        path = f"/repos/{address.removeprefix(_SITE + '/')}"
        topics = item.get("topics")
        words = [item.get("name"), item.get("description"), *(topics if isinstance(topics, list) else [])]
        text = "\n".join(filter(None, (untrusted.text(word) for word in words)))
        read = {
            "like": self._stars(path, item, posted),
            "repost": self._forks(path, item, posted),
            "reply": self._replies(path, posted),
        }
        complete = frozenset(kind for kind, found in read.items() if found.whole)
        same = frozenset(kind for kind, found in read.items() if found.same)
        reactions = joined(reaction for found in read.values() for reaction in found.reactions)
        return Reading(Post(address, posted, text), reactions, complete, same)

    def _stars(self, path: str, item: Record, posted: date) -> _Found:
        if item.get("stargazers_count") == 0:
            return _Found([])
        listing = self.lists.read("like", lambda at: self._star_page(f"{path}/stargazers", at), _starred_by)
        found = (self._admitted("like", star, star.get("starred_at"), "user", posted) for star in listing.items)
        return _Found([star for star in found if star], listing.complete, listing is SAME)

    def _star_page(self, path: str, cursor: str | None) -> tuple[list[Record], str | None]:
        """Stars come oldest first: after the first page the last one, and so back to the beginning of the window."""
        mark = self._api.marks.known(path) if cursor is None else ""
        items, answer = self._api.items(path, {**_ALL, "page": cursor or "1"}, _WITH_DATE, mark)
        if cursor is None:
            last = params_of(next_query(answer, "last")).get("page", "1")
            # The star after a full page comes on the next one, and the full page stays what it was.
            if last == "1" and len(items) < _MOST:
                self._api.marks.note(path, answer.headers)
            return items, str(last) if str(last).isdecimal() and str(last) != "1" else None
        days = [moment.date() for item in items if (moment := untrusted.moment(item.get("starred_at")))]
        older = int(cursor) > 2 and min(days, default=date.min) >= self._since  # noqa: PLR2004 - page 1 is read
        return items, str(int(cursor) - 1) if older else None

    def _forks(self, path: str, item: Record, posted: date) -> _Found:
        if item.get("forks_count") == 0:
            return _Found([])
        listing = self.lists.read(
            "repost", lambda at: self._newest(f"{path}/forks", {"sort": "newest", **_ALL}, at), _id
        )
        found = (self._admitted("repost", fork, fork.get("created_at"), "owner", posted) for fork in listing.items)
        return _Found([fork for fork in found if fork], listing.complete, listing is SAME)

    def _replies(self, path: str, posted: date) -> _Found:
        """Comments on issues and on changes are of one kind: where one list has changed, both are read."""
        paths = [f"{path}/{about}/comments" for about in ("issues", "pulls")]
        listings = [self._comments(each) for each in paths]
        if any(listing is not SAME for listing in listings):
            both = zip(paths, listings, strict=True)
            listings = [self._comments(each, anew=True) if listing is SAME else listing for each, listing in both]
        items = [item for listing in listings for item in listing.items]
        found = (self._admitted("reply", item, item.get("created_at"), "user", posted) for item in items)
        whole, same = all(listing.complete for listing in listings), all(listing is SAME for listing in listings)
        return _Found([reply for reply in found if reply], whole, same)

    def _comments(self, path: str, *, anew: bool = False) -> Listing:
        # From the first of a month on, so that the same is asked for as the day before.
        since = f"{self._since.replace(day=1).isoformat()}T00:00:00Z"
        params: Params = {"sort": "created", "direction": "desc", "since": since, **_ALL}
        return self.lists.read("reply", lambda at: self._newest(path, params, at, anew=anew), _id)

    def _newest(
        self, path: str, params: Params, cursor: str | None, *, anew: bool = False
    ) -> tuple[list[Record], str | None]:
        """A page of a list that begins with the newest; behind the window nothing is asked for."""
        mark = self._api.marks.known(path) if cursor is None and not anew else ""
        items, answer = self._api.items(path, params_of(cursor) or params, unless=mark)
        days = [moment.date() for item in items if (moment := untrusted.moment(item.get("created_at")))]
        following = next_query(answer) if min(days, default=date.min) >= self._since else None
        if cursor is None and following is None:
            self._api.marks.note(path, answer.headers)
        return items, following

    def _admitted(self, kind: str, item: Record, moment: object, who: str, posted: date) -> Reaction | None:
        day = reaction_day(untrusted.moment(moment), posted, self._today)
        account = untrusted.record(item.get(who))
        number = untrusted.number(account.get("id"))
        if day is None or day < self._since or not number:
            return None
        own, bot = number == self._id, account.get("type") == "Bot"
        if own or bot:
            return None
        created = self._ages.created(int(number), day)
        return admitted(kind, Actor(number, own, created is None, created), posted, day)


class _Ages:
    """When accounts signed up. Their numbers are in that order ("List users"), so few have to be asked for."""

    def __init__(self, api: _Api) -> None:
        self._api = api
        self._known: dict[int, str | None] = {}

    def created(self, number: int, day: date) -> str | None:
        """A moment that judges an account on a day as its own would; None for one that is gone or wants no reader."""
        edge = (day - timedelta(days=YOUNG_DAYS)).isoformat()
        if number not in self._known:
            dated = [(each, moment) for each, moment in self._known.items() if moment]
            old = [moment for each, moment in dated if each > number and moment[:10] <= edge]
            young = [moment for each, moment in dated if each < number and moment[:10] > edge]
            if old or young:
                return (old or young)[0]
            self._known[number] = self._asked(number)
        return self._known[number]

    def _asked(self, number: int) -> str | None:
        answer = self._api.ask(f"/user/{number}")
        if answer.status in _GONE:
            return None
        _raise_for(answer.status, Reason.GONE)
        account = untrusted.record(answer.data)
        moment = untrusted.moment(account.get("created_at"))
        closed = carries_mark(untrusted.text(account.get("bio"))) or untrusted.number(account.get("id")) != str(number)
        return moment.isoformat() if moment and not closed else None


def _raise_for(status: int, missing: Reason) -> None:
    if status in _GONE:
        raise Failure(missing)
    if status != HTTPStatus.OK:
        raise Failure(Reason.NOT_UNDERSTOOD)


def _profile(account: Record, social: tuple[str, ...]) -> Profile:
    number, login = untrusted.number(account.get("id")), _login(account)
    if not number or not login:
        raise Failure(Reason.NOT_UNDERSTOOD)
    bio = untrusted.text(account.get("bio"))
    links = [untrusted.text(account.get("blog"), 500), *social, *addresses_in(bio)]
    return Profile(
        remote_id=number,
        handle=login,
        host="github.com",
        address=f"{_SITE}/{login}",
        bio=bio,
        links=tuple(dict.fromkeys(link for link in links if link)),
        followers=untrusted.count(account.get("followers")),
        actor_id=number,
    )


def _login(account: Record) -> str:
    login = untrusted.text(account.get("login"), 100)
    return login if re.fullmatch(_LOGIN, login) else ""


def _address(item: Record) -> str:
    return untrusted.text(item.get("html_url"), 300)


def _is_public_of(item: Record, remote_id: str) -> bool:
    """Whether a repository is public by its own word, and this account's."""
    owner = untrusted.record(item.get("owner"))
    public = item.get("private") is False and item.get("visibility") in (None, "public")
    return public and untrusted.number(owner.get("id")) == remote_id


def _id(item: Record) -> str:
    return untrusted.number(item.get("id"))


def _starred_by(item: Record) -> str:
    return untrusted.number(untrusted.record(item.get("user")).get("id"))
