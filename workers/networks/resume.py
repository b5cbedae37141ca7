"""Remembers where a collecting run stopped: the page of the feed and the last post that was handled on it."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from workers.networks.failure import Failure, Reason
from workers.networks.untrusted import Record

Feed = Callable[[str | None], tuple[list[Record], str | None]]
"""Takes the cursor of a page (None: the newest) and gives its items and the cursor of the next (None: the end)."""

_LONGEST = 2000


@dataclass(frozen=True)
class Place:
    """A place in a feed: the network's own cursor of a page (None: the newest), and the id of the last post handled."""

    cursor: str | None = None
    after: str = ""

    def __str__(self) -> str:
        return json.dumps([self.cursor, self.after])


def place(resume: str | None) -> Place:
    """The place that `str()` of one wrote down; the start of the feed for nothing or for what cannot be read."""
    try:
        cursor, after = json.loads(resume or "")
    except (ValueError, TypeError, RecursionError):
        return Place()
    known = isinstance(after, str) and (cursor is None or isinstance(cursor, str))
    return Place(cursor, after) if known and len(resume or "") <= _LONGEST else Place()


def opened(feed: Feed, start: Place) -> tuple[list[Record], str | None, Place]:
    """The page of a place, the cursor after it, and the place itself. Raises Failure.

    A cursor that the server does not know any more (a deleted post, a new version) must neither stop all later runs
    nor look like an account that is gone: then it is the start of the feed.
    """
    try:
        return (*feed(start.cursor), start)
    except Failure as failure:
        if start.cursor is None or failure.reason in (Reason.RATE_LIMITED, Reason.REFUSED_ADDRESS):
            raise
        return (*feed(None), Place())


def rest(ids: list[str], after: str) -> list[str]:
    """The ids that come after the last one handled; all of them where that one is not there (deleted meanwhile)."""
    return ids[ids.index(after) + 1 :] if after in ids else ids
