"""The inbox: what was read since the last fold, one sealed block of statements a page; the fold empties it."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed
from privacy.vocabulary import About, Basis, Use


class Inbox(Base):
    """Statements about one person's signals, in the order of the ids; what they say: `workers.signals.block`."""

    __tablename__ = "inbox"
    __holds__ = Holds(
        kind="signals of today",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.INTEREST,
        exported=("subject_id", "connection_id", "made_at"),
        withheld={
            "id": "an order of arrival",
            "urgent": "says only how soon the bucket is folded",
            "block": "its signals are exported with all others, as the kind signals",
        },
        rule=Rule(91, since="made_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    connection_id: Mapped[str | None] = mapped_column(ForeignKey("connection.id"), index=True)
    """Whose posts the statements are about; None: they are about all of the person's."""
    made_at: Mapped[datetime]
    urgent: Mapped[bool] = mapped_column(index=True)
    """Something is to go from the files and not only from the scores: the schedule has the bucket folded at once."""
    block: Mapped[Sealed]
    """Packed statements, bound to person and connection."""
