"""The commitments under a day's root, some thousand a row: hashes that say nothing once their salt is gone."""

from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Erased, Use


class ScoreLeaves(Base):
    """One part of the commitments of a day, in their order."""

    __tablename__ = "score_leaves"
    __holds__ = Holds(
        kind="hashes of scores",
        about=About.NOBODY,
        use=Use.PROOF,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("day", "part", "hashes"), "hashes; whose salt is gone says nothing"),
    )

    day: Mapped[date] = mapped_column(ForeignKey("score_root.day"), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    """From 0."""
    hashes: Mapped[bytes]
    """32 bytes each, one after the other."""
