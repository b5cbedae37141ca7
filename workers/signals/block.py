"""Blocks of the inbox: statements about signals, packed, in an order that counts.

A statement of a kind of signal says which day and count a signal has, and 0 that it is not there. The others drop what
was said before them: a post, all posts, an actor; or say topics. The last statement about anything wins.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.models.inbox import STATEMENT, VERSION
from workers.scoring.signals import KINDS

Statements = npt.NDArray[np.void]

#: Everything of a post, with its topics.
DROP_POST = 255
#: Everything of the connection.
DROP_ALL = 254
#: Everything that an actor gave to the connection.
DROP_ACTOR = 253
#: The topics of a post; of all posts where the number is 0.
DROP_TOPICS = 252
#: The post has a topic, whose number stands in `count`.
TOPIC = 251

#: What the last score was made of is to be forgotten, of the whole person.
FORGET = 250

#: Kinds that one account gives to one post once: the day is not part of what makes them one signal.
ONCE = frozenset({"like", "repost", "endorsement"})
IS_ONCE = np.array([kind in ONCE for kind in KINDS])


class BrokenBlockError(ValueError):
    """A block of the inbox is of no known form."""


@dataclass(frozen=True)
class Statement:
    """One statement, to be packed."""

    kind: int
    post: int = 0
    actor: str | None = None
    """16 hex digits."""
    day: int = 0
    """Days since 1970-01-01."""
    count: int = 0

    @property
    def row(self) -> tuple[int, int, int, int, int, int]:
        """Its fields in the order of `STATEMENT`."""
        actor = int(self.actor, 16) if self.actor is not None else 0
        return self.kind, self.actor is not None, self.day, self.post, actor, self.count


def pack(statements: list[Statement]) -> bytes:
    """The bytes of a block."""
    return VERSION + np.array([one.row for one in statements], dtype=STATEMENT).tobytes()


def unpack(blocks: list[bytes]) -> tuple[Statements, npt.NDArray[np.int64]]:
    """All statements of the blocks in their order, and the place of each one's block. Raises `BrokenBlockError`."""
    for block in blocks:
        if block[:1] != VERSION or (len(block) - 1) % STATEMENT.itemsize:
            raise BrokenBlockError("a block of the inbox is of no known form")
    lengths = [len(block) // STATEMENT.itemsize for block in blocks]
    together = np.frombuffer(b"".join(block[1:] for block in blocks), dtype=STATEMENT)
    return together, np.repeat(np.arange(len(blocks)), lengths)
