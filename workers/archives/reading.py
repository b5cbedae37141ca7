"""Reads one archive as that of the network that its person named, and sums up what counts."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol, cast

from workers.archives import google_plus, instagram, linkedin, x
from workers.archives.found import MOST_POSTS, Counted, RefusedError, Why, Window
from workers.archives.packed import Limits, Packed
from workers.scoring.signals import LARGEST_COUNT


class Reader(Protocol):
    """How the archive of one network is read: one file, two verbs."""

    def is_one(self, packed: Packed) -> bool:
        """Is this an archive of the network?"""

    def read(self, packed: Packed, window: Window, /) -> Iterator[Counted]:
        """The counts of own posts in the window. Raises RefusedError."""


#: The networks whose archive can be brought, by name.
READERS: Mapping[str, Reader] = {
    "linkedin": cast("Reader", linkedin),
    "x": cast("Reader", x),
    "instagram": cast("Reader", instagram),
    "google_plus": cast("Reader", google_plus),
}


def read(file: io.RawIOBase, network: str, window: Window, limits: Limits | None = None) -> list[Counted]:
    """The counts of an archive, one for each post and kind, newest post first. Raises RefusedError."""
    packed = Packed(file, limits)
    reader = READERS[network]
    if not reader.is_one(packed):
        raise RefusedError(Why.OTHER)
    sums: Counter[tuple[str, str]] = Counter()
    days: dict[str, date] = {}
    for one in reader.read(packed, window):
        days.setdefault(one.address, one.day)
        # A post that is in two parts of an archive is one post: the higher number is the newer.
        sums[one.address, one.kind] = min(max(sums[one.address, one.kind], one.count), LARGEST_COUNT)
        if len(days) > MOST_POSTS:
            raise RefusedError(Why.TOO_LARGE)
    if not sums:
        raise RefusedError(Why.NOTHING_NEW)
    found = [Counted(address, days[address], kind, count) for (address, kind), count in sums.items()]
    return sorted(found, key=lambda one: (one.day, one.address, one.kind), reverse=True)
