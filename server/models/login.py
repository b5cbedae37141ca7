"""A browser that is signed in: the cookie has a random token, the table its hash."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed
from privacy.vocabulary import About, Basis, Use


class Login(Base):
    """One signed-in browser."""

    __tablename__ = "login"
    __holds__ = Holds(
        kind="logins",
        about=About.PARTICIPANT,
        use=Use.SECURITY,
        basis=Basis.CONTRACT,
        exported=("subject_id", "account_id", "device", "created_at", "seen_at"),
        withheld={"token_hash": "a one-way hash of a secret"},
        rule=Rule(30, since="seen_at"),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    device: Mapped[Sealed | None]
    """Names of browser and system, no more: `server.services.devices`."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """Day-exact: written at most once a day."""
