"""Who was told by mail of a version of the score model that is coming, so that nobody is told twice."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Use

_YEAR = 366


class Announcement(Base):
    """One announcement to one person."""

    __tablename__ = "announcement"
    __holds__ = Holds(
        kind="announcements",
        about=About.PARTICIPANT,
        use=Use.MAIL,
        basis=Basis.DUTY,
        exported=("subject_id", "digest", "sent_at"),
        rule=Rule(_YEAR, since="sent_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    """Fingerprint of the model."""
    sent_at: Mapped[datetime]
