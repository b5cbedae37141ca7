"""A webmention that somebody sent for a participant's blog: to be verified, or verified and counted for 30 days."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class Webmention(Base):
    """One pair of source and target. The source's address is here only until it was fetched; then its HMAC stays."""

    __tablename__ = "webmention"
    __holds__ = Holds(
        kind="webmentions",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.INTEREST,
        exported=(
            "id", "subject_id", "connection_id", "post_id", "source", "page", "outcome", "kind", "day", "actor",
            "received_at", "seen_at", "due_at",
        ),
        withheld={"pair_index": "a keyed fingerprint of source and page"},
        # What cannot be listed again is forgotten unless it is told again (R13).
        rule=Rule(30, since="seen_at"),
    )  # fmt: skip
    __table_args__ = (UniqueConstraint("connection_id", "pair_index"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"))
    post_id: Mapped[str | None] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    """The post that it is about, once it was verified."""
    pair_index: Mapped[bytes]
    source: Mapped[Sealed | None]
    page: Mapped[Sealed | None]
    """The participant's page, as long as `source` is here."""
    outcome: Mapped[str | None]
    """How the last look ended: `accepted`, `refused` or `gone`."""
    kind: Mapped[str | None]
    """What it counts as; empty where it does not count."""
    day: Mapped[date | None]
    actor: Mapped[str | None]
    """Pseudonym of the website it is on, 16 hex digits under the participant's key."""
    received_at: Mapped[datetime]
    """When it was told of, for the first time since the last look ended."""
    seen_at: Mapped[datetime]
    """When it was verified last; before that, when it was told of first."""
    due_at: Mapped[datetime | None]
    """When it is to be looked at; empty once that is done."""
