"""The Merkle root of a day's scores: made when the day is published, and each score's way up to it and into the log.

Each score is committed to with 32 random bytes of salt, which go with it. The order under the root is that of the
hashes: a place tells nothing about the person, nor about another day.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from privacy import merkle
from privacy.ledger import SALT_BYTES, LogEntry, LogLeaf, commitment, note
from workers.models import Score, ScoreLeaves, ScoreOpening, ScoreRoot
from workers.runtime.process import Process
from workers.runtime.upsert import upsert_all
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
    made = sorted(_commitments(session, day))
    if not made:
        return None
    root = root_of([leaf for leaf, _, _ in made])
    entry = note(session, work.now, "scores", None, day=day.isoformat(), people=len(made), root=root.hex())
    row = ScoreRoot(day=day, root=root.hex(), people=len(made), entry_id=entry.id, made_at=work.now)
    session.add(row)
    session.flush()
    for part, start in enumerate(range(0, len(made), A_PART)):
        some = made[start : start + A_PART]
        session.add(ScoreLeaves(day=day, part=part, hashes=b"".join(leaf for leaf, _, _ in some)))
    # In the order of the table's key, which is faster by far than in that of the hashes.
    openings = sorted((subject_id, place, salt) for place, (_, subject_id, salt) in enumerate(made))
    same = {"day": day, "made_at": work.now}
    upsert_all(session, ScoreOpening, same, ("subject_id", "place", "salt"), openings, newest="made_at")
    session.flush()
    return row


def _commitments(session: Session, day: date) -> Iterator[tuple[bytes, str, str]]:
    """Of each final score of a day: commitment, person, salt. The texts are read in pieces: they are the most of it."""
    texts = cast(Score.by_network, Text), cast(Score.by_kind, Text)
    facts = select(Score.subject_id, Score.model, Score.score, *texts).where(Score.day == day, ~Score.preliminary)
    for people in session.connection().execute(facts.execution_options(yield_per=A_PART)).partitions():
        drawn = os.urandom(len(people) * SALT_BYTES)
        for number, (subject_id, model, score, by_network, by_kind) in enumerate(people):
            salt = drawn[number * SALT_BYTES : (number + 1) * SALT_BYTES]
            text = _said(day, model, score, _canonical(by_network), _canonical(by_kind))
            yield commitment(salt, text), subject_id, salt.hex()


def said(score: Score) -> str:
    """What is committed to of a score: canonical JSON."""
    parts = (json.dumps(one, sort_keys=True, separators=(",", ":")) for one in (score.by_network, score.by_kind))
    return _said(score.day, score.model, score.score, *parts)


def _said(day: date, model: str, score: float, by_network: str, by_kind: str) -> str:
    return (
        f'{{"by_kind":{by_kind},"by_network":{by_network},"day":"{day.isoformat()}","model":"{model}",'
        f'"score":{score!r}}}'
    )


def _canonical(text: str) -> str:
    """Points as the table has them, in canonical form: a fold writes them so, who stores a single score does not."""
    if ": " not in text:
        return text
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def root_of(commitments: list[bytes]) -> bytes:
    """The root over commitments in their order."""
    return merkle.root(_tree(commitments), len(commitments))


def newest(session: Session) -> ScoreRoot | None:
    """The root of the newest published day."""
    return session.scalar(select(ScoreRoot).order_by(ScoreRoot.day.desc()).limit(1))


def proof(session: Session, score: Score) -> Proof | None:
    """The way of a score, as it is stored now, to the root of its day; None where it has no place under one."""
    opening = session.get(ScoreOpening, (score.subject_id, score.day))
    top = session.get(ScoreRoot, score.day)
    if opening is None or top is None:
        return None
    parts = session.scalars(select(ScoreLeaves.hashes).where(ScoreLeaves.day == score.day).order_by(ScoreLeaves.part))
    hashes = b"".join(parts)
    leaves = [hashes[at : at + _HASH_BYTES] for at in range(0, len(hashes), _HASH_BYTES)]
    path = [part.hex() for part in merkle.inclusion(_tree(leaves), opening.place, len(leaves))]
    return Proof(score.day, opening.place, top.people, said(score), opening.salt, path, top.root)


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
