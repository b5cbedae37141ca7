"""What a person's newest final score was made of, kept sealed until the next one: for what changed, and to check."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed
from privacy.vocabulary import About, Basis, Use


class ScoreBasis(Base):
    """The signals of the newest day that was scored after it had ended, one row a person."""

    __tablename__ = "score_basis"
    __holds__ = Holds(
        kind="basis of the score",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.INTEREST,
        exported=("subject_id", "day", "columns", "made_at"),
        rule=Rule(14, since="made_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    day: Mapped[date]
    columns: Mapped[Sealed]
    """JSON: signals as columns with their labels, who lent their standing, what was disputed."""
    made_at: Mapped[datetime]
