"""News to a recipient: what they are told about a person whose data they got, and what they answered (Art. 19)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, new_id
from privacy.vocabulary import About, Basis, Use


class Stand(StrEnum):
    """How far it is."""

    WAITS = "waits"
    """It is sent (again) by the schedule."""
    TAKEN = "taken"
    """The recipient's server took it."""
    GIVEN_UP = "given up"
    """It was tried for a week; the officer tells them in another way, or has it tried again."""


class Told(Base):
    """One piece of news to one recipient. That of an erasure stays when the person is gone, and names nobody."""

    __tablename__ = "told"
    __holds__ = Holds(
        kind="news to recipients",
        about=About.PARTICIPANT,
        use=Use.RIGHTS,
        basis=Basis.DUTY,
        exported=(
            "id", "recipient_id", "subject_id", "act", "reference", "made_at", "state", "tries", "due_at", "answer",
            "answered_at",
        ),
        withheld={"certificate_id": "only of erasures, which the certificate's page shows"},
        rule=Rule(366, since="made_at"),
    )  # fmt: skip
    __table_args__ = (
        # Most news was taken; what was not is what an officer looks for.
        Index(
            "ix_told_waiting", "recipient_id",
            sqlite_where=text("state <> 'taken'"), postgresql_where=text("state <> 'taken'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    recipient_id: Mapped[str] = mapped_column(ForeignKey("recipient.id"), index=True)
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subject.id"), index=True)
    """Empty of an erasure."""
    certificate_id: Mapped[str | None] = mapped_column(index=True)
    """Of an erasure that somebody asked for: on whose page it stands."""
    act: Mapped[str]
    reference: Mapped[str | None]
    """By which the recipient knows the person; of an erasure only until they took it."""
    made_at: Mapped[datetime]
    state: Mapped[str]
    tries: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the schedule has it sent (again)."""
    answer: Mapped[str | None]
    """What the last try met: the HTTP status of their answer, `mail`, or why there was none."""
    answered_at: Mapped[datetime | None]
    """When that was."""
