"""Walks through an account's posts from the newest to the end of the window, a page for each, so that it can go on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from workers.networks.client import Client
from workers.networks.listing import Lists
from workers.networks.resume import Feed, Place, opened, place, rest
from workers.networks.shape import Page, Reading
from workers.networks.untrusted import Record


@dataclass(frozen=True)
class Posts:
    """How the posts of an account are read. A feed gives them newest first."""

    feed: Feed
    key: Callable[[Record], str]
    """The id of an item of the feed; empty for what is no post of the account."""
    read: Callable[[Record], Reading | None]
    """The post with its reactions; None for what is not public or not in the window."""
    is_over: Callable[[list[Record]], bool]
    """Whether everything after this page of the feed lies before the window."""


def pages(posts: Posts, lists: Lists, resume: str | None) -> Iterator[Page]:
    """A page for each post, and an empty one without `resume` when all is read. Raises Failure.

    `lists` are those of the run: where some of them broke, the run ends with Failure(INCOMPLETE).
    """
    seen: set[str] = set()
    items, following, start = opened(posts.feed, place(resume))
    while True:
        found = {key: item for item in items if (key := posts.key(item)) and key not in seen}
        seen.update(found)
        for key in rest(list(found), start.after):
            reading = posts.read(found[key])
            if reading is not None:
                yield Page((reading,), str(Place(start.cursor, key)))
        if following is None or following == start.cursor or not items or posts.is_over(items):
            break
        start = Place(following)
        items, following = posts.feed(following)
    yield Page((), None)
    lists.settle()


class Run(Protocol):
    """One account, read once: its feed, newest first, and what an item of it is."""

    lists: Lists

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """A page of the feed and the cursor of the next."""

    def key(self, item: Record) -> str:
        """The id of an item; empty for what is no public post of the account."""

    def text(self, item: Record) -> str:
        """What an item says."""

    def reading(self, item: Record) -> Reading | None:
        """The post with its reactions; None for what is not in the window."""

    def is_over(self, items: list[Record]) -> bool:
        """Whether everything after this page of the feed lies before the window."""

    def shown(self, addresses: list[str]) -> set[str]:
        """Those of the given posts of the account that everybody can still see."""


class Walked(ABC):
    """What is the same in every network of which one `Run` reads everything."""

    @abstractmethod
    def _run(self, client: Client, remote_id: str, since: date) -> Run:
        """A run over one account."""

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest 20 posts."""
        run = self._run(client, remote_id, date.min)
        items, _ = run.feed(None)
        return (run.text(item) for item in items[:20] if run.key(item))

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The posts of the window with their reactions."""
        run = self._run(client, remote_id, since)
        return pages(Posts(run.feed, run.key, run.reading, run.is_over), run.lists, resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that are deleted, removed or no longer public."""
        return frozenset(addresses) - self._run(client, remote_id, date.min).shown(addresses)
