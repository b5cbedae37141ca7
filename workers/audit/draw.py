"""Drawing lots that nobody can choose: from the root of a day's scores and a number of the auditor's own.

The root is in the log before the auditor names the number, and the auditor does not know who stands at which place.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import count

_FORMAT = "klarwert-draw/1"
_BITS = 256


def places(day: str, root: str, number: str, people: int) -> Iterator[int]:
    """All places from 0 to `people` - 1 in the order of the lots, each once.

    Lot i is SHA-256 over the lines `klarwert-draw/1`, day (ISO), root (hex), number and i, read as a number. Lots
    beyond the largest multiple of `people` are left out, so that every place is as likely as any other.
    """
    seen: set[int] = set()
    limit = (1 << _BITS) // people * people if people else 0
    for turn in count():
        if len(seen) == people:
            return
        lot = int.from_bytes(sha256("\n".join((_FORMAT, day, root, number, str(turn))).encode()).digest())
        place = lot % people
        if lot < limit and place not in seen:
            seen.add(place)
            yield place
