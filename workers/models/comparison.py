"""What those who agreed to be compared see of one another: an average of a day (R43)."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use


class Comparison(Base):
    """The comparison of one day: made once, and never made anew for the same day."""

    __tablename__ = "comparison"
    __holds__ = Holds(
        kind="averages",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("day", "average", "made_at"), "about nobody"),
        rule=Rule(2, since="made_at"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    average: Mapped[int | None]
    """Points, rounded; empty where fewer than ten are compared, and once one of them has left."""
    made_at: Mapped[datetime]
