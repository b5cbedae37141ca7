"""A topic that a person rejected: their posts do not get it any more."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class RejectedTopic(Base):
    """One topic of the taxonomy, rejected for good (or until the consent to topics is withdrawn)."""

    __tablename__ = "rejected_topic"
    __holds__ = Holds(
        kind="rejected topics",
        about=About.PARTICIPANT,
        use=Use.TOPICS,
        basis=Basis.EXPLICIT_CONSENT,
        exported=("id", "subject_id", "topic", "rejected_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    topic: Mapped[Sealed]
    """Slug of the topic: what somebody does not want to be sorted by tells about them, too."""
    rejected_at: Mapped[datetime]
