"""Scores people and stores what came of it: the day's total, its split, and nothing for who did not agree."""

import json
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from workers.models import Connection, PostSplit, Score, Signal
from workers.models.connection import State
from workers.runtime.upsert import upsert
from workers.runtime.work import Work
from workers.scoring import versions
from workers.scoring.changes import Known, changed
from workers.scoring.explain import Explanation, explain
from workers.scoring.model import Model
from workers.scoring.score import frame, tally
from workers.signals import basis
from workers.signals.take import take


def store_score(work: Work, subject_id: str, day: date) -> bool:
    """Scores one person on a day and stores it; False (and nothing stored) without a consent to scoring.

    The consents are held until the transaction ends, so a withdrawal either comes first or erases this, too (R4).
    """
    agreed = consent.networks(work.session, subject_id)
    if not agreed or not _read(work.session, subject_id):
        return False
    for network in agreed:
        consent.require(work.session, subject_id, Purpose.SCORING, network)
    taken, model, key = take(work.session, subject_id, day), versions.PUBLISHED.on(day), work.ring.person(subject_id)
    made = explain(taken.signals, day, taken.yesterday, taken.disputed, model)
    before = basis.kept(work.session, key, subject_id)
    since = before if before and before.day < day else None
    row = Score(
        subject_id=subject_id,
        day=day,
        model=model.id,
        score=made.total.score,
        impact=made.total.impact,
        weeks=made.total.weeks,
        by_network={part.label: part.points for part in made.networks},
        by_kind={part.label: part.points for part in made.kinds},
        changed_since=since.day if since else None,
        changes=_changes(since, taken.known(day), made) if since else None,
        preliminary=day >= work.today,
        made_at=work.now,
    )
    upsert(work.session, row, newest="made_at")
    split = PostSplit(subject_id=subject_id, day=day, made_at=work.now)
    seal(split, key, points=json.dumps({part.label: part.points for part in made.posts}))
    upsert(work.session, split, newest="made_at")
    if not row.preliminary:
        basis.keep(work, key, subject_id, taken.known(day))
    return True


def _changes(before: Known, after: Known, made: Explanation) -> dict[str, float]:
    """What changed, by part; where another version of the model applies now, what that changed comes first."""
    parts = changed(before, after, made.model)
    old = versions.PUBLISHED.on(before.day)
    if old.id == made.model.id:
        return parts
    stayed = made.total.score - sum(parts.values())
    return {"model": stayed - _score_of(before, old), **parts}


def _score_of(known: Known, model: Model) -> float:
    return tally(frame(known.signals, known.day, known.yesterday, known.disputed, model)).score


def _read(session: Session, subject_id: str) -> bool:
    """Was anything read through an account that is the person's? A network that never answered makes no score of 1."""
    proven = (Connection.subject_id == subject_id) & (Connection.state == State.PROVEN)
    heard = exists().where(Signal.connection_id == Connection.id)
    return bool(session.scalar(select(exists().where(proven, Connection.read_at.is_not(None) | heard))))


def post_points(split: PostSplit, key: PersonKey) -> dict[str, float]:
    """Points by id of the post on one day."""
    points: dict[str, float] = json.loads(unseal(split, key, "points"))
    return points


def newest(session: Session, subject_id: str) -> Score | None:
    """The newest score of a person, preliminary or not."""
    return session.scalar(select(Score).where(Score.subject_id == subject_id).order_by(Score.day.desc()).limit(1))


def history(session: Session, subject_id: str, days: int, today: date) -> list[Score]:
    """The scores of the last so many days, oldest first."""
    since = today - timedelta(days=days)
    query = select(Score).where(Score.subject_id == subject_id, Score.day >= since).order_by(Score.day)
    return list(session.scalars(query))


def drop_scores(session: Session, subject_id: str, network: str | None = None) -> None:
    """Erases a person's scores: all, or those of the days on which a network gave points."""
    rows = session.scalars(select(Score).where(Score.subject_id == subject_id)).all()
    days = [row.day for row in rows if network is None or network in row.by_network]
    _drop_days(session, subject_id, days)
    basis.drop(session, subject_id)


def drop_preliminary(session: Session, subject_id: str) -> None:
    """Erases a person's scores of days that had not ended when they were made."""
    rows = session.scalars(select(Score.day).where(Score.subject_id == subject_id, Score.preliminary))
    _drop_days(session, subject_id, rows.all())


def _drop_days(session: Session, subject_id: str, days: Sequence[date]) -> None:
    for table in (Score, PostSplit):
        session.execute(delete(table).where(table.subject_id == subject_id, table.day.in_(days)))
