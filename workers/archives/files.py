"""The folder of archives that wait to be read: encrypted, one folder a person, none older than a day."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from privacy.base import Holds, Rule
from privacy.vocabulary import About, Basis, Use
from workers.runtime.folders import remove

#: Reading takes minutes; what is older was forgotten by a process that was killed.
LIFE = timedelta(days=1)


class ArchiveFiles:
    """Files that people brought; each is destroyed as soon as it is read, whatever comes of it."""

    holds = Holds(
        kind="archive files",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=("archive", "bytes"),
        subject=None,
        rule=Rule(LIFE.days, since="brought_at"),
    )
    where = "archives/*"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, subject_id: str, archive_id: str) -> Path:
        """Where an archive lies; without its key, which the database has, nobody reads it."""
        return self.folder / subject_id / archive_id

    def destroy(self, subject_id: str, archive_id: str) -> None:
        """Removes one archive, finished or not; gone already is no error."""
        path = self.path(subject_id, archive_id)
        for one in (path, path.with_suffix(".part")):
            one.unlink(missing_ok=True)
        with suppress(OSError):  # another archive of the same person lies there, or none did
            path.parent.rmdir()

    def export(self, subject_id: str) -> list[dict[str, Any]]:
        """What waits of a person: its number and size, since they have the file themselves."""
        found = []
        for path in sorted((self.folder / subject_id).glob("*")):
            with suppress(FileNotFoundError):  # it has just been read
                found.append({"archive": path.stem, "bytes": path.stat().st_size})
        return found

    def arrived(self, subject_id: str) -> list[str]:
        """Numbers of the archives that lie here to their end."""
        return [path.name for path in (self.folder / subject_id).glob("*") if not path.suffix]

    def erase(self, subject_id: str) -> int:
        """Removes a person's archives."""
        count = len(self.export(subject_id))
        remove(self.folder / subject_id)
        return count

    def expire(self, now: datetime) -> int:
        """Removes archives that nobody read within a day, those that never arrived to the end, too."""
        old = self._old(now)
        for path in old:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
        return len(old)

    def due(self, now: datetime) -> int:
        """How many of them there are."""
        return len(self._old(now))

    def _old(self, now: datetime) -> list[Path]:
        until = (now - LIFE).timestamp()
        return [path for path in self.folder.glob("*/*") if path.stat().st_mtime < until]
