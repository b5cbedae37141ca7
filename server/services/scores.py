"""A person's score as they see it: the number, its history, what gave most, and what comes next without one."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.keyring import KeyRing
from server.services.connections import TAKEN
from server.services.explanations import ShownPost, explain_day, posts
from workers.models import Bucket, Connection, Score
from workers.models.connection import State
from workers.results import Daily, history, newest
from workers.scoring import versions
from workers.scoring.changes import PARTS
from workers.scoring.model import KLARWERT_1, Model
from workers.signals.vault import BrokenFileError

HISTORY_DAYS = 365
#: Parts of a change in the order in which they are told; the first one only where another version of the model began.
CHANGES = ("model", *PARTS)


class Step(StrEnum):
    """What somebody without a score does next."""

    CONSENT = "consent"
    """Say yes to a network."""
    CONNECT = "connect"
    """Name an account."""
    PROVE = "prove"
    """Show that an account is theirs."""
    TAKEN = "taken"
    """Somebody else has proven the account that was theirs."""
    WAIT = "wait"
    """It is being read."""


@dataclass(frozen=True)
class Change:
    """The difference to an earlier score."""

    since: date
    points: float
    parts: dict[str, float]
    """What it is made of, in points, in the order in which it is told; empty where that is not known."""


@dataclass(frozen=True)
class Overview:
    """The score page."""

    score: Score
    history: list[Daily]
    """Of a year, oldest first."""
    posts: list[ShownPost]
    """Those that gave most, the most first."""

    model: Model
    """The version that made the score."""
    change: Change | None
    """What changed since an earlier score; None where there is none."""
    kept: bool
    """It is the last one that could be made: the person's signals cannot be read at the moment."""


def overview(session: Session, ring: KeyRing, subject_id: str, today: date, best: int = 5) -> Overview | None:
    """The newest score with its history and best posts; None before the first score."""
    score = newest(session, subject_id)
    if score is None:
        return None
    try:
        best_posts = posts(session, ring, subject_id, explain_day(session, subject_id, score.day), 0, best)
    except (BrokenFileError, OSError):  # the fold reports it; the number itself stands in the database
        best_posts = None
    return Overview(
        score=score,
        history=history(session, subject_id, HISTORY_DAYS, today),
        posts=best_posts or [],
        model=versions.PUBLISHED.on(score.day),
        change=change(session, score),
        kept=best_posts is None or _not_folded(session, subject_id, score.day),
    )


def _not_folded(session: Session, subject_id: str, day: date) -> bool:
    """Could the file with a person's signals not be scored for a later day?"""
    mine = (Bucket.first <= subject_id, Bucket.end > subject_id)
    failed = select(Bucket.number).where(*mine, Bucket.failure.is_not(None), Bucket.failed_day > day)
    return session.scalar(failed) is not None


def change(session: Session, score: Score) -> Change | None:
    """What changed since the last score of which that is known in parts, else since the one before."""
    earlier = select(Score).where(Score.subject_id == score.subject_id, Score.day < score.day)
    before = session.scalar(earlier.where(Score.day == score.changed_since)) if score.changed_since else None
    if before is not None and score.changes:
        parts = {name: score.changes[name] for name in CHANGES if name in score.changes}
        return Change(before.day, score.score - before.score, parts)
    before = session.scalar(earlier.order_by(Score.day.desc()).limit(1))
    return Change(before.day, score.score - before.score, {}) if before else None


def next_step(session: Session, subject_id: str) -> tuple[Step, str | None]:
    """What somebody without a score does next, and with which connection (id), where it is about one."""
    query = select(Connection).where(Connection.subject_id == subject_id).order_by(Connection.created_at.desc())
    connections = session.scalars(query).all()
    for connection in connections:
        if connection.state == State.PROVEN:
            return Step.WAIT, connection.id
    for connection in connections:
        if connection.state != State.REFUSED and connection.failure != TAKEN:
            return Step.PROVE, connection.id
    for connection in connections:
        if connection.failure == TAKEN:
            return Step.TAKEN, connection.id
    return (Step.CONNECT if consent.networks(session, subject_id, frozen=True) else Step.CONSENT), None


def people_for(score: float, model: Model = KLARWERT_1) -> float:
    """How many different people who each give one like today make this score, where no week was without a reaction.

    The inverse of the model's scale: its impact X. Raises `ValueError` for a score that the scale does not reach.
    """
    gained = score - model.lowest
    if not 0 <= gained < model.span:
        raise ValueError("a score is from 1 to below 100")
    if gained == 0:
        return 0.0
    return float(model.middle * (model.span / gained - 1) ** (-1 / model.exponent))
