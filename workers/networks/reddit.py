"""Reddit: public posts and comments of a user, with votes as numbers and replies with accounts, by the operator's app.

Source: reddit.com/dev/api. The app asks for itself alone (application-only OAuth): nobody signs in, and what it sees is
what everybody sees. Whoever posts has voted for it: that vote is taken off.
"""

import re
from base64 import b64encode
from datetime import date
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Client, Params, Secret
from workers.networks.door import Actor, admitted, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.listing import Lists
from workers.networks.shape import Cost, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Walked

_TOKENS = "https://www.reddit.com/api/v1/access_token"
_API = "https://oauth.reddit.com"
_SITE = "https://www.reddit.com"
_USER = r"[A-Za-z0-9_-]{3,20}"
_TYPED = re.compile(rf"(?:https://(?:www\.|old\.)?reddit\.com/(?:u|user)/|/?u/|@)?(?P<name>{_USER})/?\Z")
_THING = re.compile(r"t[13]_[a-z0-9]{1,13}\Z")
_ACCOUNT = re.compile(r"t2_[a-z0-9]{1,13}\Z")
_OPEN = frozenset({"public", "restricted", "user"})
_FEED = 100
_REPLIES = 500
_AT_ONCE = 100
_COMMENT = "t1"


class Reddit(Walked):
    """The network `reddit`. `remote_id` is "t2_… name" (the API asks by name), those who react are known by number."""

    name = "reddit"
    needs: tuple[str, ...] = ("client_id", "client_secret")
    proofs = frozenset({"bio", "post"})
    cost = Cost(once=4, each=2)

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._basic = b64encode(f"{client_id}:{client_secret}".encode()).decode()

    def find(self, client: Client, address: str) -> Profile:
        """The profile for a name (with u/ or without) or the address of its page."""
        typed = _TYPED.match(address.strip())
        if typed is None:
            raise Failure(Reason.BAD_ADDRESS)
        return _profile(_Api(client, self._basic).about(typed["name"], Reason.UNKNOWN_ACCOUNT))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now. Raises Failure(GONE) for an account that is deleted, suspended or another by now."""
        number, name = _parts(remote_id)
        about = _Api(client, self._basic).about(name, Reason.GONE)
        if f"t2_{untrusted.text(about.get('id'), 20)}" != number:
            raise Failure(Reason.GONE)
        return _profile(about)

    def _run(self, client: Client, remote_id: str, since: date) -> "_Run":
        return _Run(_Api(client, self._basic), remote_id, since)


class _Api:
    """The API with the token of one run, got when it is first needed and never kept."""

    def __init__(self, client: Client, basic: str) -> None:
        self._client = client
        self._basic = basic
        self._token: Secret | None = None

    def today(self) -> date:
        return self._client.now().date()

    def _secret(self) -> Secret:
        if self._token is None:
            basic = Secret(headers={"Authorization": f"Basic {self._basic}"})
            answer = self._client.post_form(_TOKENS, {"grant_type": "client_credentials"}, basic)
            token = untrusted.text(untrusted.record(answer.data).get("access_token"), 2000)
            if answer.status in (400, 401, 403):
                raise Failure(Reason.KEY_REFUSED)
            if answer.status != HTTPStatus.OK or not re.fullmatch(r"[\x21-\x7e]+", token):
                raise Failure(Reason.NOT_UNDERSTOOD)
            self._token = Secret(headers={"Authorization": f"Bearer {token}"})
        return self._token

    def ask(self, path: str, params: Params | None = None, missing: Reason = Reason.GONE) -> object:
        """The JSON that a query gives. Raises Failure."""
        answer = self._client.get_json(_API + path, {"raw_json": 1, **(params or {})}, secret=self._secret())
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise Failure(Reason.KEY_REFUSED)
        if answer.status == HTTPStatus.FORBIDDEN:
            raise Failure(Reason.LOGIN_REQUIRED)
        if answer.status in (404, 410):
            raise Failure(missing)
        if answer.status != HTTPStatus.OK:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return answer.data

    def about(self, name: str, missing: Reason) -> Record:
        """The account of a name. Raises Failure(GONE) for a suspended one."""
        about = untrusted.record(untrusted.record(self.ask(f"/user/{name}/about", None, missing)).get("data"))
        if about.get("is_suspended") not in (None, False):
            raise Failure(Reason.GONE)
        if not re.fullmatch(_USER, untrusted.text(about.get("name"), 30)) or not untrusted.text(about.get("id"), 20):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return about

    def things(self, data: object) -> tuple[list[Record], str | None]:
        """The things in a listing, and the cursor of the next page."""
        listing = untrusted.record(untrusted.record(data).get("data"))
        children = listing.get("children")
        if not isinstance(children, list):
            raise Failure(Reason.NOT_UNDERSTOOD)
        after = untrusted.text(listing.get("after"), 30)
        found = [
            {**untrusted.record(each.get("data")), "kind": each.get("kind")} for each in untrusted.records(children)
        ]
        return found, after if _THING.match(after) else None


class _Run:
    """Reads one account once."""

    def __init__(self, api: _Api, remote_id: str, since: date) -> None:
        self.lists = Lists()
        self._api = api
        self._id, self._name = _parts(remote_id)
        self._since = since
        self._today = api.today()
        self._created: dict[str, str | None] = {}

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Posts and comments together, newest first."""
        params: Params = {"limit": _FEED, "sort": "new", **({"after": cursor} if cursor else {})}
        return self._api.things(self._api.ask(f"/user/{self._name}/overview", params))

    def key(self, item: Record) -> str:
        """The id of a post or comment of the account that everybody can see."""
        hidden = any(item.get(mark) not in (None, False) for mark in ("removed_by_category", "quarantine", "hidden"))
        own = item.get("author_fullname") == self._id and item.get("subreddit_type") in _OPEN
        name = untrusted.text(item.get("name"), 30)
        return name if own and not hidden and _THING.match(name) else ""

    def is_over(self, items: list[Record]) -> bool:
        """Whether everything on a page lies before the window."""
        return all((self._day(item) or date.min) < self._since for item in items)

    def _day(self, item: Record) -> date | None:
        return plausible_day(untrusted.epoch(item.get("created_utc")), self._today)

    def text(self, item: Record) -> str:
        """What an item says."""
        parts = (untrusted.text(item.get(name)) for name in ("title", "selftext", "body"))
        return "\n".join(part for part in parts if part)

    def reading(self, item: Record) -> Reading | None:
        """A post or comment with votes and replies."""
        posted, address = self._day(item), _address(item)
        if posted is None or posted < self._since or not address:
            return None
        complete, reactions = set[str](), list[Reaction]()
        votes = item.get("ups")
        if isinstance(votes, int) and item.get("score_hidden") is not True:
            complete.add("like")
            reactions += [Reaction("like", None, None, votes - 1)] if (untrusted.count(votes) or 0) > 1 else []
        replies, whole = self._replies(item, address, posted)
        complete |= {"reply"} if whole else set()
        return Reading(Post(address, posted, self.text(item)), joined([*reactions, *replies]), frozenset(complete))

    def _replies(self, item: Record, address: str, posted: date) -> tuple[list[Reaction], bool]:
        is_comment = item.get("kind") == _COMMENT
        if not is_comment and untrusted.count(item.get("num_comments")) == 0:
            return [], True
        whole: list[bool] = []
        path = address.removeprefix(_SITE)
        depth = 2 if is_comment else 1
        params: Params = {"limit": _REPLIES, "depth": depth, "sort": "new", "showmore": "false"}

        def fetch(_: str | None) -> tuple[list[Record], str | None]:
            found = self._direct(self._api.ask(path, params), self.key(item), is_comment=is_comment)
            # "more" stands for what did not fit.
            whole.append(all(each.get("kind") != "more" for each in found))
            self._learn([untrusted.text(each.get("author_fullname"), 30) for each in found])
            return found, None

        listing = self.lists.read("reply", fetch, lambda each: untrusted.text(each.get("name"), 30))
        found = [reply for each in listing.items if (reply := self._reply(each, self.key(item), posted))]
        return found, listing.complete and all(whole)

    def _direct(self, answer: object, parent: str, *, is_comment: bool) -> list[Record]:
        """The things right below a post, or below a comment: that one comes first, with its replies in it."""
        if not isinstance(answer, list) or len(answer) < 2:  # noqa: PLR2004 - the post, and what is below it
            raise Failure(Reason.NOT_UNDERSTOOD)
        found, _ = self._api.things(answer[-1])
        if not is_comment:
            return found
        own = next((each for each in found if each.get("name") == parent), None)
        if own is None:
            raise Failure(Reason.GONE)
        # Without replies it is an empty text.
        return [] if own.get("replies") in ("", None) else self._api.things(own.get("replies"))[0]

    def _learn(self, accounts: list[str]) -> None:
        """Asks when accounts were made, many at once."""
        unknown = [each for each in dict.fromkeys(accounts) if _ACCOUNT.match(each) and each not in self._created]
        for start in range(0, len(unknown), _AT_ONCE):
            some = unknown[start : start + _AT_ONCE]
            found = untrusted.record(self._api.ask("/api/user_data_by_account_ids", {"ids": ",".join(some)}))
            for each in some:
                moment = untrusted.epoch(untrusted.record(found.get(each)).get("created_utc"))
                self._created[each] = moment.isoformat() if moment else None

    def _reply(self, comment: Record, parent: str, posted: date) -> Reaction | None:
        if comment.get("kind") != _COMMENT or comment.get("parent_id") != parent:
            return None
        day = reaction_day(untrusted.epoch(comment.get("created_utc")), posted, self._today)
        account = untrusted.text(comment.get("author_fullname"), 30)
        created = self._created.get(account)
        bot = untrusted.text(comment.get("author"), 30) == "AutoModerator"
        closed = created is None or bot or not _ACCOUNT.match(account)
        return admitted("reply", Actor(account, account == self._id, closed, created), posted, day) if day else None

    def shown(self, addresses: list[str]) -> set[str]:
        """Those of the given posts and comments that everybody can still see; 100 a request."""
        things = {address: thing for address in addresses if (thing := _thing(address))}
        wanted = list(things.values())
        shown: set[str] = set()
        for start in range(0, len(wanted), _AT_ONCE):
            shown |= self._shown(wanted[start : start + _AT_ONCE])
        return {address for address, thing in things.items() if thing in shown}

    def _shown(self, things: list[str]) -> set[str]:
        found, _ = self._api.things(self._api.ask("/api/info", {"id": ",".join(things)}))
        removed = ("[removed]", "[deleted]")
        return {
            self.key(item) for item in found if item.get("body") not in removed and item.get("selftext") not in removed
        }


def _parts(remote_id: str) -> tuple[str, str]:
    number, _, name = remote_id.partition(" ")
    if not _ACCOUNT.match(number) or not re.fullmatch(_USER, name):
        raise Failure(Reason.BAD_ADDRESS)
    return number, name


def _profile(about: Record) -> Profile:
    number, name = f"t2_{untrusted.text(about.get('id'), 20)}", untrusted.text(about.get("name"), 30)
    page = untrusted.record(about.get("subreddit"))
    return Profile(
        remote_id=f"{number} {name}",
        handle=f"u/{name}",
        host="www.reddit.com",
        address=f"{_SITE}/user/{name}",
        bio=untrusted.text(page.get("public_description")),
        followers=untrusted.count(page.get("subscribers")),
        actor_id=number,
    )


def _address(item: Record) -> str:
    path = untrusted.text(item.get("permalink"), 500)
    return f"{_SITE}{path}" if re.fullmatch(r"/(?:r|user|u)/[\w-]{1,50}/comments/[\w/%.-]{1,400}", path) else ""


def _thing(address: str) -> str:
    """The id of the post or comment in a permanent address: /r/garten/comments/<post>/<title>/<comment>/."""
    parts = address.removeprefix(_SITE).strip("/").split("/")
    if not address.startswith(f"{_SITE}/") or len(parts) < 4 or parts[2] != "comments":  # noqa: PLR2004
        return ""
    thing = f"t1_{parts[5]}" if len(parts) > 5 else f"t3_{parts[3]}"  # noqa: PLR2004
    return thing if _THING.match(thing) else ""
