"""Retention: every day, what is out of its time goes (R34)."""

from datetime import timedelta

from sqlalchemy import select

from privacy.recipient import drop_removed
from workers import tallies
from workers.jobs.job import job
from workers.models import Connection
from workers.places import holdings
from workers.requests import expire_requests
from workers.results import drop_preliminary
from workers.runtime.marks import note_expired
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.store import drop_signals, has_signals
from workers.signals.vault import BrokenFileError
from workers.signals.webmentions import drop_old

#: What was read through an account that lapsed is not looked up at its source any more: it stays no longer (R13).
UNPROVEN = timedelta(days=7)


@job
def expire(process: Process, day: str) -> None:
    """Deletes everything that is overdue, in tables and elsewhere, and notes that it was done on this day (ISO)."""
    places = holdings(process)
    expire_requests(process)  # before the rules of the tables, which know nothing of keys
    with process.working() as work:
        _drop_unproven(work)
        drop_old(work)
        places.expire(work.session, work.now)
        drop_removed(work.session)
    places.expire_places(process.clock())
    process.forget()
    tallies.count(process, "retention")
    note_expired(process.redis, day)


def _drop_unproven(work: Work) -> None:
    idle = select(Connection).where(Connection.idle_since <= work.now - UNPROVEN).with_for_update()
    for connection in work.session.scalars(idle).all():
        if not _rests(work, connection):
            continue
        drop_signals(work.session, connection)
        # The days that have ended stay what they were; the running one is made of what is left, if anything is.
        drop_preliminary(work.session, connection.subject_id)
        work.later("score", connection.subject_id)


def _rests(work: Work, connection: Connection) -> bool:
    """Does anything rest of what was read? Where nobody can read that, it goes all the same, before it counts."""
    try:
        return has_signals(work.session, connection)
    except BrokenFileError:
        return True
