"""The basis of the newest final scores: what each was made of, to say what changed since and to check them.

It lies in the vault's columns themselves (`Columns.before` and its neighbours), so that it costs hardly a byte, goes
with its person's dictionary, and with the connections of who withdrew.
"""

from dataclasses import replace
from datetime import date

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.keyring import PersonKey
from workers.models import Connection
from workers.runtime.process import process_of
from workers.scoring import versions
from workers.scoring.batch import Crowd
from workers.scoring.changes import Known, Rows, changes
from workers.scoring.model import Model
from workers.scoring.signals import AUDIENCE_CODE, EPOCH, FloatArray
from workers.signals.block import FORGET, Statement
from workers.signals.columns import ABSENT, DISPUTED, LENT, Columns, Ints, Marks, only
from workers.signals.crowd import standings
from workers.signals.inbox import everything, say
from workers.signals.take import signals_of

#: The part that another version of the model gives, where there is one: before all others.
MODEL = "model"


def settled(columns: Columns, day: date, based: Marks, flags: Ints) -> Columns:
    """The columns once their people were scored: what is there now is the basis; what was gone goes."""
    live = only(replace(columns, flags=flags), columns.count > 0)
    return replace(live, scored=day.toordinal() - EPOCH, based=based, before=live.count, before_day=live.day)


def flags_of(columns: Columns, agreed: Marks, disputed: Marks, steps: Ints) -> Ints:
    """How each signal counts: is its network agreed to, is it disputed, which step of standing has its speaker."""
    lent = np.where(columns.kind == AUDIENCE_CODE, 0, steps[columns.speaker])
    flags: Ints = disputed * DISPUTED + ~agreed * ABSENT + (lent << LENT)
    return flags


def since(columns: Columns, crowd: Crowd, flags: Ints, day: date, model: Model) -> tuple[FloatArray, FloatArray | None]:
    """What changed for everybody since the last score: a row a person, a column for each of `changes.PARTS`.

    Where another version of the model applied then, also the scores of then; `flags` are those of now.
    """
    rows = _rows(columns, crowd, flags, model)
    days = columns.scored, day.toordinal() - EPOCH
    found = changes(rows, days, columns.people, model)
    old = versions.PUBLISHED.on(date.fromordinal(columns.scored + EPOCH))
    if old.id == model.id:
        return found.parts, None
    return found.parts, changes(rows, days, columns.people, old).before


def _rows(columns: Columns, crowd: Crowd, flags: Ints, model: Model) -> Rows:
    """The signals of both days. One whose day has moved is gone with its day of before, and new with that of now."""
    before = np.where(columns.flags & ABSENT, 0, columns.before)
    after = np.where(flags & ABSENT, 0, columns.count)
    moved = np.flatnonzero((before > 0) & (after > 0) & (columns.before_day != columns.day))
    day = np.where(after > 0, columns.day, columns.before_day)
    first, none = before[moved], np.zeros(len(moved), dtype=np.int64)
    before[moved] = 0
    lent = columns.flags >> LENT
    steps = np.zeros(len(columns.pseudonym), dtype=np.int64)
    steps[columns.speaker[lent > 0]] = lent[lent > 0]
    voices = len(crowd.voice_person)
    voice = np.append(crowd.voice, crowd.voice[moved])
    out = (columns.flags & DISPUTED) > 0, (flags & DISPUTED) > 0
    return Rows(
        person=crowd.voice_person[voice],
        voice=voice,
        kind=np.append(columns.kind, columns.kind[moved]),
        day=np.append(day, columns.before_day[moved]),
        counts=(np.append(before, first), np.append(after, none)),
        disputed=(np.append(out[0], out[0][moved]), np.append(out[1], out[1][moved])),
        standing=(standings(steps, voices, model), crowd.standing),
    )


def kept(session: Session, key: PersonKey, subject_id: str) -> Known | None:
    """What the newest final score of a person was made of, if it is kept."""
    mine = everything(session, subject_id, key)
    if not mine.based[0]:
        return None
    mine = only(mine, (mine.before > 0) & (mine.flags & ABSENT == 0))
    day = date.fromordinal(mine.scored + EPOCH)
    then = replace(mine, count=mine.before, day=mine.before_day)
    networks = set(session.scalars(select(Connection.network).where(Connection.subject_id == subject_id)))
    order = np.argsort(then.day, kind="stable")  # as the signals are
    return Known(
        day=day,
        signals=signals_of(session, then, networks, {}),
        yesterday=_lent(then, versions.PUBLISHED.on(day)),
        disputed=((then.flags & DISPUTED) > 0)[order],
    )


def drop(session: Session, subject_id: str) -> None:
    """Forgets it: it has what the person, or somebody else, does not want to be counted any more."""
    key = process_of(session).ring.person(subject_id)
    say(session, key, subject_id, None, [Statement(FORGET)])


def _lent(mine: Columns, model: Model) -> dict[str, float]:
    """Of each speaker who lent their standing the score at which their step begins."""
    steps = mine.flags >> LENT
    rows = steps > 0
    starts = [float(model.lowest), *(float(start) for start, _ in model.standing_steps)]
    pairs = zip(mine.pseudonym[mine.speaker[rows]].tolist(), steps[rows].tolist(), strict=True)
    return {f"{pseudonym:016x}": starts[step - 1] for pseudonym, step in pairs}
