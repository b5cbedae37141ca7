"""What is kept for the case of a restore, as places of personal data: backups, and the journal."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from privacy import backup
from privacy.backup import Kind
from privacy.base import Holds, Rule
from privacy.journal import Journal
from privacy.vocabulary import About, Basis, Use


@dataclass(frozen=True)
class BackupFolder:
    """A folder of backups. What one holds of a person is unreadable once their key is gone; the file goes in time."""

    where: str
    folder: Path
    kind: Kind
    days: int

    @property
    def holds(self) -> Holds:
        """The declaration; how long is the installation's choice."""
        return Holds(
            kind=f"backups of {self.kind}",
            about=About.PARTICIPANT,
            use=Use.OPERATION,
            basis=Basis.DUTY,
            withheld={"file": "encrypted as a whole; it holds what the tables hold, which is exported"},
            subject=None,
            rule=Rule(self.days, since="made_at"),
        )

    def export(self, subject_id: str) -> list[dict[str, Any]]:  # noqa: ARG002 - the same for everybody
        """Nothing: see the declaration."""
        return []

    def erase(self, subject_id: str) -> int:  # noqa: ARG002
        """Nothing goes before its time: a backup is used only with the journal, which says who was erased."""
        return 0

    def expire(self, now: datetime) -> int:
        """Removes backups that are older than they may get."""
        return backup.expire(self.folder, self.kind, now, self.days)

    def due(self, now: datetime) -> int:
        """How many `expire` would remove now."""
        return len(backup.overdue(self.folder, self.kind, now, self.days))


@dataclass(frozen=True)
class JournalPlace:
    """The journal: opaque ids of who withdrew, objected or was erased, as long as there may be a backup from before."""

    journal: Journal
    days: int
    where = "keys/ledger.sqlite*"

    @property
    def holds(self) -> Holds:
        """The declaration; how long is the installation's choice."""
        return Holds(
            kind="journal",
            about=About.PARTICIPANT,
            use=Use.PROOF,
            basis=Basis.DUTY,
            withheld={"entry": "opaque ids of what was done, which stands in the tables and the log, too"},
            subject=None,
            rule=Rule(self.days, since="written_at"),
        )

    def export(self, subject_id: str) -> list[dict[str, Any]]:  # noqa: ARG002 - the same for everybody
        """Nothing: see the declaration."""
        return []

    def erase(self, subject_id: str) -> int:  # noqa: ARG002
        """Nothing goes before its time: that somebody was erased has to be known as long as a backup has them."""
        return 0

    def expire(self, now: datetime) -> int:
        """Forgets what no backup is from before."""
        return self.journal.expire(now, self.days)

    def due(self, now: datetime) -> int:
        """How many entries `expire` would remove now."""
        return self.journal.due(now, self.days)
