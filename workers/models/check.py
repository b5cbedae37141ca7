"""A check of a day's scores: how many of a random sample were recomputed, and how many were not as stored."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use

_TWO_YEARS = 730


class ScoreCheck(Base):
    """The check of one day, about nobody."""

    __tablename__ = "score_check"
    __holds__ = Holds(
        kind="checks of scores",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("day", "done_at", "checked", "wrong"), "about nobody"),
        rule=Rule(_TWO_YEARS, since="done_at"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    done_at: Mapped[datetime]
    checked: Mapped[int]
    """Scores that were recomputed."""
    wrong: Mapped[int]
    """How many of them were not what their signals give: above 0 it is an alarm."""
