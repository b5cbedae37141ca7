"""Invented scores of days, written as they are."""

from datetime import date

from privacy.sealed import seal
from workers.models import PostSplit, Score
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
    split = PostSplit(subject_id=subject_id, day=day, made_at=work.now)
    seal(split, work.ring.person(subject_id), points='{"p": 1.0}')
    work.session.add_all([row, split])
    work.session.flush()
    return row
