"""One reading of one connection: what is being read, how far it is, how it ended (R14)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, new_id
from privacy.vocabulary import About, Basis, Use


class Run(Base):
    """A reading: its progress while it runs, its outcome afterwards."""

    __tablename__ = "run"
    __holds__ = Holds(
        kind="readings",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=(
            "id", "subject_id", "connection_id", "collector", "started_at", "seen_at", "ended_at", "posts",
            "reactions", "unlisted", "failure",
        ),
        rule=Rule(91, since="started_at"),
    )  # fmt: skip
    __table_args__ = (
        # Few fail, and the newest of them are looked for.
        Index(
            "ix_run_failed", "ended_at",
            sqlite_where=text("failure IS NOT NULL"), postgresql_where=text("failure IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), index=True)
    collector: Mapped[str]
    """Version of the collector."""
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """Last sign of life."""
    ended_at: Mapped[datetime | None]
    posts: Mapped[int]
    reactions: Mapped[int]
    unlisted: Mapped[int] = mapped_column(default=0)
    """How many reactions the network counts beyond those that it lists."""
    failure: Mapped[str | None]
