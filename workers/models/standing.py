"""A link between a pseudonym among one participant's signals and the participant who lends their standing."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Use


class StandingLink(Base):
    """`actor` among the signals of `subject_id` is the participant `lender_id`, who agreed to `recognition`."""

    __tablename__ = "standing_link"
    __holds__ = Holds(
        kind="standing links",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        subject="lender_id",
        involved=("subject_id",),
        exported=("lender_id", "seen_at"),
        withheld={
            "subject_id": "another person",
            "actor": "a pseudonym under another person's key",
        },
        rule=Rule(91, since="seen_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    actor: Mapped[str] = mapped_column(primary_key=True)
    lender_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    seen_at: Mapped[datetime]
    """When the reaction was last read."""
