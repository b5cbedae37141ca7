"""Retention: every day, what is out of its time goes (R34)."""

from datetime import timedelta

from sqlalchemy import select

from workers.jobs.job import job
from workers.models import Connection
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.store import drop_signals

#: What was read through an account that lapsed is not looked up at its source any more: it stays no longer (R13).
UNPROVEN = timedelta(days=7)


@job
def expire(process: Process) -> None:
    """Deletes everything that is overdue, in tables and elsewhere."""
    expire_all(process)


def expire_all(process: Process) -> None:
    """The same without being a job."""
    places = holdings(process)
    with process.working() as work:
        _drop_unproven(work)
        places.expire(work.session, work.now)
    places.expire_places(process.clock())
    process.forget()


def _drop_unproven(work: Work) -> None:
    idle = select(Connection).where(Connection.idle_since <= work.now - UNPROVEN).with_for_update()
    for connection in work.session.scalars(idle).all():
        drop_signals(work.session, connection)
