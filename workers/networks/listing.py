"""Reads public lists to their end, page by page, and says honestly whether it got there.

One `Lists` serves one run: it forgives a few broken lists (a server that fails on one post must not hide all older
ones) until the run is over, and does not ask again for a kind of list that the server shows to nobody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workers.networks.failure import Failure, Reason
from workers.networks.marks import Unchanged
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
    short: int = 0
    """How many the network counts beyond those that it listed."""


UNREAD = Listing((), complete=False)
SAME = Listing((), complete=False)
"""The list that `Unchanged` says has not changed: nothing is added, and nothing is forgotten."""


class Lists:
    """The lists of one run. `idle_pages` pages without anything new end a list that says there is more."""

    def __init__(self, idle_pages: int = 1) -> None:
        self._idle_pages = idle_pages
        self._broken = 0
        self._closed: set[str] = set()

    def read(
        self,
        kind: str,
        fetch: Fetch,
        key: Callable[[Record], str],
        least: int | None = None,
        others: Sequence[Fetch] = (),
    ) -> Listing:
        """The whole list. Raises Failure where the run has to end: rate limit, refused address, too much broken.

        `least` is the public count where there is one: a list that breaks off below it is incomplete. `others` read
        the same list by pages of other sizes. Some servers lose what is alike on both sides of the border between two
        pages: where a list of several pages is short, it is read that way too, until nothing more comes to light.
        """
        if kind in self._closed:
            return replace(UNREAD, short=least or 0)
        try:
            return self._joined((fetch, *others), key, least or 0)
        except Unchanged:
            return SAME
        except Failure as failure:
            self._forgive(kind, failure)
            return replace(UNREAD, short=least or 0)

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

    def _joined(self, fetches: Sequence[Fetch], key: Callable[[Record], str], least: int) -> Listing:
        first, pages = self._read(fetches[0], key, least)
        found = {key(item): item for item in first.items}
        more = first.complete and pages > 1
        for fetch in fetches[1:]:
            if not more or len(found) >= least:
                break
            before = len(found)
            again, _ = self._read(fetch, key, least)
            found |= {key(item): item for item in again.items}
            more = again.complete and len(found) > before
        # Where the last way to read brought something to light, there may be still more.
        lost = len(fetches) > 1 and more and len(found) < least
        return Listing(tuple(found.values()), first.complete and not lost, max(least - len(found), 0))

    def _read(self, fetch: Fetch, key: Callable[[Record], str], least: int) -> tuple[Listing, int]:
        """What a list has, and on how many pages."""
        found: dict[str, Record] = {}
        cursor: str | None = None
        idle = 0
        for page in range(1, PAGES + 1):
            items, cursor = fetch(cursor)
            before = len(found)
            for item in items:
                found.setdefault(key(item), item)
            if cursor is None:
                return Listing(tuple(found.values()), complete=True), page
            idle = 0 if len(found) > before else idle + 1
            if idle == self._idle_pages:
                # Nothing new, yet "there is more": some servers say so on their last page, others have lost the rest.
                return Listing(tuple(found.values()), complete=len(found) >= least), page
        return Listing(tuple(found.values()), complete=False), PAGES
