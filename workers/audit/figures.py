"""Figures over everybody's scores from which nobody can be read: from 10 people up, no differences of fewer (R43).

They are made once for a day and stay; a newer day replaces them only after a week, and only if nobody or at least ten
people came, and nobody or at least ten left: so that no difference of two of them is about fewer.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import SQLColumnExpression, Text, cast, func, select
from sqlalchemy.orm import Session, aliased

from workers.models import Figures, Score, ScoreOpening
from workers.runtime.work import Work

LEAST = 10
EVERY = timedelta(days=7)
_WIDTH = 10
_HIGHEST = 100
_A_PIECE = 10_000


def bands(scores: Sequence[float]) -> dict[str, int]:
    """How many scores lie in bands of ten points, neighbours joined until each has ten people; empty for fewer."""
    if len(scores) < LEAST:
        return {}
    counts = Counter(min(int(score), _HIGHEST - 1) // _WIDTH for score in scores)
    joined: list[list[int]] = []
    start = held = 0
    for band in range(_HIGHEST // _WIDTH):
        held += counts[band]
        if held >= LEAST:
            joined.append([start, (band + 1) * _WIDTH, held])
            start, held = (band + 1) * _WIDTH, 0
    joined[-1][1] = _HIGHEST
    joined[-1][2] += held
    return {f"{low}-{high}": number for low, high, number in joined}


def shares(people: Iterable[Mapping[str, float]]) -> dict[str, int]:
    """The share of each label in all points, in whole per cents, of labels on which ten people have points.

    The others are left out of the whole, too, so that nothing is told by what is missing.
    """
    points: Counter[str] = Counter()
    number: Counter[str] = Counter()
    for mine in people:
        for label, value in mine.items():
            if value > 0:
                points[label] += value  # type: ignore[assignment]  # a Counter adds up floats as well
                number[label] += 1
    shown = {label: value for label, value in points.items() if number[label] >= LEAST}
    whole = sum(shown.values())
    return {label: round(100 * value / whole) for label, value in sorted(shown.items())}


def may_follow(before: int, now: int, both: int) -> bool:
    """May figures over `now` people follow those over `before`, of whom `both` are the same?"""
    return all(number == 0 or number >= LEAST for number in (before - both, now - both))


def newest(session: Session) -> Figures | None:
    """The figures that are shown."""
    return session.scalar(select(Figures).order_by(Figures.day.desc()).limit(1))


def make(work: Work, day: date) -> Figures | None:
    """Makes the figures of a published day; None where the older ones stay, or there are too few people."""
    session = work.session
    last = newest(session)
    now = session.scalar(select(func.count()).where(ScoreOpening.day == day)) or 0
    if now < LEAST or (last is not None and (day - last.day < EVERY or not _far_enough(session, last, day, now))):
        return None
    scores = [score for part in _columns(session, day, Score.score) for score in part]
    networks, kinds = (
        shares(one for part in _columns(session, day, cast(texts, Text)) for one in json.loads(f"[{','.join(part)}]"))
        for texts in (Score.by_network, Score.by_kind)
    )
    made = Figures(day=day, people=now, bands=bands(scores), networks=networks, kinds=kinds, made_at=work.now)
    session.add(made)
    session.flush()
    return made


def _columns(session: Session, day: date, column: SQLColumnExpression[Any]) -> Iterator[Sequence[Any]]:
    """A column of the day's scores that are under its root, in pieces."""
    query = (
        select(column)
        .join(ScoreOpening, (ScoreOpening.subject_id == Score.subject_id) & (ScoreOpening.day == Score.day))
        .where(Score.day == day)
        .execution_options(yield_per=_A_PIECE)
    )
    yield from session.connection().execute(query).scalars().partitions()


def _far_enough(session: Session, last: Figures, day: date, now: int) -> bool:
    """Whoever was erased or withdrew since has no opening any more and counts as somebody who left."""
    then, today = aliased(ScoreOpening), aliased(ScoreOpening)
    both = session.scalar(
        select(func.count())
        .select_from(then)
        .join(today, today.subject_id == then.subject_id)
        .where(then.day == last.day, today.day == day)
    )
    return may_follow(last.people, now, both or 0)
