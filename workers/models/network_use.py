"""How many requests an interface was asked on a day: numbers for the operator, with nobody behind them."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use


class NetworkUse(Base):
    """One interface on one day (UTC)."""

    __tablename__ = "network_use"
    __holds__ = Holds(
        kind="network use",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("api", "day", "requests", "counted_at"), "numbers of requests; about nobody"),
        rule=Rule(91, since="counted_at"),
    )

    api: Mapped[str] = mapped_column(primary_key=True)
    """Its origin, as the catalogue names it; networks of one company can share it."""
    day: Mapped[date] = mapped_column(primary_key=True)
    requests: Mapped[int]
    counted_at: Mapped[datetime]
