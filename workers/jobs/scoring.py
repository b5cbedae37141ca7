"""Scoring jobs: one person now (the running day, preliminary), or everybody, a bucket at a time."""

from datetime import date

from workers import buckets
from workers.fold import fold as fold_bucket
from workers.jobs.job import job
from workers.models import DayScored
from workers.results import store_score
from workers.runtime.process import Process


@job
def score(process: Process, subject_id: str) -> None:
    """Scores one person for the running day."""
    with process.working() as work:
        store_score(work, subject_id, work.today)


@job
def score_day(process: Process, day: str) -> None:
    """Has every bucket folded and scored for a day (ISO, UTC) that has ended; those that are done are left alone.

    The last one to be done makes the day count; where it died before, this does.
    """
    wanted = date.fromisoformat(day)
    with process.reading() as session:
        if session.get(DayScored, wanted) is not None:
            return
    with process.working() as work:
        buckets.settle(work)
        for number in buckets.unscored(work.session, wanted):
            work.later("fold", str(number), day)
    buckets.publish(process, wanted)


@job
def fold(process: Process, number: str, day: str = "") -> None:
    """Folds a bucket; with a day (ISO, UTC) everybody in it is scored for it."""
    fold_bucket(process, int(number), date.fromisoformat(day) if day else None)
