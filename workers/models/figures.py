"""Numbers over everybody's scores of one day, made so that nobody can be read from them (R43)."""

from datetime import date, datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use

_TWO_YEARS = 730


class Figures(Base):
    """How scores are spread, and the shares of networks and kinds, on one day."""

    __tablename__ = "figures"
    __holds__ = Holds(
        kind="figures",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("day", "people", "bands", "networks", "kinds", "made_at"), "about nobody"),
        rule=Rule(_TWO_YEARS, since="made_at"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]
    bands: Mapped[dict[str, int]] = mapped_column(JSON)
    """`from-to` in points to the number of people, at least 10 in each."""
    networks: Mapped[dict[str, int]] = mapped_column(JSON)
    """Name to its share of all points in whole per cents; only those on which at least 10 people have points."""
    kinds: Mapped[dict[str, int]] = mapped_column(JSON)
    """The same by kind of reaction."""
    made_at: Mapped[datetime]
