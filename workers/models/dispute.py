"""Disputes (R19): what a participant says is wrong, how a human decided, and what is left out meanwhile."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use

_THREE_YEARS = 3 * 366


class Target(StrEnum):
    """What is disputed."""

    SIGNAL = "signal"
    POST = "post"
    TOPIC = "topic"


class Outcome(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    """It waits for a human of the organisation; what it is about counts nothing."""
    UPHELD = "upheld"
    """The participant was right: it stays out for good."""
    REJECTED = "rejected"
    """It counts again."""
    TAKEN_BACK = "taken_back"
    """The participant did not want it any more."""
    OVER = "over"
    """What it was about was deleted before anybody decided."""


class Dispute(Base):
    """One dispute of one participant."""

    __tablename__ = "dispute"
    __holds__ = Holds(
        kind="disputes",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=(
            "id", "subject_id", "target", "network", "subject_matter", "reason", "outcome", "made_at", "decided_at",
            "decided_by", "answer",
        ),
        rule=Rule(_THREE_YEARS, since="decided_at"),
    )  # fmt: skip
    __table_args__ = (
        # Those that wait for a human, the oldest first.
        Index(
            "ix_dispute_open", "made_at",
            sqlite_where=text("outcome = 'open'"), postgresql_where=text("outcome = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    target: Mapped[str]
    """`signal`, `post` or `topic`."""
    network: Mapped[str]
    """Empty for a topic."""
    subject_matter: Mapped[Sealed | None]
    """JSON: address of the post, day, kind and number of the signal, slug of the topic; empty once that is deleted."""
    reason: Mapped[Sealed]
    """In the participant's words."""
    outcome: Mapped[str]
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    """The role of the human who decided."""
    answer: Mapped[Sealed | None]
    """The reasons of the decision, in the words of who decided."""


class Dropped(Base):
    """The drop list: a signal, or all signals of a post, that every reader leaves out."""

    __tablename__ = "dropped"
    __holds__ = Holds(
        kind="left out signals",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.DUTY,
        exported=("id", "subject_id", "dispute_id", "network", "post_id", "kind", "day", "actor", "account", "made_at"),
        # A post is read for 91 days, and its last signal lives as long: afterwards there is nothing to leave out.
        rule=Rule(183, since="made_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("dispute.id"), index=True)
    network: Mapped[str]
    post_id: Mapped[str | None]
    """Of the post, which may be gone at its source by now."""
    kind: Mapped[str | None]
    """Empty where all signals of the post are left out."""
    day: Mapped[date | None]
    """Empty of kinds that somebody does once only: another reading may date them anew."""
    actor: Mapped[str | None]
    """Pseudonym, where one is known."""
    account: Mapped[str | None]
    """Label of the connection, of numbers of followers."""
    made_at: Mapped[datetime]
