"""The folder of exports: one folder a person, files encrypted under a key of that export, gone after seven days."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from privacy.base import Holds, Rule
from privacy.vocabulary import About, Basis, Use
from workers.runtime.folders import remove

DOWNLOAD_DAYS = 7


class Downloads:
    """Where finished and unfinished exports lie. Whoever writes into a person's folder finds it there or gives up."""

    holds = Holds(
        kind="download files",
        about=About.PARTICIPANT,
        use=Use.RIGHTS,
        basis=Basis.DUTY,
        exported=("file", "bytes"),
        subject=None,
        rule=Rule(DOWNLOAD_DAYS, since="made_at"),
    )
    where = "downloads/*"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, subject_id: str, export_id: str) -> Path:
        """The folder of one export, made if it is not there; only while nobody can be erasing the person."""
        place = self.at(subject_id, export_id)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place

    def at(self, subject_id: str, export_id: str) -> Path:
        """The folder of one export."""
        return self._folder / subject_id / export_id

    def drop(self, subject_id: str, keep: str = "") -> None:
        """Removes a person's exports, all or all but one."""
        for place in self._folder.glob(f"{subject_id}/*"):
            if place.name != keep:
                remove(place)

    def export(self, subject_id: str) -> list[dict[str, Any]]:
        """The files of a person by name and size: what is in them is what an export has anyway."""
        found = []
        for path in self._files(subject_id):
            with suppress(FileNotFoundError):  # removed meanwhile
                found.append({"file": path.name, "bytes": path.stat().st_size})
        return found

    def erase(self, subject_id: str) -> int:
        """Removes a person's files, those that are being written too."""
        count = len(self.export(subject_id))
        remove(self._folder / subject_id)
        return count

    def due(self, now: datetime) -> int:
        """How many files are older than seven days."""
        return len(self._old(now))

    def expire(self, now: datetime) -> int:
        """Removes files older than seven days, and folders with nothing in them."""
        old = self._old(now)
        for path in old:
            path.unlink()
        for place in sorted(self._folder.glob("*/*")) + sorted(self._folder.glob("*")):
            with suppress(OSError):  # something is in it, or somebody was faster
                place.rmdir()
        return len(old)

    def _old(self, now: datetime) -> list[Path]:
        until = (now - timedelta(days=DOWNLOAD_DAYS)).timestamp()
        return [path for path in self._files("*") if path.stat().st_mtime < until]

    def _files(self, whose: str) -> Iterator[Path]:
        return (path for path in sorted(self._folder.glob(f"{whose}/*/*")) if path.is_file())
