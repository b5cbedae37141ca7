"""The log of this installation: brings what was noted into the store, gives openings with proofs, checks all rows."""

import json
from collections.abc import Sequence
from dataclasses import fields
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from privacy.ledger import LogBrokenError, LogEntry, LogLeaf, commitment, note
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.scoring import versions
from workers.topics import taxonomy

_AT_ONCE = 500


def append(process: Process) -> None:
    """Appends everything that was noted and committed, then publishes the day's checkpoint.

    Killed between the two stores it appends nothing twice: a leaf that is in the log already gives its place again.
    """
    while True:
        with process.reading() as session:
            query = select(LogLeaf.id, LogLeaf.leaf).where(LogLeaf.place.is_(None)).order_by(LogLeaf.id)
            waiting = [(id_, leaf) for id_, leaf in session.execute(query.limit(_AT_ONCE))]
        if not waiting:
            break
        places = process.ledger.append(waiting)
        with process.working() as work:
            for id_, place in places.items():
                work.session.execute(update(LogLeaf).where(LogLeaf.id == id_).values(place=place))
    process.ledger.publish(process.clock())


def openings(process: Process, ids: Sequence[str]) -> dict[str, Any]:
    """A checkpoint of now, and under `leaves` what opens and proves each of some entries, by their order in the log."""
    append(process)
    head = process.ledger.checkpoint(process.clock())
    with process.reading() as session:
        query = select(LogEntry.entry, LogEntry.salt, LogLeaf.place).join(LogLeaf, LogLeaf.id == LogEntry.leaf_id)
        rows = session.execute(query.where(LogEntry.id.in_(ids)).order_by(LogLeaf.place)).all()
    leaves = [
        {"index": place, "entry": entry, "salt": salt, "proof": process.ledger.inclusion(place, head.size)}
        for entry, salt, place in rows
        if place is not None and place < head.size
    ]
    return {"checkpoint": head.json(), "leaves": leaves}


def openings_of(process: Process, subject_id: str) -> dict[str, Any]:
    """The openings of all entries about one person."""
    with process.reading() as session:
        ids = session.scalars(select(LogEntry.id).where(LogEntry.subject_id == subject_id)).all()
    return openings(process, ids)


def note_models(work: Work) -> None:
    """Notes every version of the model that is announced, with the day from which it applies; each once."""
    query = select(LogEntry.entry).where(LogEntry.subject_id.is_(None), LogEntry.entry.endswith('"type":"model"}'))
    noted = {json.loads(entry)["digest"] for entry in work.session.scalars(query)}
    for version in versions.PUBLISHED.all:
        digest = version.model.digest()
        if version.announced <= work.today and digest not in noted:
            facts = {"model": version.model.id, "digest": digest, "starts": version.starts.isoformat()}
            note(work.session, work.now, "model", None, **facts)


def note_start(work: Work, collector: str) -> None:
    """Notes what this installation works with, as far as it is not what was noted last.

    Versions of the model, the collectors and the taxonomy, the key of signatures, and the settings that are no
    secrets: each by its name and a short hash of its value.
    """
    note_models(work)
    note_change(work, "collector", collector=collector)
    note_change(work, "taxonomy", digest=taxonomy.digest(work.settings.topics_table))
    note_change(work, "key", public_key=work.ring.public_key())
    open_ones = [field.name for field in fields(work.settings) if field.repr]
    values = {name: _written(getattr(work.settings, name)) for name in open_ones}
    note_change(
        work, "settings", settings={name: sha256(text.encode()).hexdigest()[:16] for name, text in values.items()}
    )


def note_change(work: Work, type_: str, **facts: object) -> None:
    """Notes something about the installation, unless the newest entry of this type says the same."""
    last = newest_of(work.session, type_)
    if last is None or {name: last.get(name) for name in facts} != facts:
        note(work.session, work.now, type_, None, **facts)


def newest_of(session: Session, type_: str) -> dict[str, Any] | None:
    """The newest entry of a type that is about nobody, and whose facts come before `type` in the alphabet."""
    query = select(LogEntry.entry).where(LogEntry.subject_id.is_(None), LogEntry.entry.endswith(f'"type":"{type_}"}}'))
    last = session.scalar(query.order_by(LogEntry.noted_at.desc()).limit(1))
    return json.loads(last) if last is not None else None


def _written(value: object) -> str:
    """A setting as a text that does not change from run to run."""
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)


def verify(process: Process) -> tuple[int, int]:
    """Checks the log and every row in the database against it; how many leaves, and how many rows still wait.

    Raises `LogBrokenError` naming the first thing that is not as it was.
    """
    size = process.ledger.verify()
    waiting = 0
    with process.reading() as session:
        for leaf in session.scalars(select(LogLeaf).order_by(LogLeaf.id)):
            if leaf.place is None:
                waiting += 1
            elif not process.ledger.holds(leaf.place, leaf.leaf):
                raise LogBrokenError(f"row {leaf.id}: the log has another hash at place {leaf.place}")
        query = select(LogEntry, LogLeaf.leaf).join(LogLeaf, LogLeaf.id == LogEntry.leaf_id).order_by(LogEntry.id)
        for opening, committed in session.execute(query):
            if commitment(bytes.fromhex(opening.salt), opening.entry).hex() != committed:
                raise LogBrokenError(f"row {opening.id}: what was noted or its salt was changed")
    return size, waiting
