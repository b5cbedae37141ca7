"""Instagram: public posts of professional accounts with numbers of likes and comments, by Business Discovery.

Source: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/business-discovery.
The operator's own professional account asks for another one by its name; personal accounts cannot be asked for at all.
Who reacts is not told.
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

_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.]{0,28}[a-z0-9_])?\Z")
_ID = re.compile(r"[0-9]{3,25}\Z")
_CURSOR = re.compile(r"[A-Za-z0-9_=-]{1,1000}\Z")
_PAGE = re.compile(r"https://(?:www\.)?instagram\.com/(?P<name>[^/?#\s]+)/?\Z")
_POST = re.compile(r"https://www\.instagram\.com/(?:p|reel)/[A-Za-z0-9_-]{5,20}/\Z")
_FIELDS = "id,username,biography,website,followers_count"
_MEDIA = "id,permalink,timestamp,caption,like_count,comments_count,username"
_AT_ONCE = 50
#: So many pages of posts are looked through for old ones.
_LOOKED_THROUGH = 10


class Instagram:
    """The network `instagram`. `remote_id` is "number name": the name is asked for, and the number compared."""

    name = "instagram"
    needs: tuple[str, ...] = ("account", "token")
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=2, each=0)

    def __init__(self, account: str, token: str) -> None:
        self._account = account
        self._token = token

    def find(self, client: Client, address: str) -> Profile:
        """The profile for `@name`, `name` or the address of its page."""
        typed = address.strip()
        page = _PAGE.match(typed)
        name = (page["name"] if page else typed.removeprefix("@")).lower()
        if not _NAME.match(name):
            raise Failure(Reason.BAD_ADDRESS)
        return _profile(self._ask(client, name, _FIELDS))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now. Raises Failure(GONE) where the name belongs to another account now."""
        number, _, name = remote_id.partition(" ")
        try:
            found = _profile(self._ask(client, name, _FIELDS))
        except Failure as failure:
            raise gone_if_unknown(failure) from None
        if found.remote_id != f"{number} {name}":
            raise Failure(Reason.GONE)
        return found

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Captions of the newest public posts, at most 20."""
        posts, _ = self._feed(client, remote_id, None)
        return (untrusted.text(post.get("caption")) for post in posts[:20])

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The public posts with their numbers."""
        api = graph.api(client, self._token)
        posts = Posts(
            lambda cursor: self._feed(client, remote_id, cursor),
            _key,
            lambda post: _read(api, post, since),
            lambda items: _is_over(api, items, since),
        )
        return pages(posts, Lists(), resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that are not among the account's newest any more."""
        left, cursor = set(addresses), None
        for _ in range(_LOOKED_THROUGH if addresses else 0):
            posts, cursor = self._feed(client, remote_id, cursor)
            left -= {_key(post) for post in posts}
            if not left or cursor is None:
                break
        return frozenset(left)

    def _feed(self, client: Client, remote_id: str, cursor: str | None) -> tuple[list[Record], str | None]:
        number, _, name = remote_id.partition(" ")
        from_there = f".after({cursor})" if cursor and _CURSOR.match(cursor) else ""
        if cursor and not from_there:
            raise Failure(Reason.NOT_UNDERSTOOD)
        found = self._ask(client, name, f"id,media{from_there}.limit({_AT_ONCE}){{{_MEDIA}}}")
        if untrusted.text(found.get("id"), 50) != number:
            raise Failure(Reason.GONE)
        media = untrusted.record(found.get("media"))
        following = graph.after(media)
        own = [post for post in untrusted.records(media.get("data")) if post.get("username", name) == name]
        return own, following if following != cursor else None

    def _ask(self, client: Client, name: str, fields: str) -> Record:
        asked: dict[str, str | int] = {"fields": f"business_discovery.username({name}){{{fields}}}"}
        answer = graph.api(client, self._token).ask(f"/{self._account}", asked)
        return untrusted.record(answer.get("business_discovery"))


def _key(post: Record) -> str:
    """The address of a post; empty for what has none."""
    address = untrusted.text(post.get("permalink"), 200)
    return address if _POST.match(address) else ""


def _is_over(api: KeyedApi, posts: list[Record], since: date) -> bool:
    days = [day for post in posts if (day := api.day(post.get("timestamp")))]
    return bool(days) and max(days) < since


def _read(api: KeyedApi, post: Record, since: date) -> Reading | None:
    """A post with its numbers; the number of likes is missing where its owner hides it."""
    posted = api.day(post.get("timestamp"))
    if posted is None or posted < since:
        return None
    numbers = {"like": post.get("like_count"), "reply": post.get("comments_count")}
    reactions = [one for kind, number in numbers.items() for one in counted(kind, number)]
    complete = {kind for kind, number in numbers.items() if untrusted.count(number) is not None}
    return Reading(Post(_key(post), posted, untrusted.text(post.get("caption"))), tuple(reactions), frozenset(complete))


def _profile(account: Record) -> Profile:
    number, name = untrusted.text(account.get("id"), 50), untrusted.text(account.get("username"), 50).lower()
    if not _ID.match(number) or not _NAME.match(name):
        raise Failure(Reason.NOT_UNDERSTOOD)
    bio = untrusted.text(account.get("biography"))
    return Profile(
        remote_id=f"{number} {name}",
        handle=f"@{name}",
        host="instagram.com",
        address=f"https://www.instagram.com/{name}/",
        bio=bio,
        links=tuple(dict.fromkeys([*links_in(untrusted.text(account.get("website"), 500)), *links_in(bio)])),
        followers=untrusted.count(account.get("followers_count")),
        actor_id=number,
    )
