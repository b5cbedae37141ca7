"""Reads public lists to their end, page by page, and says honestly whether it got there.

One `Lists` serves one run: it forgives a few broken lists (a server that fails on one post must not hide all older
ones) until the run is over, and does not ask again for a kind of list that the server shows to nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workers.networks.failure import Failure, Reason
from workers.networks.untrusted import Record

Fetch = Callable[[str | None], tuple[list[Record], str | None]]
"""Takes an opaque cursor (None: the start) and gives the items of that page and the next cursor (None: the end)."""

PAGES = 50
FORGIVEN = 3
_BROKEN = frozenset({Reason.UNREACHABLE, Reason.NOT_UNDERSTOOD})


@dataclass(frozen=True)
class Listing:
    """What was read of a list, without duplicates, and whether it is all of it."""

    items: tuple[Record, ...]
    complete: bool


UNREAD = Listing((), complete=False)


class Lists:
    """The lists of one run. `idle_pages` pages without anything new end a list that says there is more."""

    def __init__(self, idle_pages: int = 1) -> None:
        self._idle_pages = idle_pages
        self._broken = 0
        self._closed: set[str] = set()

    def read(self, kind: str, fetch: Fetch, key: Callable[[Record], str], least: int | None = None) -> Listing:
        """The whole list. Raises Failure where the run has to end: rate limit, refused address, too much broken.

        `least` is the public count where there is one: a list that breaks off below it is incomplete.
        """
        if kind in self._closed:
            return UNREAD
        try:
            return self._read(fetch, key, least or 0)
        except Failure as failure:
            self._forgive(kind, failure)
            return UNREAD

    def settle(self) -> None:
        """At the end of a run: raises Failure where lists broke, since what was read is not all there is."""
        if self._broken:
            raise Failure(Reason.INCOMPLETE)

    def _forgive(self, kind: str, failure: Failure) -> None:
        if failure.reason in (Reason.RATE_LIMITED, Reason.REFUSED_ADDRESS):
            raise failure
        if failure.reason == Reason.LOGIN_REQUIRED:
            self._closed.add(kind)
        self._broken += failure.reason in _BROKEN
        if self._broken > FORGIVEN:
            raise failure

    def _read(self, fetch: Fetch, key: Callable[[Record], str], least: int) -> Listing:
        found: dict[str, Record] = {}
        cursor: str | None = None
        idle = 0
        for _ in range(PAGES):
            items, cursor = fetch(cursor)
            before = len(found)
            for item in items:
                found.setdefault(key(item), item)
            if cursor is None:
                return Listing(tuple(found.values()), complete=True)
            idle = 0 if len(found) > before else idle + 1
            if idle == self._idle_pages:
                # Nothing new, yet "there is more": some servers say so on their last page, others have lost the rest.
                return Listing(tuple(found.values()), complete=len(found) >= least)
        return Listing(tuple(found.values()), complete=False)
