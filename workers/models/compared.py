"""In which tenth a person stands among those who agreed to be compared: of the newest whole day only."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed
from privacy.vocabulary import About, Basis, Use


class Compared(Base):
    """One person's tenths; counts only while the `Comparison` of its day has an average."""

    __tablename__ = "compared"
    __holds__ = Holds(
        kind="tenths",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=("subject_id", "day", "tenth", "topics", "made_at"),
        rule=Rule(2, since="made_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    day: Mapped[date]
    tenth: Mapped[int]
    """1 to 10: in the tenth with the most points, in the next, and so on."""
    topics: Mapped[Sealed | None]
    """JSON: topic to the tenth among those with influence on it, of topics on which at least ten have some."""
    made_at: Mapped[datetime]
