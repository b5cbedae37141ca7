"""A login account: somebody who signs in. It owns one subject and is kept apart from it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class Role(StrEnum):
    """What somebody may do beside taking part."""

    PARTICIPANT = "participant"
    STAFF = "staff"
    AUDITOR = "auditor"
    DPO = "dpo"
    ADMIN = "admin"


class Account(Base):
    """Who signs in: e-mail (sealed), password hash, role, language."""

    __tablename__ = "account"
    __holds__ = Holds(
        kind="account",
        about=About.PARTICIPANT,
        use=Use.ACCOUNT,
        basis=Basis.CONTRACT,
        exported=("id", "subject_id", "email", "role", "language", "created_at", "confirmed_at"),
        withheld={
            "email_index": "a keyed fingerprint of email, which is exported",
            "password": "a one-way hash of a secret",
        },
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), unique=True)
    email: Mapped[Sealed]
    email_index: Mapped[bytes] = mapped_column(unique=True)
    password: Mapped[str]
    """Argon2id hash."""
    role: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When the link in the mail was followed; before that nobody can sign in."""
