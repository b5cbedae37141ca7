"""A mail that waits to be sent; it goes from here as soon as it is out."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class Mail(Base):
    """One mail to one person, finished text, sealed."""

    __tablename__ = "mail"
    __holds__ = Holds(
        kind="mails waiting",
        about=About.PARTICIPANT,
        use=Use.MAIL,
        basis=Basis.CONTRACT,
        exported=("id", "subject_id", "recipient", "title", "body", "leave", "created_at", "tries", "due_at"),
        rule=Rule(7, since="created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    recipient: Mapped[Sealed]
    title: Mapped[Sealed]
    body: Mapped[Sealed]
    leave: Mapped[Sealed | None]
    """The address that ends mails of this kind, where there is one (RFC 8058)."""
    created_at: Mapped[datetime]
    tries: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(index=True)
    """When the schedule has it sent (again)."""
