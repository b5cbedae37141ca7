"""Facebook: public posts of pages, never of personal profiles, with numbers of reactions, comments and shares.

Source: https://developers.facebook.com/docs/graph-api/reference/page and *Page Public Content Access*, which the
operator's app needs. Who reacts is not asked for. The network counts the page's own comments in.
"""

import re
from collections.abc import Iterator
from datetime import date

from workers.networks import graph, untrusted
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.keyed import KeyedApi, counted, gone_if_unknown, links_in
from workers.networks.listing import Lists
from workers.networks.shape import Cost, Page, Post, Profile, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Posts, pages

_NAME = re.compile(r"[A-Za-z0-9.]{5,50}\Z")
_ID = re.compile(r"[0-9]{3,20}\Z")
_POST = re.compile(r"[0-9]{3,20}_[0-9]{1,20}\Z")
_PAGE = re.compile(r"https://(?:www\.|m\.)?facebook\.com/(?P<name>[^/?#\s]+)/?\Z")
_ADDRESS = "https://www.facebook.com/"
_FIELDS = "id,name,username,about,description,website,followers_count,is_published"
_POST_FIELDS = (
    "id,message,created_time,is_published,privacy,from,shares,"
    "reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count)"
)
_AT_ONCE = 50


class Facebook:
    """The network `facebook`. `remote_id` is the number of a page."""

    name = "facebook"
    needs: tuple[str, ...] = ("token",)
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=2, each=0)

    def __init__(self, token: str) -> None:
        self._token = token

    def find(self, client: Client, address: str) -> Profile:
        """The profile for the name or number of a page, or its address."""
        typed = address.strip()
        page = _PAGE.match(typed)
        name = page["name"] if page else typed.removeprefix("@")
        if not (_NAME.match(name) or _ID.match(name)) or name == "profile.php":
            raise Failure(Reason.BAD_ADDRESS)
        return _profile(self._page(client, name))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now."""
        try:
            found = _profile(self._page(client, remote_id))
        except Failure as failure:
            raise gone_if_unknown(failure) from None
        if found.remote_id != remote_id:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return found

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest public posts, at most 20."""
        run = _Run(graph.api(client, self._token), remote_id)
        posts, _ = run.feed(None)
        return (untrusted.text(post.get("message")) for post in posts[:20] if run.key(post))

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The page's own public posts with their numbers."""
        run = _Run(graph.api(client, self._token), remote_id)
        posts = Posts(run.feed, run.key, lambda post: run.read(post, since), lambda items: run.is_over(items, since))
        return pages(posts, Lists(), resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that are gone, or no longer public."""
        api = graph.api(client, self._token)
        ids = {address: address.removeprefix(_ADDRESS) for address in addresses if address.startswith(_ADDRESS)}
        own = {number for number in ids.values() if _POST.match(number) and number.startswith(f"{remote_id}_")}
        shown = {number for number in own if _is_shown(api, number)}
        return frozenset(address for address in addresses if ids.get(address) not in shown)

    def _page(self, client: Client, name: str) -> Record:
        return graph.api(client, self._token).ask(f"/{name}", {"fields": _FIELDS})


class _Run:
    """Reads one page once."""

    def __init__(self, api: KeyedApi, page: str) -> None:
        self._api = api
        self._page = page

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Posts of the page, newest first, and the cursor of the next ones."""
        asked: dict[str, str | int] = {"fields": _POST_FIELDS, "limit": _AT_ONCE}
        answer = self._api.ask(f"/{self._page}/posts", asked | ({"after": cursor} if cursor else {}))
        more = untrusted.record(answer.get("paging")).get("next")
        return untrusted.records(answer.get("data")), graph.after(answer) if more else None

    def key(self, post: Record) -> str:
        """The number of an own public post; empty for anything else."""
        number = untrusted.text(post.get("id"), 50)
        own = number.startswith(f"{self._page}_") and _POST.match(number)
        return number if own and _is_public(post) else ""

    def is_over(self, posts: list[Record], since: date) -> bool:
        """Whether the posts of a page lie before the window."""
        days = [day for post in posts if (day := self._api.day(post.get("created_time")))]
        return bool(days) and max(days) < since

    def read(self, post: Record, since: date) -> Reading | None:
        """A post with its numbers; shares are missing where there are none."""
        posted = self._api.day(post.get("created_time"))
        if posted is None or posted < since:
            return None
        numbers = {
            "like": _total(post, "reactions"),
            "reply": _total(post, "comments"),
            "repost": untrusted.record(post.get("shares")).get("count", 0),
        }
        reactions = [one for kind, number in numbers.items() for one in counted(kind, number)]
        complete = {kind for kind, number in numbers.items() if untrusted.count(number) is not None}
        made = Post(_ADDRESS + self.key(post), posted, untrusted.text(post.get("message")))
        return Reading(made, tuple(reactions), frozenset(complete))


def _total(post: Record, name: str) -> object:
    return untrusted.record(untrusted.record(post.get(name)).get("summary")).get("total_count")


def _is_public(post: Record) -> bool:
    """Published, and for everybody: a page can hide posts from countries or ages."""
    privacy = untrusted.record(post.get("privacy")).get("value", "EVERYONE")
    return post.get("is_published", True) is True and privacy in ("EVERYONE", "")


def _is_shown(api: KeyedApi, number: str) -> bool:
    try:
        return _is_public(api.ask(f"/{number}", {"fields": "id,is_published,privacy"}))
    except Failure as failure:
        if failure.reason in (Reason.UNKNOWN_ACCOUNT, Reason.GONE):
            return False
        raise


def _profile(page: Record) -> Profile:
    number, name = untrusted.text(page.get("id"), 50), untrusted.text(page.get("username"), 100)
    if not _ID.match(number):
        raise Failure(Reason.NOT_UNDERSTOOD)
    if page.get("is_published") is False:
        raise Failure(Reason.GONE)
    bio = "\n".join(untrusted.text(page.get(part)) for part in ("about", "description"))
    website = untrusted.text(page.get("website"), 500)
    return Profile(
        remote_id=number,
        handle=name if _NAME.match(name) else untrusted.text(page.get("name"), 100) or number,
        host="facebook.com",
        address=_ADDRESS + (name if _NAME.match(name) else number),
        bio=bio,
        links=tuple(dict.fromkeys([*links_in(website), *links_in(bio)])),
        followers=untrusted.count(page.get("followers_count")),
        actor_id=number,
    )
