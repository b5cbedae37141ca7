"""The token with which a program of a recipient asks for scores: one declared purpose each (R21)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, new_id
from privacy.recipient import Recipient
from privacy.vocabulary import About, Basis, Erased, Use

_YEAR = 366


class Token(Base):
    """One token. It is shown once and kept as a fingerprint."""

    __tablename__ = "token"
    __holds__ = Holds(
        kind="tokens of programs",
        about=About.NOBODY,
        use=Use.LOOKUP,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            ("id", "recipient_id", "purpose", "aim", "token_hash", "made_at", "used_on", "revoked_at"),
            "about an organisation",
        ),
        rule=Rule(_YEAR, since="revoked_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    recipient_id: Mapped[str] = mapped_column(ForeignKey(Recipient.id), index=True)
    purpose: Mapped[str]
    """A `privacy.disclosure.Reason`."""
    aim: Mapped[str]
    """What the organisation says that it needs the score for, in its words, as people read it before they name it."""
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    used_on: Mapped[date | None]
    """The last day on which it was used."""
    revoked_at: Mapped[datetime | None]
