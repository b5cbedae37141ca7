"""A public reaction to a participant's post, or a public count: numbers and a pseudonym, nothing else (R7)."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Use


class Signal(Base):
    """One signal of `score-model.md`, section 1."""

    __tablename__ = "signal"
    __holds__ = Holds(
        kind="signals",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.INTEREST,
        exported=(
            "id", "subject_id", "connection_id", "post_id", "network", "kind", "day", "day_at", "actor", "count",
        ),
        rule=Rule(91, since="day_at"),
    )  # fmt: skip
    __table_args__ = (Index("ix_signal_post_id_kind", "post_id", "kind"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), index=True)
    post_id: Mapped[str | None] = mapped_column(ForeignKey("post.id"))
    network: Mapped[str]
    kind: Mapped[str]
    day: Mapped[date]
    """UTC day of the reaction, or the one on which it was first seen."""
    day_at: Mapped[datetime]
    """The end of that day (UTC): 91 days later it has been scored for the last time, as 90 days old."""
    actor: Mapped[str | None]
    """Pseudonym of who reacted, 16 hex digits under the participant's key."""
    count: Mapped[int]
