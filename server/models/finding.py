"""What an auditor found, and what the organisation answers."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use

_THREE_YEARS = 3 * 366


class Finding(Base):
    """One finding with its answer, if there is one."""

    __tablename__ = "finding"
    __holds__ = Holds(
        kind="findings",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=("id", "subject_id", "label", "text", "answer", "written_at", "answered_at"),
        rule=Rule(_THREE_YEARS, since="written_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    """Of the auditor who wrote it."""
    label: Mapped[str]
    """Of the drawn score that it is about; empty where it is about none."""
    text: Mapped[Sealed]
    answer: Mapped[Sealed | None]
    written_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
