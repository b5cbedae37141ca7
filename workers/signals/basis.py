"""The basis of the newest final score: kept when a day is scored, read to say what changed since and to check it."""

import json
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal
from workers.models import ScoreBasis
from workers.runtime.upsert import upsert
from workers.runtime.work import Work
from workers.scoring.changes import Known
from workers.scoring.signals import Signals

#: Columns of texts; the others are numbers.
_LABELS = frozenset({"networks", "actors", "accounts", "posts", "topics"})


def keep(work: Work, key: PersonKey, subject_id: str, known: Known) -> None:
    """Keeps what a final score was made of, in the place of the day before."""
    row = ScoreBasis(subject_id=subject_id, day=known.day, made_at=work.now)
    seal(row, key, columns=json.dumps(_columns(known), separators=(",", ":")))
    upsert(work.session, row, newest="made_at")


def kept(session: Session, key: PersonKey, subject_id: str) -> Known | None:
    """What the newest final score was made of, if it is kept."""
    row = session.scalar(select(ScoreBasis).where(ScoreBasis.subject_id == subject_id))
    return _known(row.day, json.loads(unseal(row, key, "columns"))) if row else None


def drop(session: Session, subject_id: str) -> None:
    """Forgets it: it has signals of a network that the person does not agree to any more."""
    session.execute(delete(ScoreBasis).where(ScoreBasis.subject_id == subject_id))


def _columns(known: Known) -> dict[str, Any]:
    """Everything but topics, which change no score and rest on a consent of their own."""
    signals = {part.name: getattr(known.signals, part.name) for part in fields(Signals)}
    plain = {name: value if isinstance(value, tuple) else value.tolist() for name, value in signals.items()}
    nothing: dict[str, Any] = {"topic": [], "topic_row": [], "topics": []}
    return {**plain, **nothing, "lent": dict(known.yesterday), "disputed": np.flatnonzero(known.disputed).tolist()}


def _known(day: date, told: dict[str, Any]) -> Known:
    lent, marked = told.pop("lent"), told.pop("disputed")
    columns: dict[str, Any] = {
        name: tuple(value) if name in _LABELS else np.array(value, dtype=np.int64) for name, value in told.items()
    }
    disputed = np.zeros(len(told["network"]), dtype=np.bool_)
    disputed[marked] = True
    return Known(day, Signals(**columns), lent, disputed)
