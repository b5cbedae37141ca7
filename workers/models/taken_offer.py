"""An offer that a person took, and how the organisation may reach them for it (purpose `perks`)."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use
from workers.models.offer import Offer


class TakenOffer(Base):
    """One offer, taken by one person, once. It goes after a year, with the consent, or with the person."""

    __tablename__ = "taken_offer"
    __holds__ = Holds(
        kind="taken offers",
        about=About.PARTICIPANT,
        use=Use.PERKS,
        basis=Basis.EXPLICIT_CONSENT,
        exported=("id", "subject_id", "offer_id", "title", "reach", "taken_at"),
        rule=Rule(366, since="taken_at"),
    )
    __table_args__ = (UniqueConstraint("subject_id", "offer_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"))
    offer_id: Mapped[str] = mapped_column(ForeignKey(Offer.id), index=True)
    title: Mapped[Sealed]
    """What the offer was called."""
    reach: Mapped[Sealed]
    """How the organisation may reach them, as they typed it."""
    taken_at: Mapped[datetime] = mapped_column(index=True)
