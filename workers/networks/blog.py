"""Blogs: the public posts in their feed (RSS, Atom). Reactions come as webmentions; nothing is counted here.

Source: RFC 4287 (Atom), RFC 5005 (pages of a feed), microformats.org/wiki/rel-me. A blog is known by the address of its
home page; only what lies on the same host are posts of it.
"""

import calendar
from collections.abc import Iterator
from datetime import date, datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any

import feedparser

from workers.networks import untrusted
from workers.networks.client import Client, Document
from workers.networks.door import plausible_day
from workers.networks.failure import Failure, Reason
from workers.networks.guard import origin, parsed
from workers.networks.listing import Lists
from workers.networks.marks import Unchanged
from workers.networks.markup import read_html
from workers.networks.shape import Cost, Page, Post, Profile, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Posts, pages
from workers.networks.webpage import WebPage, read_page

_HTML = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_FEED = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_FEEDS = ("application/atom+xml", "application/rss+xml", "application/feed+xml")
_CLOSED = frozenset({401, 402, 403, 407, 451})
_MISSING = frozenset({404, 410})
_MOST_ENTRIES = 500


class Blog:
    """The network `blog`. `remote_id` is the address of the home page; who reacts (by webmention) is known by host."""

    name = "blog"
    needs: tuple[str, ...] = ()
    proofs = frozenset({"bio", "dns", "file", "rel_me", "post"})
    cost = Cost(once=4, each=0)

    def find(self, client: Client, address: str) -> Profile:
        """The website at an address, with or without https://; whether it is a blog with a feed, `profile` asks."""
        typed = address.strip()
        host, _, path = typed.removeprefix("https://").removeprefix("http://").partition("/")
        try:
            url = parsed(f"https://{host.lower()}/{path}")
            named = url.netloc.decode("ascii")
        except (Failure, UnicodeError):
            raise Failure(Reason.BAD_ADDRESS) from None
        if "." not in named or "@" in host or " " in typed or url.query or url.fragment:
            raise Failure(Reason.BAD_ADDRESS)
        home = f"{client.origin(named)}{url.path}"
        try:
            document = _asked(client, home, _HTML)
        except Failure as failure:
            if failure.reason == Reason.GONE:
                raise Failure(Reason.UNKNOWN_ACCOUNT) from None
            raise
        return _profile(document)

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The home page of now. Raises Failure(MOVED) where it leads to another one."""
        document = _asked(client, remote_id, _HTML)
        _feed_of(read_page(document))
        found = _profile(document)
        if found.remote_id != remote_id:
            raise Failure(Reason.MOVED)
        return found

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest 20 entries of the feed."""
        items, _ = _Run(client, remote_id, date.min).feed(None)
        return (untrusted.text(item.get("text")) for item in items[:20])

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The posts in the feed. Their reactions are webmentions, so no list is ever complete here."""
        run = _Run(client, remote_id, since, anew=resume is not None)
        try:
            yield from pages(
                Posts(run.feed, lambda item: str(item["address"]), run.reading, run.is_over), run.lists, resume
            )
        except Unchanged:
            yield Page((), None, unchanged=True)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given pages that are gone or closed, by one request each."""
        return frozenset(address for address in addresses if not _shows(client, remote_id, address))


class _Run:
    """Reads one blog once."""

    def __init__(self, client: Client, remote_id: str, since: date, *, anew: bool = True) -> None:
        self.lists = Lists()
        self._anew = anew
        self._client = client
        self._home = remote_id
        self._since = since
        self._today = client.now().date()
        self._feed = ""

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """A page of the feed, and the address of the next. Only the host of the feed is asked for further pages."""
        self._feed = self._feed or _feed_of(read_page(_asked(self._client, self._home, _HTML)))
        if cursor is not None and _origin(cursor) != _origin(self._feed):
            raise Failure(Reason.NOT_UNDERSTOOD)
        marks = self._client.marks
        known = "" if cursor or self._anew else marks.known(self._feed)
        document = _asked(self._client, cursor or self._feed, _FEED, known)
        if document.status == HTTPStatus.NOT_MODIFIED:
            marks.keep(self._feed)
            raise Unchanged
        read = _parsed_feed(document)
        entries = [_entry(each) for each in read.entries[:_MOST_ENTRIES]]
        onward = [link.get("href", "") for link in read.feed.get("links", []) if link.get("rel") == "next"]
        following = next((each for each in onward if _origin(each) == _origin(self._feed)), None)
        if cursor is None and following is None:
            marks.note(self._feed, document.headers)
        return [each for each in entries if _origin(str(each["address"])) == _origin(self._home)], following

    def is_over(self, items: list[Record]) -> bool:
        """Whether everything on a page lies before the window."""
        return all((self._day(item) or date.min) < self._since for item in items)

    def _day(self, item: Record) -> date | None:
        moment = item.get("moment")
        return plausible_day(moment, self._today) if isinstance(moment, datetime) else None

    def reading(self, item: Record) -> Reading | None:
        """A post, without reactions."""
        posted = self._day(item)
        if posted is None or posted < self._since:
            return None
        return Reading(Post(str(item["address"]), posted, untrusted.text(item.get("text"))), (), frozenset())


def _asked(client: Client, address: str, accept: str, unless: str = "") -> Document:
    """A page or feed that everybody can read; with `unless` perhaps without a body. Raises Failure."""
    document = client.get_document(address, accept, unless)
    if unless and document.status == HTTPStatus.NOT_MODIFIED:
        return document
    if document.status in _MISSING:
        raise Failure(Reason.GONE)
    if document.status in _CLOSED:
        raise Failure(Reason.LOGIN_REQUIRED)
    if document.status != HTTPStatus.OK:
        raise Failure(Reason.NOT_UNDERSTOOD)
    return document


def _profile(document: Document) -> Profile:
    page = read_page(document)
    home = parsed(document.address).copy_with(fragment=None, query=None)
    host = home.netloc.decode("ascii")
    metas = (page.metas.get(name, "") for name in ("description", "klarwert"))
    return Profile(
        remote_id=str(home),
        handle=f"{host}{home.path}".rstrip("/"),
        host=host,
        address=str(home),
        bio="\n".join(meta for meta in metas if meta),
        links=page.named("me"),
        domain=host if home.path == "/" else "",
        actor_id=host,
    )


def _feed_of(page: WebPage) -> str:
    """The address of the first feed that a page names. Raises Failure where it names none."""
    feeds = [each.address for each in page.targets if "alternate" in each.rel and each.type in _FEEDS]
    if not feeds:
        raise Failure(Reason.NOT_UNDERSTOOD)
    return feeds[0]


def _parsed_feed(document: Document) -> Any:
    """What the library reads. It is given a stream: a text it might take for an address or a file."""
    headers = {
        "content-type": document.headers.get("content-type", ""),
        "content-location": document.address,
    }
    try:
        read = feedparser.parse(BytesIO(document.body), response_headers=headers)
    except Exception:  # The library promises no kind, and hostile feeds bring about many.
        raise Failure(Reason.NOT_UNDERSTOOD) from None
    if not read.get("version"):
        raise Failure(Reason.NOT_UNDERSTOOD)
    return read


def _entry(entry: Any) -> Record:
    texts = [entry.get("title"), entry.get("summary"), *(each.get("value") for each in entry.get("content", []))]
    plain = dict.fromkeys(read_html(text)[0] for text in texts if text)
    return {
        "address": untrusted.text(entry.get("link"), 1000),
        "moment": _moment(entry.get("published_parsed") or entry.get("updated_parsed")),
        "text": "\n".join(text for text in plain if text),
    }


def _moment(parts: Any) -> datetime | None:
    try:
        return None if parts is None else untrusted.epoch(calendar.timegm(parts))
    except (TypeError, ValueError, OverflowError):
        return None


def _origin(address: str) -> str:
    try:
        return origin(parsed(address))
    except Failure:
        return ""


def _shows(client: Client, home: str, address: str) -> bool:
    if _origin(address) != _origin(home):
        return False
    try:
        return _origin(_asked(client, address, _HTML).address) == _origin(home)
    except Failure as failure:
        if failure.reason in (Reason.GONE, Reason.LOGIN_REQUIRED):
            return False
        raise
