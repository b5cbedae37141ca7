"""How a person stands among those who agreed to be compared: an average and a tenth, and nothing of anybody (R43).

It is made of the last whole day, of everybody who agreed before this day began. When one of them leaves during the day,
nothing is shown until the next: two averages that differ by one person would say something about that person.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject
from privacy.consent import Consent, NoticeText
from privacy.notices import VERSIONS
from privacy.vocabulary import Purpose
from workers.models import DayScored, Score

#: Fewer people than this make no average.
FEWEST = 10


@dataclass(frozen=True)
class Compared:
    """Where somebody stands."""

    day: date
    average: int
    """Points, rounded."""
    own: float
    """Points."""
    tenth: int
    """1 to 10: in the tenth with the most points, in the next, and so on."""


def compare(session: Session, subject_id: str, now: datetime) -> Compared | None:
    """None without a consent, without a score, with fewer than ten people, or where somebody left today."""
    if not consent.agreed(session, subject_id, Purpose.COMPARISON):
        return None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = (midnight - timedelta(days=1)).date()
    if _left(session, midnight) or session.get(DayScored, day) is None:
        return None
    scored = (Score.day == day, Score.preliminary.is_(False))
    own = session.scalar(select(Score.score).where(*scored, Score.subject_id == subject_id))
    if own is None or session.scalar(_members(midnight).where(Consent.subject_id == subject_id).limit(1)) is None:
        return None
    ahead = func.count().filter(Score.score > own)
    totals = select(func.count(), func.sum(Score.score), ahead).where(*scored, Score.subject_id.in_(_members(midnight)))
    people, points, better = session.execute(totals).one()
    if people < FEWEST:
        return None
    return Compared(day, round(points / people), own, max(1, ceil(10 * (better + 1) / people)))


def _left(session: Session, midnight: datetime) -> bool:
    """Does one of them not agree any more?"""
    ended = _members(midnight).where(Consent.ended_at.is_not(None))
    erasing = select(Subject.id).where(Subject.erasing_at.is_not(None), Subject.id.in_(_members(midnight)))
    return any(session.scalar(query.limit(1)) is not None for query in (ended, erasing))


def _members(midnight: datetime) -> Select[str]:
    """Who had agreed when this day began."""
    texts = select(NoticeText.digest).where(
        NoticeText.purpose == Purpose.COMPARISON.value, NoticeText.version == VERSIONS[Purpose.COMPARISON]
    )
    return select(Consent.subject_id).where(
        Consent.purpose == Purpose.COMPARISON.value,
        Consent.granted,
        Consent.notice_digest.in_(texts),
        Consent.decided_at < midnight,
        or_(Consent.ended_at.is_(None), Consent.ended_at >= midnight),
    )
