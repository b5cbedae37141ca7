"""An auditor's own look at the log: is the log of their last visit the beginning of today's, and what does it say."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from privacy import merkle
from privacy.ledger import Ledger, LogBrokenError, LogEntry
from server.models import LogCheck
from workers.runtime.process import Process
from workers.runtime.upsert import upsert

#: Entries that an auditor reads: about the installation or with numbers only, and nothing in them is about one person.
READABLE = (
    "model", "taxonomy", "collector", "key", "settings", "organisation", "scores", "erasure", "restore",
)  # fmt: skip
_VERSIONS = ("model", "taxonomy", "collector", "key")
SHOWN = 40


@dataclass(frozen=True)
class Event:
    """An entry of the log, as an auditor reads it."""

    type: str
    day: date
    facts: dict[str, Any]


def last(session: Session, subject_id: str) -> LogCheck | None:
    """The newest check of an auditor."""
    return session.get(LogCheck, subject_id)


def check(process: Process, subject_id: str) -> LogCheck | None:
    """Holds the newest published checkpoint against what the auditor saw last, and remembers it if it holds.

    None where nothing is published yet.
    """
    head = process.ledger.published()
    if head is None:
        return None
    with process.working() as work:
        before = work.session.get(LogCheck, subject_id)
        size, root = (before.size, before.root) if before else (0, "")
        held = _goes_on(process.ledger, size, root, head.size, head.root)
        row = LogCheck(
            subject_id=subject_id, size=head.size if held else size, root=head.root if held else root, before=size,
            held=held, made_at=work.now,
        )  # fmt: skip
        if before is not None:
            work.session.expunge(before)
        upsert(work.session, row, newest="made_at")
        return row


def _goes_on(ledger: Ledger, old: int, old_root: str, size: int, root: str) -> bool:
    if not old:
        return True
    try:
        proof = [bytes.fromhex(part) for part in ledger.consistency(old, size)]
    except (ValueError, LogBrokenError):
        return False
    return merkle.consistent(old, bytes.fromhex(old_root), size, bytes.fromhex(root), proof)


def events(session: Session) -> list[Event]:
    """The newest entries that are about nobody, newest first."""
    query = select(LogEntry).where(LogEntry.subject_id.is_(None)).order_by(LogEntry.noted_at.desc(), LogEntry.id)
    found = (_event(row) for row in session.scalars(query.limit(SHOWN * 3)))
    return [one for one in found if one.type in READABLE][:SHOWN]


def versions(session: Session) -> list[Event]:
    """Every version of model, taxonomy, collectors and key that was noted, newest first."""
    wanted = or_(*(LogEntry.entry.endswith(f'"type":"{type_}"}}') for type_ in _VERSIONS))
    query = select(LogEntry).where(LogEntry.subject_id.is_(None), wanted).order_by(LogEntry.noted_at.desc())
    return [_event(row) for row in session.scalars(query)]


def _event(row: LogEntry) -> Event:
    said = json.loads(row.entry)
    return Event(said.pop("type"), date.fromisoformat(said.pop("day")), said)
