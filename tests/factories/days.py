"""Invented scores of days, written as they are; and what the store has."""

from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import select

from privacy.base import Subject
from privacy.sealed import seal
from workers import buckets, jobs
from workers.commitment import commit_to
from workers.models import Bucket, DayScored, PostSplit, Score
from workers.models.score import SPLIT, pack_split
from workers.places import Vault
from workers.runtime.process import Process
from workers.runtime.work import Work


def make_score(
    work: Work,
    subject_id: str,
    day: date,
    score: float = 40.0,
    *,
    preliminary: bool = False,
    by_network: dict[str, float] | None = None,
) -> Score:
    """A score of a day with a split by post beside it."""
    row = Score(
        subject_id=subject_id, day=day, model="klarwert-1", score=score, impact=27.0, weeks=4,
        by_network=by_network or {"bluesky": score - 1}, by_kind={"like": score - 1}, preliminary=preliminary,
        made_at=work.now,
    )  # fmt: skip
    if not preliminary:
        commit_to(row)
    split = PostSplit(subject_id=subject_id, day=day, made_at=work.now)
    seal(split, work.ring.person(subject_id), points=a_split(1.0))
    work.session.add_all([row, split])
    publish(work, day)
    work.session.flush()
    return row


def a_split(points: float) -> bytes:
    """Points of one post of an invented connection."""
    return pack_split(bytes(16), np.array([(0, 1, points)], dtype=SPLIT).tobytes())


def publish(work: Work, day: date) -> None:
    """Makes the final scores of a day count."""
    if work.session.get(DayScored, day) is None:
        work.session.add(DayScored(day=day, done_at=work.now, people=1))
        work.session.flush()


def signals(process: Process, subject_id: str | None = None) -> list[dict[str, Any]]:
    """Everything that the store has of one person or of everybody."""
    with process.reading() as session:
        people = [subject_id] if subject_id else list(session.scalars(select(Subject.id).order_by(Subject.id)))
    return [row for who in people for row in Vault(process).export(who)]


def run_day(process: Process, day: date) -> None:
    """Scores a day that has ended, as the schedule and its jobs do."""
    jobs.score_day(day.isoformat())
    process.queue.rq.empty()
    keep_basis(process, day)


def keep_basis(process: Process, day: date) -> None:
    """Folds every bucket for a day; scores that are there stay, and what they are made of is known from then on."""
    with process.working() as work:
        buckets.settle(work)
    fold_all(process, day.isoformat())


def fold_all(process: Process, day: str = "") -> None:
    """Folds every bucket, one after the other."""
    with process.reading() as session:
        numbers = list(session.scalars(select(Bucket.number).order_by(Bucket.number)))
    for number in numbers:
        jobs.fold(str(number), day)
