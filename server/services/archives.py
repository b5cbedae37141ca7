"""Archives that people bring: taking a file in, encrypted while it arrives, and showing what came of it."""

from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from privacy.base import new_id
from privacy.keyring import KeyRing
from workers.archives.files import ArchiveFiles
from workers.archives.found import BROUGHT
from workers.archives.keeping import archives, bring, counts_of, drop_archives, number
from workers.archives.strongbox import SealedWriter, new_key
from workers.catalogue import ALL
from workers.models.archive import ArchiveState
from workers.runtime.process import Process
from workers.runtime.work import Work

#: The largest file that is taken: tables and archives without pictures have some megabytes.
MOST_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Brought:
    """What a person brought of one network, or could bring."""

    network: str
    title: str
    state: ArchiveState | None
    """None where they brought nothing."""
    failure: str | None
    brought_at: datetime | None
    number: float | None
    """The number of today, if the archive gave any."""
    day: date
    posts: int
    reactions: int


def brought(session: Session, ring: KeyRing, subject_id: str, today: date) -> list[Brought]:
    """Every network of which something can be brought, with what the person did bring."""
    rows = {row.network: row for row in archives(session, subject_id)}
    found = []
    for network in BROUGHT:
        row = rows.get(network)
        counts = counts_of(row, ring.person(subject_id)) if row else []
        found.append(
            Brought(
                network=network,
                title=ALL[network].title,
                state=ArchiveState(row.state) if row else None,
                failure=row.failure if row else None,
                brought_at=row.brought_at if row else None,
                number=number(network, counts, today) if counts else None,
                day=today,
                posts=len({one.address for one in counts}),
                reactions=sum(one.count for one in counts),
            )
        )
    return found


class Arriving:
    """A file on its way in. Leaving the block without `take` destroys what has arrived."""

    def __init__(self, process: Process, subject_id: str) -> None:
        self._id, self._key = new_id(), new_key()
        path = ArchiveFiles(process.settings.archives).path(subject_id, self._id)
        self._writer = SealedWriter(path, self._key)
        self._taken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._taken or error is not None:
            self._writer.drop()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._writer.size

    def write(self, data: bytes) -> int:
        """Seals what has arrived."""
        return self._writer.write(data)

    def seek(self, _place: int, _whence: int = 0) -> int:
        """Does nothing: who parses the form wants to go to the start, and nobody reads here."""
        return 0

    def take(self, work: Work, subject_id: str, network: str) -> None:
        """The file is complete: it will be read. Raises `NoConsentError`."""
        self._writer.finish()
        bring(work, subject_id, network, self._id, self._key, self._writer.size)
        self._taken = True


def remove(work: Work, subject_id: str, network: str) -> None:
    """Erases what came of an archive; the consent stays."""
    drop_archives(work, subject_id, network)
