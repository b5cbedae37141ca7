"""Comparing those who agreed to it: an average, and in which tenth each stands, overall and by topic (R43).

It is made once for each whole day, of everybody who agreed before the next one began. When one of them leaves, nothing
of that day is shown any more, and nothing is made in its place: what was with them and what would be without them
differ by one person, and would say something about that person.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, sqrt

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from privacy import consent
from privacy.consent import Consent
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from workers.models import Compared, Comparison, DayScored, Score
from workers.runtime.upsert import upsert
from workers.runtime.work import Work
from workers.scoring import versions

#: Fewer people than this are compared with nobody.
FEWEST = 10
_AT_ONCE = 1000


@dataclass
class _Columns:
    """Those who are compared, one after the other, and the influence of each by topic."""

    people: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    topics: defaultdict[str, tuple[list[int], list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: ([], []))
    )
    """Topic to the places of people in `people`, and their influence on it."""


def due(work: Work) -> date | None:
    """The day that has just ended, once everybody was scored for it, unless it was compared already."""
    day = work.today - timedelta(days=1)
    there = work.session.get(DayScored, day) is not None and work.session.get(Comparison, day) is None
    return day if there else None


def compare(work: Work, day: date) -> bool:
    """Compares everybody for a day that has ended; False where that was done.

    The consents are held until the transaction ends: whoever withdraws comes before it, or takes it back (`leave`).
    """
    session = work.session
    if session.get(Comparison, day) is not None:
        return False
    found = _read(work, day)
    session.execute(delete(Compared))
    enough = len(found.people) >= FEWEST
    average = round(sum(found.scores) / len(found.scores)) if enough else None
    upsert(session, Comparison(day=day, average=average, made_at=work.now), newest="made_at")
    if enough:
        _store(work, day, found.people, tenths(found.scores), _by_topic(found.topics))
    return True


def leave(session: Session, subject_id: str) -> None:
    """Takes back what somebody was compared in, before they stop being part of it."""
    mine = session.get(Compared, subject_id)
    if mine is not None:
        session.execute(update(Comparison).where(Comparison.day == mine.day).values(average=None))
        session.delete(mine)
        session.flush()


def tenths(values: Sequence[float]) -> list[int]:
    """In which tenth each value is, 1 with the highest; equal values are in the same one."""
    ordered = sorted(values, reverse=True)
    ahead: dict[float, int] = {}
    for place, value in enumerate(ordered):
        ahead.setdefault(value, place)
    return [ceil(10 * (ahead[value] + 1) / len(values)) for value in values]


def influence(row: Score, points: Mapping[str, float]) -> dict[str, float]:
    """Influence by topic (score-model, section 7) from the points by topic of a score: in voices, not on the scale.

    Points are voices' shares times (score - 1) / (sum of the voices), and the impact is that sum times its steadiness.
    """
    model = versions.PUBLISHED.on(row.day)
    if row.weeks == 0 or row.score <= model.lowest:
        return {}
    voices = row.impact / sqrt(row.weeks / model.weeks)
    return {topic: value * voices / (row.score - model.lowest) for topic, value in points.items() if value > 0}


def _read(work: Work, day: date) -> _Columns:
    """Everybody who agreed before the next day began, still does, and has a final score of the day."""
    session = work.session
    midnight = datetime.combine(day + timedelta(days=1), time(), UTC)
    members = consent.agreeing(Purpose.COMPARISON).where(Consent.decided_at < midnight)
    consent.hold(session, session.scalars(members))
    telling = set(session.scalars(consent.agreeing(Purpose.TOPICS)))
    rows = (
        select(Score)
        .where(Score.day == day, Score.preliminary.is_(False), Score.subject_id.in_(members))
        .order_by(Score.subject_id)
        .execution_options(yield_per=_AT_ONCE)
    )
    found = _Columns()
    for row in session.scalars(rows):
        if row.subject_id in telling and row.by_topic is not None:
            points = json.loads(unseal(row, work.ring.person(row.subject_id), "by_topic"))
            for topic, value in influence(row, points).items():
                places, values = found.topics[topic]
                places.append(len(found.people))
                values.append(value)
        found.people.append(row.subject_id)
        found.scores.append(row.score)
    return found


def _by_topic(topics: Mapping[str, tuple[list[int], list[float]]]) -> dict[int, dict[str, int]]:
    """Place of a person to their tenth by topic, of topics on which enough people have influence."""
    mine: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for topic, (places, values) in topics.items():
        if len(places) >= FEWEST:
            for place, tenth in zip(places, tenths(values), strict=True):
                mine[place][topic] = tenth
    return mine


def _store(
    work: Work, day: date, people: Sequence[str], tenth: Iterable[int], topics: Mapping[int, dict[str, int]]
) -> None:
    rows = []
    for place, (subject_id, own) in enumerate(zip(people, tenth, strict=True)):
        row = Compared(subject_id=subject_id)
        if place in topics:
            seal(row, work.ring.person(subject_id), topics=json.dumps(topics[place], sort_keys=True))
        rows.append(
            {"subject_id": subject_id, "day": day, "tenth": own, "topics": row.topics, "made_at": work.now}
        )  # fmt: skip
    for start in range(0, len(rows), _AT_ONCE):
        work.session.execute(insert(Compared), rows[start : start + _AT_ONCE])
