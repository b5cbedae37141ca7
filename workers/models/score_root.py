"""The root of one day's scores: one number that says what every score of that day was."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use

#: Scores of older days cannot be explained any more, and need no proof.
DAYS = 91


class ScoreRoot(Base):
    """A day whose final scores were put under one Merkle root, which is noted in the log."""

    __tablename__ = "score_root"
    __holds__ = Holds(
        kind="roots of scores",
        about=About.NOBODY,
        use=Use.PROOF,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("day", "root", "people", "entry_id", "made_at"), "about nobody"),
        rule=Rule(DAYS, since="made_at"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    root: Mapped[str]
    """RFC 9162 root over the commitments of that day, in hex."""
    people: Mapped[int]
    """How many scores are under it."""
    entry_id: Mapped[str]
    """Id of the entry in the log."""
    made_at: Mapped[datetime]
