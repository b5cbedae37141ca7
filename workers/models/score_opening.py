"""What opens the commitment to one person's score of one day: its place and salt. It goes with the score."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Use
from workers.models.score_root import DAYS


class ScoreOpening(Base):
    """Where a score of a day stands under that day's root, and the salt of its commitment."""

    __tablename__ = "score_opening"
    __holds__ = Holds(
        kind="proofs of scores",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.EXPLICIT_CONSENT,
        exported=("subject_id", "day", "place", "salt", "made_at"),
        rule=Rule(DAYS, since="made_at"),
    )
    __table_args__ = (Index("ix_score_opening_day_place", "day", "place"),)

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    place: Mapped[int]
    """Among the commitments of the day, whose order is that of their hashes: it says nothing about another day."""
    salt: Mapped[str]
    """32 random bytes in hex."""
    made_at: Mapped[datetime]
