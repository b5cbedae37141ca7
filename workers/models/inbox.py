"""The inbox: what was read since the last fold, one sealed block of statements a page; the fold empties it."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import numpy as np
from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed
from privacy.vocabulary import About, Basis, Use

VERSION = b"\x01"
#: One statement. `known` says whether `actor` is one, or the signal was only counted; days since 1970-01-01.
STATEMENT = np.dtype(
    [("kind", "u1"), ("known", "u1"), ("day", "<u2"), ("post", "<u4"), ("actor", "<u8"), ("count", "<i8")]
)


def read_block(block: bytes) -> list[dict[str, Any]]:
    """A block as rows that can be read; `workers.signals.block` says what they mean."""
    rows = np.frombuffer(block[len(VERSION) :], dtype=STATEMENT).tolist()
    return [
        {
            "kind": kind,
            "day": (date(1970, 1, 1) + timedelta(days=day)).isoformat(),
            "post": post,
            "actor": f"{actor:016x}" if known else None,
            "count": count,
        }
        for kind, known, day, post, actor, count in rows
    ]


class Inbox(Base):
    """Statements about one person's signals, in the order of the ids; what they say: `workers.signals.block`."""

    __tablename__ = "inbox"
    __holds__ = Holds(
        kind="signals of today",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.INTEREST,
        exported=("subject_id", "connection_id", "made_at", "block"),
        withheld={
            "id": "an order of arrival",
            "urgent": "says only how soon the bucket is folded",
        },
        rule=Rule(91, since="made_at"),
    )
    #: The database gives the id, in the order of arrival.
    __sealed_by__: ClassVar[tuple[str, ...]] = ("subject_id",)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    connection_id: Mapped[str | None] = mapped_column(ForeignKey("connection.id"), index=True)
    """Whose posts the statements are about; None: they are about all of the person's."""
    made_at: Mapped[datetime]
    urgent: Mapped[bool] = mapped_column(index=True)
    """Something is to go from the files and not only from the scores: the schedule has the bucket folded at once."""
    block: Mapped[Sealed] = mapped_column(info={"reads": read_block})
    """`VERSION` and packed `STATEMENT`s."""
