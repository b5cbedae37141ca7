"""A second factor: the secret that an app on another device makes codes from (RFC 6238)."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Sealed
from privacy.vocabulary import About, Basis, Use


class Factor(Base):
    """The app of one account; it counts once a first code was typed."""

    __tablename__ = "factor"
    __holds__ = Holds(
        kind="second factors",
        about=About.PARTICIPANT,
        use=Use.SECURITY,
        basis=Basis.CONTRACT,
        exported=("account_id", "subject_id", "created_at", "confirmed_at"),
        withheld={
            "secret": "whoever has it signs in; the person's app has it already",
            "last_step": "says only which code was used last",
        },
    )

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    secret: Mapped[Sealed]
    last_step: Mapped[int]
    """Number of the 30 seconds whose code was used last: none is taken twice."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
