"""X: public posts with numbers of likes and reposts, and quotes and replies with their authors where the tier allows.

Source: https://docs.x.com/x-api (v2). The operator's app-only bearer token goes in a header. Quotes and the search for
replies (of the last seven days) are not in every tier: where they are refused with 403, their numbers count instead.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from workers.networks import untrusted
from workers.networks.client import Client, Secret
from workers.networks.door import Actor, admitted, carries_mark, joined, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.keyed import KeyedApi, counted, gone_if_unknown, links_in
from workers.networks.listing import Fetch, Lists
from workers.networks.shape import Cost, Page, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Posts, pages

_API = "https://api.x.com/2"
_NAME = re.compile(r"[A-Za-z0-9_]{1,15}\Z", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}\Z")
_PAGE = re.compile(r"https://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?P<name>[^/?#\s]+)/?\Z")
_STATUS = "https://x.com/i/status/"
_PEOPLE = "created_at,description,protected"
_ACCOUNT = f"{_PEOPLE},entities,public_metrics,url,username"
_POST = "author_id,created_at,public_metrics,referenced_tweets,text"
_AT_ONCE = 100
#: The search of recent posts reaches back seven days.
_SEARCHED = timedelta(days=6)
_LISTS = {"quote": "quote_count", "reply": "reply_count"}
_NUMBERS = {"like": "like_count", "repost": "retweet_count"}


class X:
    """The network `x`. `remote_id` and the ids of who reacts are the numbers of accounts."""

    name = "x"
    needs: tuple[str, ...] = ("token",)
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=2, each=2)

    def __init__(self, token: str) -> None:
        self._secret = Secret(headers={"Authorization": f"Bearer {token}"})

    def find(self, client: Client, address: str) -> Profile:
        """The profile for `@name`, `name` or the address of its page."""
        typed = address.strip()
        page = _PAGE.match(typed)
        name = page["name"] if page else typed.removeprefix("@")
        if not _NAME.match(name):
            raise Failure(Reason.BAD_ADDRESS)
        return _profile(_account(self._api(client), f"/users/by/username/{name}"))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now. Raises Failure: GONE, OPTED_OUT (a protected account) and the client's."""
        try:
            found = _profile(_account(self._api(client), f"/users/{remote_id}"))
        except Failure as failure:
            raise gone_if_unknown(failure) from None
        if found.remote_id != remote_id:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return found

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest public posts, at most 20."""
        run = _Run(self._api(client), remote_id, client.now().date() - timedelta(days=90))
        posts, _ = run.feed(None)
        return (untrusted.text(post.get("text")) for post in posts[:20] if run.key(post))

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The public posts with their reactions. Raises Failure(OPTED_OUT) for an account that is protected now."""
        self.profile(client, remote_id)
        run = _Run(self._api(client), remote_id, since)
        return pages(Posts(run.feed, run.key, run.read, run.is_over), run.lists, resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that are gone, or are not the account's."""
        api = self._api(client)
        ids = {address: address.removeprefix(_STATUS) for address in addresses if address.startswith(_STATUS)}
        known = [number for number in ids.values() if _ID.match(number)]
        shown: set[str] = set()
        for start in range(0, len(known), _AT_ONCE):
            asked: dict[str, str | int] = {
                "ids": ",".join(known[start : start + _AT_ONCE]),
                "tweet.fields": "author_id",
            }
            posts = untrusted.records(api.ask("/tweets", asked).get("data"))
            shown |= {_text(post, "id") for post in posts if _text(post, "author_id") == remote_id}
        return frozenset(address for address in addresses if ids.get(address) not in shown)

    def _api(self, client: Client) -> KeyedApi:
        return KeyedApi(client, _API, self._secret, _refusal)


class _Run:
    """Reads one account once."""

    def __init__(self, api: KeyedApi, account: str, since: date) -> None:
        self.lists = Lists()
        self._api = api
        self._account = account
        self._since = since
        self._refused: set[str] = set()

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Posts of the account, newest first, and the token of the next page."""
        asked: dict[str, str | int] = {
            "max_results": _AT_ONCE, "exclude": "retweets", "tweet.fields": _POST,
            "start_time": f"{self._since.isoformat()}T00:00:00Z",
        }  # fmt: skip
        answer = self._api.ask(
            f"/users/{self._account}/tweets", asked | ({"pagination_token": cursor} if cursor else {})
        )
        return untrusted.records(answer.get("data")), _token(answer)

    def key(self, post: Record) -> str:
        """The number of an own post; empty for anything else."""
        own = _text(post, "author_id") == self._account and _ID.match(_text(post, "id"))
        passed_on = any(each.get("type") == "retweeted" for each in untrusted.records(post.get("referenced_tweets")))
        return _text(post, "id") if own and not passed_on else ""

    def is_over(self, posts: list[Record]) -> bool:
        """Whether the posts of a page lie before the window; the network leaves them out itself."""
        days = [day for post in posts if (day := self._api.day(post.get("created_at")))]
        return bool(days) and max(days) < self._since

    def read(self, post: Record) -> Reading | None:
        """A post with its reactions."""
        posted = self._api.day(post.get("created_at"))
        if posted is None or posted < self._since:
            return None
        numbers = untrusted.record(post.get("public_metrics"))
        reactions: list[Reaction] = []
        complete = {kind for kind, name in _NUMBERS.items() if untrusted.count(numbers.get(name)) is not None}
        for kind, name in _NUMBERS.items():
            reactions += counted(kind, numbers.get(name))
        for kind, name in _LISTS.items():
            found, whole = self._listed(kind, _text(post, "id"), posted, numbers.get(name))
            reactions += found
            complete |= {kind} if whole else set()
        made = Post(_STATUS + _text(post, "id"), posted, untrusted.text(post.get("text")))
        return Reading(made, tuple(reactions), frozenset(complete))

    def _listed(self, kind: str, post: str, posted: date, number: object) -> tuple[list[Reaction], bool]:
        """Quotes or replies with their authors; where the tier has no list of them, only their number."""
        if untrusted.count(number) == 0:
            return [], True
        reached = kind == "quote" or self._api.today - posted <= _SEARCHED
        if not reached and kind not in self._refused:
            return [], False  # what was found while the search reached it stays
        people: dict[str, Record] = {}
        listing = None if kind in self._refused else self.lists.read(kind, self._fetch(kind, post, people), _key)
        if kind in self._refused:
            return counted(kind, number), untrusted.count(number) is not None
        items = listing.items if listing else ()
        found = [self._reaction(kind, item, posted, people) for item in items]
        return list(joined(one for one in found if one)), bool(listing and listing.complete)

    def _fetch(self, kind: str, post: str, people: dict[str, Record]) -> Fetch:
        """Asks for a page of quotes or replies; who wrote them goes into `people`."""
        path = f"/tweets/{post}/quote_tweets" if kind == "quote" else "/tweets/search/recent"
        asked: dict[str, str | int] = {
            "max_results": _AT_ONCE, "tweet.fields": _POST, "expansions": "author_id", "user.fields": _PEOPLE,
        }  # fmt: skip
        if kind == "reply":
            asked["query"] = f"in_reply_to_tweet_id:{post}"

        def fetch(cursor: str | None) -> tuple[list[Record], str | None]:
            try:
                answer = self._api.ask(path, asked | ({"pagination_token": cursor} if cursor else {}))
            except Failure as failure:
                if failure.reason is Reason.LOGIN_REQUIRED:
                    self._refused.add(kind)
                raise
            users = untrusted.records(untrusted.record(answer.get("includes")).get("users"))
            people.update({_text(user, "id"): user for user in users})
            return untrusted.records(answer.get("data")), _token(answer)

        return fetch

    def _reaction(self, kind: str, item: Record, posted: date, people: dict[str, Record]) -> Reaction | None:
        author = _text(item, "author_id")
        who = people.get(author)
        day = reaction_day(untrusted.moment(item.get("created_at")), posted, self._api.today)
        if who is None or day is None or untrusted.text(item.get("text"), 4) == "RT @":
            return None
        closed = who.get("protected") is True or carries_mark(untrusted.text(who.get("description")))
        return admitted(kind, Actor(author, author == self._account, closed, who.get("created_at", "")), posted, day)


def _refusal(status: int, body: Record) -> Failure | None:
    """Whatever was not found comes with 200 and errors beside the data, or instead of it."""
    errors = untrusted.records(body.get("errors"))
    if status != 200 or "data" in body or not errors:  # noqa: PLR2004 - what is refused has a status of its own
        return None
    missing = any(
        _text(each, "type").endswith(("resource-not-found", "not-authorized-for-resource")) for each in errors
    )
    return Failure(Reason.UNKNOWN_ACCOUNT if missing else Reason.NOT_UNDERSTOOD)


def _account(api: KeyedApi, path: str) -> Record:
    try:
        found = untrusted.record(api.ask(path, {"user.fields": _ACCOUNT}).get("data"))
    except Failure as failure:
        # An app whose tier does not have accounts at all, or no tier.
        raise Failure(Reason.KEY_REFUSED) if failure.reason is Reason.LOGIN_REQUIRED else failure from None
    if not _ID.match(_text(found, "id")):
        raise Failure(Reason.NOT_UNDERSTOOD)
    return found


def _profile(account: Record) -> Profile:
    if account.get("protected") is True:
        raise Failure(Reason.OPTED_OUT)
    number, name, bio = _text(account, "id"), _text(account, "username"), untrusted.text(account.get("description"))
    return Profile(
        remote_id=number,
        handle=f"@{name}" if _NAME.match(name) else number,
        host="x.com",
        address=f"https://x.com/{name}" if _NAME.match(name) else f"https://x.com/i/user/{number}",
        bio=bio,
        links=tuple(dict.fromkeys([*_expanded(account), *links_in(bio)])),
        followers=untrusted.count(untrusted.record(account.get("public_metrics")).get("followers_count")),
        actor_id=number,
    )


def _expanded(account: Record) -> list[str]:
    """Links of a profile as they were typed: the network shortens them in its texts."""
    entities = untrusted.record(account.get("entities"))
    parts = [untrusted.record(entities.get("url")), untrusted.record(entities.get("description"))]
    urls = [
        untrusted.text(url.get("expanded_url"), 500) for part in parts for url in untrusted.records(part.get("urls"))
    ]
    return [url for url in urls if url]


def _token(answer: Record) -> str | None:
    return _text(untrusted.record(answer.get("meta")), "next_token") or None


def _key(item: Record) -> str:
    return _text(item, "id")


def _text(item: Record, name: str) -> str:
    return untrusted.text(item.get(name), 300)
