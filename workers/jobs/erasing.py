"""Erasing a person: tables, other places, write-ahead log, the key last. Killed anywhere, it runs again to the end."""

from privacy import journal
from privacy.ledger import note
from workers.jobs.job import job
from workers.places import holdings
from workers.runtime.process import Process


class TracesLeftError(RuntimeError):
    """Something of the person is still there; the schedule runs the erasure again."""


@job
def erase(process: Process, subject_id: str) -> None:
    """Erases everything about a person; erasing again is no error. Raises `TracesLeftError`.

    What a hold keeps stays with the key until the hold is over; the schedule comes back until then.
    """
    places = holdings(process)
    # Until the key is destroyed, the schedule knows by this that the erasure has not come to its end.
    process.ring.mark(subject_id)
    with process.working() as work:
        gone = {kind: count for kind, count in places.erase(work.session, subject_id).items() if count}
        if gone:  # run again, it finds nothing more and notes nothing more
            note(work.session, work.now, "erasure", None, counts=gone)
            journal.note(work.session, work.now, journal.ERASURE, subject=subject_id)
    places.erase_places(subject_id)
    if not process.forget():
        raise TracesLeftError("the database was too busy to forget")
    with process.reading() as session:
        spared = places.spared(session, subject_id)
        if places.traces(session, subject_id).keys() - {"key", *spared}:
            raise TracesLeftError("something is left of an erased person")
    if not spared:
        process.ring.destroy(subject_id)
