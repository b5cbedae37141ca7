"""The list of what was erased in part, at work: whatever is read passes it before anything is stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.keyring import KeyRing, PersonKey
from privacy.sealed import unseal
from workers.models import Connection, Forgotten
from workers.networks.shape import Reaction, Reading
from workers.runtime.work import Work
from workers.signals.block import ONCE


@dataclass(frozen=True)
class Traces:
    """What is recognised of the signals that one post had on erased days."""

    actors: frozenset[str]
    """`mark` of each who reacted."""
    counts: Mapping[str, int]
    """Kind to how many were only counted."""

    @property
    def block(self) -> str:
        """As it is sealed."""
        return json.dumps({"actors": sorted(self.actors), "counts": dict(self.counts)}, sort_keys=True)


def address_index(ring: KeyRing, subject_id: str, network: str, address: str) -> bytes:
    """How a post is known again when it is read, through whatever connection."""
    return ring.blind(f"forgotten/{subject_id}", f"{network}/{address}")


def mark(key: PersonKey, kind: str, actor: str) -> str:
    """How one reaction is known again: says nothing about who it was, and not which signals are the same person's."""
    return key.pseudonym(f"forgotten/{kind}", actor)


def days(session: Session, subject_id: str) -> set[date]:
    """The days whose signals are erased."""
    mine = select(Forgotten.day).where(Forgotten.subject_id == subject_id, Forgotten.address_index.is_(None))
    return {day for day in session.scalars(mine) if day is not None}


def without_forgotten(
    work: Work, key: PersonKey, connection: Connection, readings: Sequence[Reading]
) -> list[Reading]:  # fmt: skip
    """The readings without what the person had erased."""
    rows = work.session.scalars(select(Forgotten).where(Forgotten.subject_id == connection.subject_id)).all()
    if not rows:
        return list(readings)
    gone = {row.day for row in rows if row.address_index is None and row.day is not None}
    whole = {row.address_index for row in rows if row.day is None}
    left = []
    for reading in readings:
        index = address_index(work.ring, connection.subject_id, connection.network, reading.post.address)
        if index not in whole:
            traces = _traces(key, [row for row in rows if row.address_index == index])
            left.append(replace(reading, reactions=_left(key, connection.network, reading.reactions, gone, traces)))
    return left


def _traces(key: PersonKey, rows: Sequence[Forgotten]) -> Traces:
    """Of all erased days of one post together."""
    actors: set[str] = set()
    counts: dict[str, int] = {}
    for row in rows:
        said = json.loads(unseal(row, key, "block"))
        actors |= set(said["actors"])
        for kind, number in said["counts"].items():
            counts[kind] = counts.get(kind, 0) + number
    return Traces(frozenset(actors), counts)


def _left(
    key: PersonKey, network: str, reactions: Sequence[Reaction], gone: set[date], traces: Traces
) -> tuple[Reaction, ...]:  # fmt: skip
    taken, left = dict(traces.counts), []
    for one in reactions:
        if one.actor_id is None:
            less = min(one.count, taken.get(one.kind, 0))
            taken[one.kind] = taken.get(one.kind, 0) - less
            left.append(replace(one, count=one.count - less))
        elif one.day not in gone and not _recognised(key, network, one, traces):
            left.append(one)
    return tuple(left)


def _recognised(key: PersonKey, network: str, reaction: Reaction, traces: Traces) -> bool:
    """Is it one of those? What somebody does again on another day, which the network names, is another one."""
    if not traces.actors or not (reaction.kind in ONCE or reaction.day is None):
        return False
    return mark(key, reaction.kind, key.pseudonym(network, str(reaction.actor_id))) in traces.actors
