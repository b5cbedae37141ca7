"""A look at somebody's score by somebody with a role: shown to the person it was about (R20, R39)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, new_id
from privacy.vocabulary import About, Basis, Use

_YEAR = 366


class Why(StrEnum):
    """What somebody looked at, and for what."""

    DRAWN = "drawn"
    """Drawn at random to be checked: label and score of the day."""
    EXPLANATION = "explanation"
    """The whole explanation, with labels."""
    SIGNALS = "signals"
    """The signals of one post, with labels."""
    FILE = "file"
    """The signed explanation with labels was downloaded."""
    PROOF = "proof"
    """The proof that the score stands under the root of its day was downloaded."""
    RECOMPUTED = "recomputed"
    """The score was computed anew."""
    RECOUNTED = "recounted"
    """Some posts were collected anew to compare the counts."""


class Look(Base):
    """One look."""

    __tablename__ = "look"
    __holds__ = Holds(
        kind="looks",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=("id", "subject_id", "role", "viewer", "why", "looked_at"),
        rule=Rule(_YEAR, since="looked_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    role: Mapped[str]
    """Of who looked."""
    viewer: Mapped[str]
    """Number of who looked, which the organisation can read: `server.services.members.label`."""
    why: Mapped[str]
    looked_at: Mapped[datetime]
