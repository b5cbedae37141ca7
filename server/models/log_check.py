"""The log as an auditor saw it last: what the log of today is held against."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Use


class LogCheck(Base):
    """An auditor's newest check of the log."""

    __tablename__ = "log_check"
    __holds__ = Holds(
        kind="checks of the log",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=("subject_id", "size", "root", "before", "held", "made_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    size: Mapped[int]
    """Leaves under the newest checkpoint that held."""
    root: Mapped[str]
    before: Mapped[int]
    """Leaves at the check before; 0 at the first."""
    held: Mapped[bool]
    """Was the log of before the beginning of the one that was found? If not, size and root stay those of before."""
    made_at: Mapped[datetime]
