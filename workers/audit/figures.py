"""Figures over everybody's scores from which nobody can be read: from 10 people up, no differences of fewer (R43).

They are made once for a day and stay; a newer day replaces them only after a week, and only if nobody or at least ten
people came, and nobody or at least ten left: so that no difference of two of them is about fewer.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Double, cast, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from workers.models import Figures, Score
from workers.runtime.work import Work

LEAST = 10
EVERY = timedelta(days=7)
_WIDTH = 10
_HIGHEST = 100


def bands(counts: Sequence[int]) -> dict[str, int]:
    """Bands of ten points of which these counts are, neighbours joined until each has ten people; empty for fewer."""
    if sum(counts) < LEAST:
        return {}
    joined: list[list[int]] = []
    start = held = 0
    for band, number in enumerate(counts):
        held += number
        if held >= LEAST:
            joined.append([start, (band + 1) * _WIDTH, held])
            start, held = (band + 1) * _WIDTH, 0
    joined[-1][1] = _HIGHEST
    joined[-1][2] += held
    return {f"{low}-{high}": number for low, high, number in joined}


def shares(sums: Iterable[tuple[str, float, int]]) -> dict[str, int]:
    """The share of each label in all points, in whole per cents, of labels on which ten people have points.

    `sums`: label, points, people who have any. The other labels are left out of the whole, too, so that nothing is told
    by what is missing.
    """
    shown = {label: points for label, points, people in sums if people >= LEAST}
    whole = sum(shown.values())
    return {label: round(100 * points / whole) for label, points in sorted(shown.items())}


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
    now = session.scalar(select(func.count()).where(*_under(Score, day))) or 0
    if now < LEAST or (last is not None and (day - last.day < EVERY or not _far_enough(session, last, day, now))):
        return None
    counts = session.execute(select(*map(_count, range(_HIGHEST // _WIDTH))).where(*_under(Score, day))).one()
    networks, kinds = (shares(_sums(session, day, points)) for points in (Score.by_network, Score.by_kind))
    made = Figures(day=day, people=now, bands=bands(counts), networks=networks, kinds=kinds, made_at=work.now)
    session.add(made)
    session.flush()
    return made


def _under(score: type[Score], day: date) -> tuple[ColumnElement[bool], ...]:
    """The scores that are under the root of a day."""
    return score.day == day, score.leaf.is_not(None)


def _count(band: int) -> ColumnElement[int]:
    """How many scores lie in a band; in the last one with its upper edge."""
    low, high = band * _WIDTH, (band + 1) * _WIDTH
    return func.count().filter(Score.score >= low, Score.score < high if high < _HIGHEST else true())


def _sums(session: Session, day: date, points: InstrumentedAttribute[dict[str, float]]) -> list[tuple[str, float, int]]:
    """Label, points and people who have any, of everybody: added up by the database."""
    each = func.json_each if session.get_bind().dialect.name == "sqlite" else func.json_each_text
    part = each(points).table_valued("key", "value")
    value = cast(part.c.value, Double)
    query = (
        select(part.c.key, func.sum(value), func.count())
        .select_from(Score)
        .join(part, true())
        .where(*_under(Score, day), value > 0)
        .group_by(part.c.key)
    )
    return [(label, total, people) for label, total, people in session.execute(query)]


def _far_enough(session: Session, last: Figures, day: date, now: int) -> bool:
    """Whoever was erased or withdrew since has no score any more and counts as somebody who left."""
    then, today = aliased(Score), aliased(Score)
    both = session.scalar(
        select(func.count())
        .select_from(then)
        .join(today, today.subject_id == then.subject_id)
        .where(*_under(then, last.day), *_under(today, day))
    )
    return may_follow(last.people, now, both or 0)
