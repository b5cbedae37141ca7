"""What happened to a score besides reactions: accounts connected, consents given and ended, another model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from workers.models import Connection, Dispute, Score


@dataclass(frozen=True, order=True)
class Event:
    """One thing that happened on a day (UTC)."""

    day: date
    kind: str
    """A key of `server.web.sentences.EVENTS`."""
    what: str = ""
    """The name of a network, a purpose or a model."""


Source = Callable[[Session, str], Iterator[Event]]


def events(session: Session, subject_id: str, days: int, today: date) -> list[Event]:
    """What happened in the last so many days, oldest first."""
    since = today - timedelta(days=days)
    found = {event for source in SOURCES for event in source(session, subject_id) if event.day >= since}
    return sorted(found)


def _accounts(session: Session, subject_id: str) -> Iterator[Event]:
    for connection in session.scalars(select(Connection).where(Connection.subject_id == subject_id)):
        # One that was never read, mistyped perhaps, changed nothing.
        if connection.read_at is None:
            continue
        # Proven again every 90 days; the first time is what changed the score.
        yield Event(connection.created_at.date(), "connected", connection.network)
        if connection.idle_since is not None:
            yield Event(connection.idle_since.date(), "lapsed", connection.network)


def _consents(session: Session, subject_id: str) -> Iterator[Event]:
    for decision, _ in consent.history(session, subject_id):
        if not decision.granted:
            continue
        what = f"{decision.purpose}/{decision.network}" if decision.network else decision.purpose
        yield Event(decision.decided_at.date(), "agreed", what)
        if decision.ended_at is not None:
            yield Event(decision.ended_at.date(), "withdrawn", what)


def _models(session: Session, subject_id: str) -> Iterator[Event]:
    query = select(Score.day, Score.model).where(Score.subject_id == subject_id).order_by(Score.day)
    for (_, before), (day, model) in pairwise(session.execute(query).all()):
        if model != before:
            yield Event(day, "model", model)


def _disputes(session: Session, subject_id: str) -> Iterator[Event]:
    for dispute in session.scalars(select(Dispute).where(Dispute.subject_id == subject_id)):
        yield Event(dispute.made_at.date(), "disputed")
        if dispute.decided_at is not None:
            yield Event(dispute.decided_at.date(), "dispute over", dispute.outcome)


#: Whoever adds something that changes scores adds where it is told from.
SOURCES: tuple[Source, ...] = (_accounts, _consents, _models, _disputes)
