"""The drop list over the columns of a bucket: which signals their people dispute (R19)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from workers.models import Dropped, Post
from workers.models.bucket import between
from workers.scoring.signals import AUDIENCE_CODE, EPOCH, KIND_CODES
from workers.signals.columns import Columns, Marks
from workers.signals.crowd import About


@dataclass(frozen=True)
class Drop:
    """One entry: a signal, or without a kind every signal of a post."""

    subject_id: str
    network: str
    post: tuple[str, int] | None
    """Connection and number; None: what belongs to no post."""
    kind: str | None
    day: date | None
    actor: str | None
    account: str | None


def drops_between(session: Session, first: str, end: str) -> list[Drop]:
    """The drop lists of everybody whose id is from `first` to below `end`; of posts that are still there."""
    query = (
        select(Dropped, Post.connection_id, Post.number)
        .outerjoin(Post, Post.id == Dropped.post_id)
        .where(*between(Dropped.subject_id, first, end))
        .order_by(Dropped.id)
    )
    return [
        Drop(
            row.subject_id, row.network, (connection, number) if row.post_id else None, row.kind, row.day, row.actor,
            row.account,
        )
        for row, connection, number in session.execute(query)
        if row.post_id is None or connection  # else the post is gone, and its signals with it
    ]  # fmt: skip


def left_out(columns: Columns, about: Mapping[str, About], drops: Sequence[Drop]) -> Marks:
    """Marks the signals that are on a drop list; `about` knows every connection."""
    marked = np.zeros(len(columns), dtype=np.bool_)
    people = {name: place for place, name in enumerate(columns.subjects)}
    speakers = np.append(columns.nobody, len(columns.pseudonym))
    for drop in drops:
        if drop.subject_id in people:
            person = people[drop.subject_id]
            low, high = np.searchsorted(columns.speaker, speakers[person : person + 2])
            rows = slice(int(low), int(high))
            marked[rows] |= _matches(columns, about, drop, rows)
    return marked


def _matches(columns: Columns, about: Mapping[str, About], drop: Drop, rows: slice) -> Marks:
    """Which of one person's rows an entry means."""
    found = _targets(columns, about, drop)[columns.target[rows]]
    if drop.kind is None:
        return found
    found &= columns.kind[rows] == KIND_CODES[drop.kind]
    speaker = columns.speaker[rows]
    if KIND_CODES[drop.kind] != AUDIENCE_CODE:
        counted = np.isin(speaker, columns.nobody)
        actor = np.uint64(int(drop.actor, 16)) if drop.actor else np.uint64(0)
        found &= counted if drop.actor is None else ~counted & (columns.pseudonym[speaker] == actor)
    if drop.day is not None:
        found &= columns.day[rows] == drop.day.toordinal() - EPOCH
    return found


def _targets(columns: Columns, about: Mapping[str, About], drop: Drop) -> Marks:
    """The targets that an entry is about: its post, or what belongs to no post of its network (and account)."""
    if drop.post is not None:
        here = [one == drop.post[0] for one in columns.connections]
        number = drop.post[1]
    else:
        account = drop.account if drop.kind is not None and KIND_CODES[drop.kind] == AUDIENCE_CODE else ...
        here = [
            about[one].network == drop.network and account in (..., about[one].label or None)
            for one in columns.connections
        ]
        number = 0
    marks: Marks = np.array(here, dtype=np.bool_)[columns.target_connection] & (columns.target_post == number)
    return marks
