"""Which organisations a person named that may ask for their score; each one singly (purpose `lookup`)."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.recipient import Recipient
from privacy.vocabulary import About, Basis, Use


class Release(Base):
    """One organisation named by one person; it goes when it is struck, with the consent, or with the person."""

    __tablename__ = "release"
    __holds__ = Holds(
        kind="released organisations",
        about=About.PARTICIPANT,
        use=Use.LOOKUP,
        basis=Basis.CONSENT,
        exported=("subject_id", "recipient_id", "reference", "made_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    recipient_id: Mapped[str] = mapped_column(ForeignKey(Recipient.id), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    """By which the organisation asks: `privacy.recipient.reference`. The person gives it to them."""
    made_at: Mapped[datetime]
