"""Recipients: whoever outside the organisation got something of a person, and how they are told what becomes of it.

They know a person by a reference that is theirs alone: two recipients cannot find out that they have the same person.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy.base import Base, Holds, new_id
from privacy.keyring import KeyRing
from privacy.vocabulary import About, Basis, Erased, Use

_REFERENCE_LENGTH = 32


class Channel(StrEnum):
    """How a recipient is told."""

    WEBHOOK = "webhook"
    """A signed request to an address of theirs."""
    MAIL = "mail"


class Act(StrEnum):
    """What a recipient is told of (Art. 19)."""

    ERASURE = "erasure"
    """Everything about the person is to be deleted."""
    RECTIFICATION = "rectification"
    """What they have is wrong."""
    RESTRICTION = "restriction"
    """It may not be used for now."""
    RESTRICTION_LIFTED = "restriction lifted"


class Recipient(Base):
    """One organisation that gets something of people who take part."""

    __tablename__ = "recipient"
    __holds__ = Holds(
        kind="recipients",
        about=About.NOBODY,
        use=Use.RIGHTS,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            ("id", "name", "channel", "address", "language", "made_at", "removed_at"),
            "public contact data of an organisation",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    channel: Mapped[str]
    address: Mapped[str]
    """Where they are told: a URL, or an e-mail address."""
    language: Mapped[str]
    """In which mails to them are written."""
    made_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    """From then on they get nothing and are told nothing new: they were told to delete everything."""


def drop_removed(session: Session) -> int:
    """Deletes removed recipients of whom nothing is left, neither what they got nor what they were told; how many."""
    naming = [
        key.parent for table in Base.declared for key in table.foreign_keys if key.references(Recipient.__table__)
    ]
    free = [~exists().where(column == Recipient.id) for column in naming]
    query = select(Recipient).where(Recipient.removed_at.is_not(None), *free)
    found = session.scalars(query).all()
    for one in found:
        session.delete(one)
    session.flush()
    return len(found)


def reference(ring: KeyRing, recipient_id: str, subject_id: str) -> str:
    """By which one recipient knows a person: 32 hex digits, given with whatever they get."""
    return ring.blind("recipient.person", f"{recipient_id}/{subject_id}").hex()[:_REFERENCE_LENGTH]
