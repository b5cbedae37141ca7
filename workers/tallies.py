"""Counts over everybody, made by a job every hour and kept with their time: no page counts a whole table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy.consent import Consent
from privacy.disclosure import Disclosure
from privacy.vocabulary import Purpose
from workers.models import Connection, Dispute, Objection, Tally
from workers.models.connection import State
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.upsert import upsert
from workers.runtime.work import Work

EVERY = timedelta(hours=1)
#: A count that is older says that nobody counts any more: the schedule or the workers stand still.
STALE = 3 * EVERY
#: An account is read freshly if it was within so long.
FRESH = timedelta(days=2)
MONTH, YEAR = timedelta(days=30), timedelta(days=365)


@dataclass(frozen=True)
class Counted:
    """A count with its time."""

    counts: Any
    at: datetime

    def stale(self, now: datetime) -> bool:
        """Is it so old that something stands still?"""
        return now - self.at > STALE


def last(session: Session, name: str) -> Counted | None:
    """The newest count of something; None before the first one."""
    row = session.get(Tally, name)
    return Counted(row.counts, row.counted_at) if row is not None else None


def due(work: Work) -> Iterator[str]:
    """Names of what is to be counted now."""
    fresh = set(work.session.scalars(select(Tally.name).where(Tally.counted_at > work.now - EVERY)))
    return (name for name in COUNTED if name not in fresh)


def count(process: Process, name: str) -> None:
    """Counts one thing and keeps the number; while it counts, everybody else may write."""
    now = process.clock()
    with process.reading() as session:
        counts = COUNTED[name](process, session, now)
    with process.working() as work:
        upsert(work.session, Tally(name=name, counts=counts, counted_at=now), newest="counted_at")


def count_all(process: Process) -> None:
    """Counts everything now."""
    for name in COUNTED:
        count(process, name)


def _retention(process: Process, session: Session, now: datetime) -> Mapping[str, object]:
    """Kind of data to how much there is, is due and is overdue (`privacy.holdings.Due`)."""
    return {kind: asdict(found) for kind, found in holdings(process).due(session, now).items()}


def _consents(_process: Process, session: Session, _now: datetime) -> Mapping[str, object]:
    """`yes`: purpose, network, how many agree to it now; `people`: how many agree to be scored at all."""
    agreed = (Consent.granted, Consent.ended_at.is_(None))
    query = select(Consent.purpose, Consent.network, func.count()).where(*agreed)
    rows = session.execute(query.group_by(Consent.purpose, Consent.network)).all()
    scored = select(func.count(Consent.subject_id.distinct())).where(*agreed, Consent.purpose == Purpose.SCORING.value)
    return {"yes": [list(row) for row in rows], "people": session.scalar(scored) or 0}


def _networks(_process: Process, session: Session, now: datetime) -> Mapping[str, object]:
    """Network to its proven accounts, how many of them were read freshly, and why the others were not."""
    proven = Connection.state == State.PROVEN.value
    fresh = func.count().filter(Connection.read_at >= now - FRESH)
    totals = select(Connection.network, func.count(), fresh).where(proven).group_by(Connection.network)
    found: dict[str, dict[str, Any]] = {
        network: {"accounts": number, "fresh": read, "failures": {}}
        for network, number, read in session.execute(totals.order_by(Connection.network))
    }
    why = (
        select(Connection.network, Connection.failure, func.count())
        .where(proven, Connection.failure.is_not(None))
        .group_by(Connection.network, Connection.failure)
        .order_by(func.count().desc(), Connection.failure)
    )
    for network, reason, number in session.execute(why):
        found[network]["failures"][str(reason)] = number
    return found


def _looks(_process: Process, session: Session, now: datetime) -> Mapping[str, object]:
    """Purpose to looks of others at scores within 30 days."""
    query = select(Disclosure.purpose, func.count()).where(Disclosure.made_at > now - MONTH)
    return dict(session.execute(query.group_by(Disclosure.purpose)).all())


def _decided(_process: Process, session: Session, now: datetime) -> Mapping[str, object]:
    """Outcome to disputes that were decided so within a year."""
    query = select(Dispute.outcome, func.count()).where(Dispute.decided_at > now - YEAR)
    return dict(session.execute(query.group_by(Dispute.outcome)).all())


def _objections(_process: Process, session: Session, _now: datetime) -> int:
    """Accounts whose reactions are not taken."""
    return session.scalar(select(func.count()).select_from(Objection)) or 0


def _recipients(_process: Process, session: Session, _now: datetime) -> Mapping[str, object]:
    """Id of a recipient to how many people they got something of."""
    people = select(Disclosure.recipient_id, func.count(Disclosure.subject_id.distinct()))
    known = people.where(Disclosure.recipient_id.is_not(None)).group_by(Disclosure.recipient_id)
    return {str(one): number for one, number in session.execute(known)}


COUNTED: Mapping[str, Callable[[Process, Session, datetime], Any]] = {
    "retention": _retention,
    "consents": _consents,
    "networks": _networks,
    "looks": _looks,
    "decided": _decided,
    "objections": _objections,
    "recipients": _recipients,
}
