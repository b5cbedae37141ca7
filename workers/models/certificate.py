"""Certificates of erasures: numbers and dates, no name; only who was erased can show that one is about them (R33)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use

_THREE_YEARS = 3 * 366


class Certificate(Base):
    """One erasure's certificate; without a text until the erasure has come to its end."""

    __tablename__ = "certificate"
    __holds__ = Holds(
        kind="certificates",
        about=About.NOBODY,
        use=Use.PROOF,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            ("id", "begun_at", "facts", "running", "entry_id", "payload", "signature", "made_at"),
            "numbers; about nobody without the secret that its person alone has",
        ),
        rule=Rule(_THREE_YEARS, since="begun_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """`privacy.certificate.certificate_id` of the person's secret."""
    begun_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What it will say: counts by data kind, what is kept and until when, the binding."""
    running: Mapped[bytes | None] = mapped_column(index=True)
    """A keyed fingerprint of whose erasure it is; emptied at its end."""
    entry_id: Mapped[str]
    """The erasure's entry in the log, which is about nobody."""
    payload: Mapped[str | None]
    """The signed text."""
    signature: Mapped[str | None]
    made_at: Mapped[datetime | None]
