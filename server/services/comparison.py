"""How a person stands among those who agreed to be compared: an average and a tenth, and nothing of anybody (R43).

It is made of the last whole day, of everybody who agreed before this day began. When one of them leaves during the day,
nothing is shown until the next: two averages that differ by one person would say something about that person.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from sqlalchemy import or_, select
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
    members = _members(session, midnight)
    if members is None or session.get(DayScored, day) is None:
        return None
    query = select(Score.subject_id, Score.score).where(Score.day == day, Score.preliminary.is_(False))
    scores = {who: score for who, score in session.execute(query) if who in members}
    if len(scores) < FEWEST or subject_id not in scores:
        return None
    own = scores[subject_id]
    ahead = sum(score > own for score in scores.values())
    return Compared(day, round(sum(scores.values()) / len(scores)), own, max(1, ceil(10 * (ahead + 1) / len(scores))))


def _members(session: Session, midnight: datetime) -> set[str] | None:
    """Who had agreed when this day began; None if one of them does not any more."""
    query = (
        select(Consent.subject_id, Consent.ended_at, Subject.erasing_at)
        .join(Subject, Subject.id == Consent.subject_id)
        .join(NoticeText, NoticeText.digest == Consent.notice_digest)
        .where(
            Consent.purpose == Purpose.COMPARISON.value,
            Consent.granted,
            NoticeText.version == VERSIONS[Purpose.COMPARISON],
            Consent.decided_at < midnight,
            or_(Consent.ended_at.is_(None), Consent.ended_at >= midnight),
        )
    )
    rows = session.execute(query).all()
    left = any(ended is not None or erasing is not None for _, ended, erasing in rows)
    return None if left else {who for who, _, _ in rows}
