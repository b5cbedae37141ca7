"""Reading an archive that a person brought: within limits, once, and its file is destroyed whatever comes of it."""

import logging

from sqlalchemy import select

from privacy import consent
from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from workers.archives import reading
from workers.archives.files import ArchiveFiles
from workers.archives.found import Counted, RefusedError, Why, Window
from workers.archives.keeping import first_day, keep, refuse
from workers.archives.strongbox import SealedReader
from workers.jobs.job import job
from workers.models import Archive
from workers.models.archive import ArchiveState
from workers.runtime.process import Process
from workers.runtime.work import Work

log = logging.getLogger(__name__)

#: A file that has killed so many processes is not opened again.
MOST_TRIES = 3


@job
def read_archive(process: Process, archive_id: str) -> None:
    """Reads one archive and keeps the counts, while its person agrees. Killed, it is tried twice more."""
    begun = _begin(process, archive_id)
    if begun is None:
        return
    files = ArchiveFiles(process.settings.archives)
    subject_id, network, key = begun
    found: list[Counted] | Why = Why.BROKEN
    try:
        if key is not None:
            today = process.clock().date()
            with SealedReader(files.path(subject_id, archive_id), key) as file:
                found = reading.read(file, network, Window(first_day(today), today))
    except RefusedError as refused:
        found = refused.why
    except FileNotFoundError:
        found = Why.BROKEN  # swept, or lost with a disk
    finally:
        files.destroy(subject_id, archive_id)
        _end(process, archive_id, found)


def _begin(process: Process, archive_id: str) -> tuple[str, str, bytes | None] | None:
    """Whose archive, of which network, and the key of its file (None: it has killed too many); None if none waits."""
    with process.working() as work:
        row = _held(work, archive_id)
        if row is None or row.state != ArchiveState.WAITING:
            return None
        row.tries += 1
        key = unseal(row, work.ring.person(row.subject_id), "file_key")
        return row.subject_id, row.network, bytes.fromhex(key) if row.tries <= MOST_TRIES else None


def _end(process: Process, archive_id: str, found: list[Counted] | Why) -> None:
    with process.working() as work:
        row = _held(work, archive_id)
        if row is None or row.state != ArchiveState.WAITING:
            return
        key = work.ring.person(row.subject_id)
        if isinstance(found, Why):
            refuse(row, key, found, work.now)
        else:
            keep(row, key, found, work.now)


def _held(work: Work, archive_id: str) -> Archive | None:
    """The archive, locked, while its person agrees. Raises `NoConsentError`."""
    known = work.session.get(Archive, archive_id)
    if known is None:
        return None
    consent.require(work.session, known.subject_id, Purpose.ARCHIVES, known.network)
    return work.session.get(Archive, archive_id, with_for_update=True, populate_existing=True)


@job
def clear_archives(process: Process, subject_id: str) -> None:
    """Destroys the files of a person that nothing in the database stands for: what was withdrawn or replaced."""
    files = ArchiveFiles(process.settings.archives)
    with process.reading() as session:
        waiting = set(session.scalars(select(Archive.id).where(Archive.subject_id == subject_id)))
    for archive_id in files.arrived(subject_id):
        if archive_id not in waiting:
            files.destroy(subject_id, archive_id)
