"""Who got the weekly mail for which week, and the link in it that ends it; the row goes with the consent."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Use


class Digest(Base):
    """The weekly mails of one person who agreed to them."""

    __tablename__ = "digest"
    __holds__ = Holds(
        kind="weekly mails",
        about=About.PARTICIPANT,
        use=Use.MAIL,
        basis=Basis.EXPLICIT_CONSENT,
        exported=("subject_id", "week", "due_at"),
        withheld={"token_hash": "a one-way hash of a secret"},
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    """Of the secret in the link that ends these mails; the same in all mails of one consent."""
    week: Mapped[date | None]
    """The last day of the week that the last mail was about."""
    due_at: Mapped[datetime | None]
    """When the schedule sends the job again, should it get lost."""
