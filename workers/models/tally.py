"""How many there were of something when it was last counted: pages show that with its time, and count nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Erased, Use


class Tally(Base):
    """The newest count of one thing over everybody."""

    __tablename__ = "tally"
    __holds__ = Holds(
        kind="tallies",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("name", "counts", "counted_at"), "numbers of people and things; about nobody"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    """A name of `workers.tallies.COUNTED`."""
    counts: Mapped[Any] = mapped_column(JSON)
    """What its function there gives."""
    counted_at: Mapped[datetime]
