"""The Merkle root of a day's scores: made when the day is published, and each score's way up to it and into the log.

Each final score is stored with what commits to it, and with 32 random bytes of salt. Both go with it. The order under
the root is that of the hashes: a place tells nothing about the person, nor about another day.
"""

import json
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import merkle
from privacy.ledger import LogEntry, LogLeaf, commitment, note
from workers.commitment import said
from workers.models import Score, ScoreLeaves, ScoreRoot
from workers.runtime.process import Process
from workers.runtime.work import Work

#: Commitments in one row of `score_leaves`: 256 KiB.
A_PART = 8192
_HASH_BYTES = 32


@dataclass(frozen=True)
class Proof:
    """A score's way to the root of its day."""

    day: date
    place: int
    people: int
    text: str
    """What was committed to: the score with its shares, as JSON."""
    salt: str
    path: list[str]
    """Inclusion proof of RFC 9162, 2.1.3.1, in hex; leaf hash over the commitment SHA-256(salt, text)."""
    root: str


def publish(work: Work, day: date) -> ScoreRoot | None:
    """Puts the final scores of a day under one root and notes it in the log; None where it was done or there are none.

    Called once, in the transaction that makes the day's scores the ones that count.
    """
    session = work.session
    if session.get(ScoreRoot, day) is not None:
        return None
    mine = (
        select(Score.leaf)
        .where(Score.day == day, Score.leaf.is_not(None))
        .order_by(Score.leaf)
        .execution_options(yield_per=A_PART)
    )
    leaves = [leaf for part in session.connection().execute(mine).scalars().partitions() for leaf in part if leaf]
    if not leaves:
        return None
    root = root_of(leaves)
    entry = note(session, work.now, "scores", None, day=day.isoformat(), people=len(leaves), root=root.hex())
    row = ScoreRoot(day=day, root=root.hex(), people=len(leaves), entry_id=entry.id, made_at=work.now)
    session.add(row)
    session.flush()
    for part, start in enumerate(range(0, len(leaves), A_PART)):
        session.add(ScoreLeaves(day=day, part=part, hashes=b"".join(leaves[start : start + A_PART])))
    session.flush()
    return row


def root_of(commitments: list[bytes]) -> bytes:
    """The root over commitments in their order."""
    return merkle.root(_tree(commitments), len(commitments))


def newest(session: Session) -> ScoreRoot | None:
    """The root of the newest published day."""
    return session.scalar(select(ScoreRoot).order_by(ScoreRoot.day.desc()).limit(1))


def proof(session: Session, score: Score) -> Proof | None:
    """The way of a score, as it is stored now, to the root of its day; None where it has no place under one."""
    top = session.get(ScoreRoot, score.day)
    if top is None or score.leaf is None or score.salt is None:
        return None
    leaves = _leaves(session, score.day)
    place = bisect_left(leaves, score.leaf)
    if leaves[place : place + 1] != [score.leaf]:
        return None
    path = [part.hex() for part in merkle.inclusion(_tree(leaves), place, len(leaves))]
    return Proof(score.day, place, top.people, said(score), score.salt, path, top.root)


def _leaves(session: Session, day: date) -> list[bytes]:
    parts = session.scalars(select(ScoreLeaves.hashes).where(ScoreLeaves.day == day).order_by(ScoreLeaves.part))
    return _split(b"".join(parts))


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + _HASH_BYTES] for at in range(0, len(hashes), _HASH_BYTES)]


class Places:
    """Whose score stands at a place under a day's root."""

    def __init__(self, session: Session, day: date) -> None:
        self._session, self._day, self._leaves = session, day, _leaves(session, day)

    def subject_id(self, place: int) -> str | None:
        """Id of the person; None where the score is gone."""
        there = select(Score.subject_id).where(Score.day == self._day, Score.leaf == self._leaves[place])
        return self._session.scalar(there)


def holds(found: Proof) -> bool:
    """Does a proof lead to its root? Computed anew from text and salt (RFC 9162, 2.1.3.2)."""
    leaf = merkle.leaf_hash(commitment(bytes.fromhex(found.salt), found.text))
    path = [bytes.fromhex(part) for part in found.path]
    return merkle.included(leaf, found.place, found.people, path) == bytes.fromhex(found.root)


def in_log(process: Process, day: date, root: str) -> bool:
    """Does the log have this root for the day, at the place that the database says?"""
    with process.reading() as session:
        top = session.get(ScoreRoot, day)
        entry = session.get(LogEntry, top.entry_id) if top else None
        leaf = session.get(LogLeaf, entry.leaf_id) if entry else None
        if entry is None or leaf is None or leaf.place is None:
            return False
        told: dict[str, Any] = json.loads(entry.entry)
        committed = commitment(bytes.fromhex(entry.salt), entry.entry).hex()
    fits = told["type"] == "scores" and told["day"] == day.isoformat() and told["root"] == root
    return fits and process.ledger.holds(leaf.place, committed)


def _tree(leaves: list[bytes]) -> merkle.Node:
    """The hashes of all whole subtrees, made level by level."""
    levels = [[merkle.leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([merkle.pair_hash(*pair) for pair in zip(row[::2], row[1::2], strict=False)])
    return lambda level, place: levels[level][place]
