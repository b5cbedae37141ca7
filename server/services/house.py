"""How the installation is doing, as who runs it needs to know: numbers only, and nobody behind them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from privacy.base import Subject
from workers import tallies
from workers.models import Bucket, DayScored, Dispute, Mail, ScoreCheck
from workers.models.dispute import Outcome
from workers.runtime.process import Process

#: So long an alarm is shown after the check that raised it.
ALARM = timedelta(days=7)


@dataclass(frozen=True)
class NetworkHealth:
    """How the accounts of one network are read."""

    network: str
    accounts: int
    """Proven ones."""
    fresh: int
    """Read to their end within two days."""
    failures: dict[str, int]
    """Why the last try failed: reason to number of accounts."""


@dataclass(frozen=True)
class Queue:
    """What waits to be done by the workers."""

    waiting: int
    running: int
    failed: int
    """Kept for some days, to be looked at in the log."""


@dataclass(frozen=True)
class Unfolded:
    """Files of signals that could not be written anew for one reason; their people keep their last scores."""

    reason: str
    """A word of `workers.fold.Fault`."""
    buckets: int
    people: int
    """Scored in them the last time."""
    since: datetime
    """The oldest of the failures."""


@dataclass(frozen=True)
class House:
    """Everything on the overview."""

    participants: int | None
    """People with a yes to scoring; None before the first count."""
    erasing: int
    networks: list[NetworkHealth]
    counted_at: datetime | None
    """When participants and accounts were counted; None before the first count."""
    stale: bool
    """Is that so long ago that something stands still?"""
    queue: Queue | None
    """None where the queue does not answer."""
    scored: DayScored | None
    """The newest day that was scored for everybody."""
    check: ScoreCheck | None
    """The newest check of stored scores; one with differences stays the newest for a week."""
    disputes: int
    """Waiting for a decision."""
    mails: int
    """Waiting longer than an hour."""
    unfolded: list[Unfolded]
    """Most people first."""


def house(process: Process, session: Session) -> House:
    """How it is now."""
    now = process.clock()
    people, accounts = tallies.last(session, "consents"), tallies.last(session, "networks")
    oldest = min((one for one in (people, accounts) if one), key=lambda one: one.at, default=None)
    return House(
        participants=people.counts["people"] if people else None,
        erasing=_count(session, select(func.count()).where(Subject.erasing_at.is_not(None))),
        networks=[NetworkHealth(name, **facts) for name, facts in accounts.counts.items()] if accounts else [],
        counted_at=oldest.at if oldest else None,
        stale=oldest.stale(now) if oldest else False,
        queue=_queue(process),
        scored=session.scalar(select(DayScored).order_by(DayScored.day.desc()).limit(1)),
        check=_check(session),
        disputes=_count(session, select(func.count()).where(Dispute.outcome == Outcome.OPEN.value)),
        mails=_count(session, select(func.count()).where(Mail.created_at < now - timedelta(hours=1))),
        unfolded=_unfolded(session),
    )


def _check(session: Session) -> ScoreCheck | None:
    newest = session.scalar(select(ScoreCheck).order_by(ScoreCheck.day.desc()).limit(1))
    alarm = session.scalar(select(ScoreCheck).where(ScoreCheck.wrong > 0).order_by(ScoreCheck.day.desc()).limit(1))
    return alarm if alarm and newest and newest.day - alarm.day < ALARM else newest


def _unfolded(session: Session) -> list[Unfolded]:
    people = func.sum(Bucket.people)
    query = (
        select(Bucket.failure, func.count(), people, func.min(Bucket.failed_at))
        .where(Bucket.failure.is_not(None))
        .group_by(Bucket.failure)
        .order_by(people.desc(), Bucket.failure)
    )
    return [Unfolded(str(reason), number, who, since) for reason, number, who, since in session.execute(query) if since]


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(query) or 0


def _queue(process: Process) -> Queue | None:
    rq = process.queue.rq
    try:
        return Queue(rq.count, rq.started_job_registry.count, rq.failed_job_registry.count)
    except RedisError:
        return None
