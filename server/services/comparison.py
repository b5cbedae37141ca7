"""How a person stands among those who agreed to be compared, as the night has worked it out (`workers.comparing`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.keyring import KeyRing
from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from workers.models import Compared, Comparison, Score


@dataclass(frozen=True)
class Standing:
    """Where somebody stands."""

    day: date
    average: int
    """Points, rounded."""
    own: float
    """Points."""
    tenth: int
    """1 to 10: in the tenth with the most points, in the next, and so on."""
    topics: Mapping[str, int]
    """The same by topic, among those with influence on it; only topics on which at least ten have some."""


def compare(session: Session, ring: KeyRing, subject_id: str, now: datetime) -> Standing | None:
    """None without a consent, without a score, with fewer than ten people, or where somebody left since."""
    if not consent.agreed(session, subject_id, Purpose.COMPARISON):
        return None
    day = now.date() - timedelta(days=1)
    whole, mine = session.get(Comparison, day), session.get(Compared, subject_id)
    if whole is None or whole.average is None or mine is None or mine.day != day:
        return None
    own = session.scalar(select(Score.score).where(Score.subject_id == subject_id, Score.day == day))
    if own is None:
        return None
    topics = {}
    if mine.topics is not None and consent.agreed(session, subject_id, Purpose.TOPICS):
        topics = json.loads(unseal(mine, ring.person(subject_id), "topics"))
    return Standing(day, whole.average, own, mine.tenth, topics)
