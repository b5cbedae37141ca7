"""Tumblr: public posts of a blog with their notes: likes, reblogs and replies with the blogs behind them, by API v2.

Source: https://github.com/tumblr/docs/blob/master/api.md. The key is a parameter of each request. Notes of the whole
tree of reblogs belong to a post; the network does not tell how old a blog is.
"""

import re
from collections.abc import Iterator
from datetime import date

from workers.networks import untrusted
from workers.networks.client import Client, Secret
from workers.networks.door import Actor, admitted, joined, plausible_day, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.keyed import KeyedApi, gone_if_unknown
from workers.networks.listing import Fetch, Lists
from workers.networks.markup import read_html
from workers.networks.shape import Cost, Page, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Posts, pages

_API = "https://api.tumblr.com/v2/blog"
_UUID = re.compile(r"t:[A-Za-z0-9_-]{5,40}\Z")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\Z")
_PAGE = re.compile(
    r"https://(?:(?:www\.)?tumblr\.com/(?P<path>[^/?#\s]+)|(?P<sub>[^./\s]+)\.tumblr\.com)/?\Z", re.IGNORECASE
)
_ID = re.compile(r"[0-9]{1,20}\Z")
_ADDRESS = "https://www.tumblr.com/"
_AT_ONCE = 20
_KINDS = {"like": "like", "reblog": "repost", "reply": "reply"}


class Tumblr:
    """The network `tumblr`. `remote_id` and the ids of who reacts are the ids of blogs (`t:…`): names can change."""

    name = "tumblr"
    needs: tuple[str, ...] = ("key",)
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=2, each=1)

    def __init__(self, key: str) -> None:
        self._secret = Secret(params={"api_key": key})

    def find(self, client: Client, address: str) -> Profile:
        """The profile for the name of a blog or the address of its page."""
        typed = address.strip()
        page = _PAGE.match(typed)
        name = (page["path"] or page["sub"] if page else typed.removeprefix("@").removesuffix(".tumblr.com")).lower()
        if not _NAME.match(name) or name == "www":
            raise Failure(Reason.BAD_ADDRESS)
        try:
            return _profile(self._blog(client, f"{name}.tumblr.com"))
        except Failure as failure:
            raise (Failure(Reason.UNKNOWN_ACCOUNT) if failure.reason is Reason.GONE else failure) from None

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now."""
        try:
            found = _profile(self._blog(client, remote_id))
        except Failure as failure:
            raise gone_if_unknown(failure) from None
        if found.remote_id != remote_id:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return found

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest own posts, at most 20."""
        run = _Run(self._api(client), remote_id)
        posts, _ = run.feed(None)
        return (_words(post) for post in posts if run.key(post))

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The own posts (no reblogs of others) with their notes."""
        run = _Run(self._api(client), remote_id, self.profile(client, remote_id).handle)
        posts = Posts(run.feed, run.key, lambda post: run.read(post, since), lambda items: run.is_over(items, since))
        return pages(posts, run.lists, resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that are gone."""
        api, gone = self._api(client), set()
        for address in addresses:
            number = address.rpartition("/")[2]
            if not _ID.match(number) or not address.startswith(_ADDRESS) or not self._shows(api, remote_id, number):
                gone.add(address)
        return frozenset(gone)

    def _shows(self, api: KeyedApi, remote_id: str, number: str) -> bool:
        try:
            posts = _posts(api.ask(f"/{remote_id}/posts", {"id": number}))
        except Failure as failure:
            if failure.reason is Reason.GONE:
                return False
            raise
        return any(_text(post, "id_string") == number and _is_public(post) for post in posts)

    def _blog(self, client: Client, name: str) -> Record:
        return untrusted.record(_response(self._api(client).ask(f"/{name}/info", {})).get("blog"))

    def _api(self, client: Client) -> KeyedApi:
        return KeyedApi(client, _API, self._secret, _refusal)


class _Run:
    """Reads one blog once."""

    def __init__(self, api: KeyedApi, blog: str, name: str = "") -> None:
        self.lists = Lists()
        self._name = name
        self._api = api
        self._blog = blog

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Posts of the blog, newest first, and from where the next ones go on (seconds since 1970)."""
        asked: dict[str, str | int] = {"limit": _AT_ONCE, "reblog_info": "true", "filter": "text"}
        posts = _posts(self._api.ask(f"/{self._blog}/posts", asked | ({"before": cursor} if cursor else {})))
        last = untrusted.quantity(posts[-1].get("timestamp")) if posts else None
        return posts, str(last) if last else None

    def key(self, post: Record) -> str:
        """The number of an own post; empty for a reblog of somebody else's, or what is not public."""
        passed_on = post.get("reblogged_from_id") or post.get("parent_post_url")
        number = _text(post, "id_string")
        return number if _is_public(post) and not passed_on and _ID.match(number) else ""

    def is_over(self, posts: list[Record], since: date) -> bool:
        """Whether the posts of a page lie before the window."""
        days = [day for post in posts if (day := self._day(post))]
        return bool(days) and max(days) < since

    def read(self, post: Record, since: date) -> Reading | None:
        """A post with its notes."""
        posted = self._day(post)
        if posted is None or posted < since:
            return None
        number, reactions, complete = _text(post, "id_string"), list[Reaction](), True
        if untrusted.count(post.get("note_count")) != 0:
            listing = self.lists.read("notes", self._notes(number), _note_key)
            found = [self._reaction(note, posted) for note in listing.items]
            reactions, complete = [one for one in found if one], listing.complete
        made = Post(f"{_ADDRESS}{self._name}/{number}", posted, _words(post))
        return Reading(made, joined(reactions), frozenset(_KINDS.values() if complete else ()))

    def _notes(self, number: str) -> Fetch:
        asked: dict[str, str | int] = {"id": number, "mode": "all"}

        def fetch(cursor: str | None) -> tuple[list[Record], str | None]:
            more: dict[str, str | int] = {"before_timestamp": cursor} if cursor else {}
            answer = _response(self._api.ask(f"/{self._blog}/notes", asked | more))
            following = untrusted.record(untrusted.record(answer.get("_links")).get("next"))
            before = untrusted.quantity(untrusted.record(following.get("query_params")).get("before_timestamp"))
            return untrusted.records(answer.get("notes")), str(before) if before else None

        return fetch

    def _reaction(self, note: Record, posted: date) -> Reaction | None:
        kind, author = _KINDS.get(_text(note, "type")), _text(note, "blog_uuid")
        day = reaction_day(untrusted.epoch(note.get("timestamp")), posted, self._api.today)
        if kind is None or day is None or not _UUID.match(author):
            return None
        return admitted(kind, Actor(author, author == self._blog, closed=False), posted, day)

    def _day(self, post: Record) -> date | None:
        return plausible_day(untrusted.epoch(post.get("timestamp")), self._api.today)


def _refusal(status: int, body: Record) -> Failure | None:
    """A blog that only shows itself to people who are signed in says so with 403 or a word of its own."""
    codes = {untrusted.count(each.get("code")) for each in untrusted.records(body.get("errors"))}
    return Failure(Reason.OPTED_OUT) if status in (403, 404) and codes & {4012, 13001} else None


def _response(body: Record) -> Record:
    found = untrusted.record(body.get("response"))
    if not found:
        raise Failure(Reason.NOT_UNDERSTOOD)
    return found


def _posts(body: Record) -> list[Record]:
    return untrusted.records(_response(body).get("posts"))


def _profile(blog: Record) -> Profile:
    number, name = _text(blog, "uuid"), _text(blog, "name")
    if not _UUID.match(number) or not _NAME.match(name):
        raise Failure(Reason.NOT_UNDERSTOOD)
    bio, links = read_html(untrusted.text(blog.get("description")))
    return Profile(
        remote_id=number,
        handle=name,
        host="tumblr.com",
        address=f"{_ADDRESS}{name}",
        bio=bio,
        links=tuple(link.href for link in links),
        actor_id=number,
    )


def _is_public(post: Record) -> bool:
    """Posts for everybody: no drafts, nothing private or waiting."""
    return post.get("state", "published") == "published" and post.get("is_private") is not True


def _words(post: Record) -> str:
    parts = [untrusted.text(post.get(name)) for name in ("title", "summary", "caption", "body")]
    return "\n".join(dict.fromkeys(part for part in parts if part))


def _note_key(note: Record) -> str:
    """What makes a note one; replies of one blog differ by their moment."""
    return f"{_text(note, 'type')} {_text(note, 'blog_uuid')} {note.get('timestamp')}"


def _text(item: Record, name: str) -> str:
    return untrusted.text(item.get(name), 300)
