"""An erasure that somebody asked for: when it begins, and what they get at its end; it goes with their data."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Sealed
from privacy.vocabulary import About, Basis, Use


class Erasure(Base):
    """One person's wish to be erased, now or after some days in which they can take it back."""

    __tablename__ = "erasure"
    __holds__ = Holds(
        kind="erasures asked",
        about=About.PARTICIPANT,
        use=Use.RIGHTS,
        basis=Basis.DUTY,
        exported=("subject_id", "asked_at", "due_at", "reactions_too", "token"),
        withheld={
            "controller": "the name of the organisation",
            "certificate_id": "a fingerprint of token, which is exported",
            "binding": "a fingerprint of token and the e-mail address, which are exported",
        },
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reactions_too: Mapped[bool]
    """Do the traces of the person's own reactions to others go as well?"""
    token: Mapped[Sealed]
    """What only the person gets: it opens the certificate's page and binds the certificate to them."""
    certificate_id: Mapped[str] = mapped_column(index=True)
    binding: Mapped[str]
    """What the certificate says instead of a name: `privacy.certificate.binding`."""
    controller: Mapped[str]
    """Whom the certificate names as responsible."""
