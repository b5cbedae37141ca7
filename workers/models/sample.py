"""A score that was drawn to be checked: under which label, and what the checks found."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, new_id
from privacy.vocabulary import About, Basis, Use


class Sample(Base):
    """One drawn score. It goes with its person, and with its auditor."""

    __tablename__ = "sample"
    __holds__ = Holds(
        kind="checks of your score",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        involved=("auditor_id",),
        exported=("id", "subject_id", "place", "label", "verdict", "recount", "drawn_at"),
        withheld={
            "auditor_id": "another person",
            "draw_id": "of another person",
            "recompute_due_at": "says only whether a check is running",
            "recount_due_at": "says only whether a check is running",
        },
        rule=Rule(91, since="drawn_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    auditor_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), index=True)
    place: Mapped[int]
    """Under the root of the day."""
    label: Mapped[str]
    """What the auditor calls the person: another one for each day and each auditor."""
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What computing the score anew gave; see `workers.audit.recompute`."""
    recount: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What collecting its posts anew gave; see `workers.audit.recount`."""
    drawn_at: Mapped[datetime]
    recompute_due_at: Mapped[datetime | None] = mapped_column(index=True)
    """A recomputation was asked for and has not ended: when the schedule sends it again."""
    recount_due_at: Mapped[datetime | None] = mapped_column(index=True)
    """The same for collecting anew."""
