"""Scoring jobs: one person now (the running day, preliminary), or everybody for a day that has ended."""

import logging
from collections.abc import Iterator
from datetime import date

from rq.timeouts import BaseTimeoutException
from sqlalchemy import exists, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from privacy.base import Subject
from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from workers.audit import figures
from workers.audit.root import publish
from workers.jobs.job import job
from workers.models import DayScored, Score
from workers.results import store_score
from workers.runtime.process import Process
from workers.runtime.upsert import upsert

log = logging.getLogger(__name__)

_AT_ONCE = 500


@job
def score(process: Process, subject_id: str) -> None:
    """Scores one person for the running day."""
    with process.working() as work:
        store_score(work, subject_id, work.today)


@job
def score_day(process: Process, day: str) -> None:
    """Scores everybody for a day (ISO, UTC) in one transaction each.

    Run again, it goes on with those who have no final score yet. Whoever withdraws meanwhile gets no row.
    """
    wanted = date.fromisoformat(day)
    with process.reading() as session:
        if session.get(DayScored, wanted) is not None:
            return
    for subject_id in _unscored(process, wanted):
        _score_one(process, subject_id, wanted)
    with process.working() as work:
        people = work.session.scalar(select(func.count()).where(Score.day == wanted, ~Score.preliminary))
        upsert(work.session, DayScored(day=wanted, done_at=work.now, people=people or 0), newest="done_at")
        publish(work, wanted)
        figures.make(work, wanted)


def _unscored(process: Process, day: date) -> Iterator[str]:
    """Ids of people without a final score of the day, some at a time: an instance may have many."""
    last = ""
    while True:
        with process.reading() as session:
            people = _next_unscored(session, day, last)
        yield from people
        if len(people) < _AT_ONCE:
            return
        last = people[-1]


def _next_unscored(session: Session, day: date, last: str) -> list[str]:
    final = exists().where(Score.subject_id == Subject.id, Score.day == day, ~Score.preliminary)
    query = select(Subject.id).where(Subject.id > last, Subject.erasing_at.is_(None), ~final)
    return list(session.scalars(query.order_by(Subject.id).limit(_AT_ONCE)))


def _score_one(process: Process, subject_id: str, day: date) -> None:
    try:
        with process.working() as work:
            store_score(work, subject_id, day)
    except (NoConsentError, KeyGoneError):
        return
    except (OperationalError, BaseTimeoutException):
        # The database is away, or the job has had its time: nobody's own trouble, the whole day goes on later.
        raise
    except Exception:  # One person whose score breaks must not keep the day from everybody else.
        log.exception("the score of %s broke", subject_id)
