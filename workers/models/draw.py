"""A sample that an auditor drew: from the day's root and a number of their own, so that nobody could choose it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, new_id
from privacy.vocabulary import About, Basis, Use

_YEAR = 366


class Draw(Base):
    """One draw: one a day and auditor, or numbers could be tried until the wanted person comes."""

    __tablename__ = "draw"
    __holds__ = Holds(
        kind="draws of auditors",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=("subject_id", "day", "root", "number", "people", "size", "drawn_at"),
        withheld={"id": "a random number by which the drawn scores point at the draw"},
        rule=Rule(_YEAR, since="drawn_at"),
    )
    __table_args__ = (UniqueConstraint("subject_id", "day"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    """Of the auditor."""
    day: Mapped[date]
    root: Mapped[str]
    number: Mapped[str]
    """What the auditor typed."""
    people: Mapped[int]
    size: Mapped[int]
    """How many were asked for."""
    drawn_at: Mapped[datetime]
