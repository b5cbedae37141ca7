"""Files of the vault that are lost or damaged: which buckets lack theirs, and how their people begin anew."""

from sqlalchemy import select, update

from privacy.ledger import note
from workers.models import Bucket, Connection
from workers.models.bucket import between
from workers.models.connection import State
from workers.runtime.process import Process
from workers.signals.inbox import DOES_NOT_OPEN, load


def lost(process: Process) -> list[int]:
    """Numbers of the buckets whose file is not in the vault, or opens with no key: it is not the database's vault."""
    there = process.storage.names("")
    return [number for number, file in _files(process) if file not in there or not process.ring.knows_file(file)]


def give_up(process: Process) -> list[int]:
    """Has everybody whose file is lost or damaged begin anew; numbers of their buckets. Every file is read for it.

    Their last scores stay until their accounts were read again, which is due at once. What networks do not tell a
    second time, such as webmentions, is gone. Raises `OSError` where the storage does not answer: nothing is given up.
    """
    numbers = [number for number, file in _files(process) if not _opens(process, file)]
    if not numbers:
        return []
    with process.working() as work:
        for bucket in work.session.scalars(select(Bucket).where(Bucket.number.in_(numbers))):
            bucket.file, bucket.signals, bucket.version = None, 0, bucket.version + 1
            bucket.failure = bucket.failed_at = None
            theirs = between(Connection.subject_id, bucket.first, bucket.end)
            anew = {"read_at": None, "resume": None, "marks": None, "due_at": work.now}
            work.session.execute(update(Connection).where(*theirs, Connection.state == State.PROVEN).values(**anew))
        note(work.session, work.now, "vault lost", None, buckets=numbers)
    return numbers


def _files(process: Process) -> list[tuple[int, str]]:
    """Numbers of buckets with the names of their files, rising."""
    named = select(Bucket.number, Bucket.file).order_by(Bucket.number)
    with process.reading() as session:
        return [(number, file) for number, file in session.execute(named) if file]


def _opens(process: Process, file: str) -> bool:
    try:
        load(process.ring, process.storage, file)
    except DOES_NOT_OPEN:
        return False
    return True
