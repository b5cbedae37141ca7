"""An export that somebody ordered: how far it is, and for seven days where its file is."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class ExportState(StrEnum):
    """Where an export stands."""

    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class Export(Base):
    """One export of one person; at most one each."""

    __tablename__ = "export"
    __holds__ = Holds(
        kind="downloads",
        about=About.PARTICIPANT,
        use=Use.RIGHTS,
        basis=Basis.DUTY,
        exported=(
            "id", "subject_id", "language", "state", "ordered_at", "started_at", "ready_at", "until", "steps", "parts",
            "size", "failed_at", "file_key",
        ),
        withheld={
            "written": "the list of the files, which stands in the manifest",
            "due_at": "says only when the work on it is taken up again",
        },
        rule=Rule(0, since="until"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), unique=True)
    language: Mapped[str]
    state: Mapped[str]
    ordered_at: Mapped[datetime]
    started_at: Mapped[datetime]
    """As of when it is; later than `ordered_at` where it had to begin anew."""
    ready_at: Mapped[datetime | None]
    until: Mapped[datetime]
    """When it goes."""
    file_key: Mapped[Sealed]
    """The key of its files, in hex."""
    steps: Mapped[int]
    """How many steps there are in all."""
    written: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What each step has written, in order."""
    parts: Mapped[int]
    """How many ZIPs it has, 0 until it is ready."""
    size: Mapped[int]
    """Bytes of all of them."""
    failed_at: Mapped[str | None]
    """The step that failed."""
    due_at: Mapped[datetime | None]
    """When somebody takes up the work if nobody gave a sign of life until then."""
