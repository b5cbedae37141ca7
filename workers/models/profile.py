"""The public page of a person: its address and the name that the person chose for it (purpose `profile`)."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Sealed
from privacy.vocabulary import About, Basis, Use


class Profile(Base):
    """One page. It goes with the consent, or with the person; who opened it is noted nowhere."""

    __tablename__ = "profile"
    __holds__ = Holds(
        kind="public page",
        about=About.PARTICIPANT,
        use=Use.PROFILE,
        basis=Basis.CONSENT,
        exported=("subject_id", "path", "name", "made_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    path: Mapped[str] = mapped_column(unique=True)
    """The last part of its address: random, so that nobody finds it who was not given it."""
    name: Mapped[Sealed]
    """As whom others see the person."""
    made_at: Mapped[datetime]
