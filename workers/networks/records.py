"""Which reaction a record of Bluesky was: when it is deleted, the network names only its author and its key.

Kept in memory alone and under a key of this process, so that nobody who reacted can be read from it; it ends with the
process, and what it does not know any more the daily reading finds.
"""

import os
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b

_MOST = 50_000
_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Reacted:
    """A reaction without who reacted: to which post (its key) of whom (a participant's DID), of which kind and day."""

    kind: str
    did: str = field(repr=False)
    post: str = field(repr=False)
    day: date


class Records:
    """The newest reactions by their records, at most 50,000 and for 30 days."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._kept: OrderedDict[bytes, Reacted] = OrderedDict()

    def keep(self, record: str, reacted: Reacted) -> None:
        """Remembers what a record (its author's DID, collection and key) was."""
        self._kept[self._index(record)] = reacted
        while len(self._kept) > _MOST or next(iter(self._kept.values())).day < reacted.day - _KEPT:
            self._kept.popitem(last=False)

    def find(self, record: str) -> Reacted | None:
        """What a record was; None for all the others that anybody deletes."""
        return self._kept.get(self._index(record))

    def __contains__(self, record: str) -> bool:
        """Whether a record is remembered."""
        return self._index(record) in self._kept

    def _index(self, record: str) -> bytes:
        return blake2b(record.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
