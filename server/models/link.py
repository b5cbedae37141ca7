"""A mailed link: confirms or changes an address, resets a password, invites to a role; works once, not for long."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed
from privacy.vocabulary import About, Basis, Use


class LinkUse(StrEnum):
    """What following the link does."""

    CONFIRM = "confirm"
    RESET = "reset"
    CHANGE_EMAIL = "change_email"
    INVITE = "invite"


class Link(Base):
    """One mailed link: the hash of its token, what it does, until when."""

    __tablename__ = "link"
    __holds__ = Holds(
        kind="mailed links",
        about=About.PARTICIPANT,
        use=Use.SECURITY,
        basis=Basis.CONTRACT,
        exported=("subject_id", "account_id", "use", "email", "role", "until"),
        withheld={"token_hash": "a one-way hash of a secret"},
        rule=Rule(0, since="until"),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    use: Mapped[str]
    email: Mapped[Sealed | None]
    """The new address, where the link changes it."""
    role: Mapped[str | None]
    """The role that somebody is invited to."""
    until: Mapped[datetime]
