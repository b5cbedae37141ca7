"""Walks through an account's posts from the newest to the end of the window, a page for each, so that it can go on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
