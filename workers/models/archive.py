"""An archive that a person brought: how reading it went, and the counts that came of it; the file is gone by then."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class ArchiveState(StrEnum):
    """Where an archive stands."""

    WAITING = "waiting"
    """It lies here, encrypted, and will be read."""
    READ = "read"
    REFUSED = "refused"
    """It gives nothing; `failure` says why."""


class Archive(Base):
    """One archive of one network; a newer one takes the place of the older."""

    __tablename__ = "archive"
    __holds__ = Holds(
        kind="archives",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=(
            "id", "subject_id", "network", "state", "failure", "bytes", "brought_at", "read_at", "due_at", "tries",
            "counts",
        ),
        withheld={"file_key": "opens the file that you brought, which is destroyed once it is read"},
        rule=Rule(91, since="brought_at"),
    )  # fmt: skip
    __table_args__ = (UniqueConstraint("subject_id", "network"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    network: Mapped[str]
    state: Mapped[str]
    failure: Mapped[str | None]
    """Why it gives nothing, a `workers.archives.found.Why`."""
    file_key: Mapped[Sealed | None]
    """What opens the file, in hex; empty once the file is destroyed."""
    bytes: Mapped[int]
    brought_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """When the schedule has it read (again)."""
    tries: Mapped[int]
    counts: Mapped[Sealed | None]
    """JSON: a list of address (or name) of the post, its day, kind and number."""
