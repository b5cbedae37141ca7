"""What auditors find and what the organisation answers; both leave a trace in the log."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject, new_id
from privacy.keyring import KeyRing
from privacy.ledger import note
from privacy.sealed import seal, unseal
from server.models import Account, Finding
from server.services.members import label
from server.services.missing import MissingError
from workers.runtime.work import Work


@dataclass(frozen=True)
class Shown:
    """A finding as its auditor and the organisation see it."""

    id: str
    auditor: str
    """Number of the auditor, as on the page of members."""
    label: str
    text: str
    answer: str
    written_at: datetime
    answered_at: datetime | None


def write(work: Work, auditor: str, text: str, about: str = "") -> str:
    """Keeps a finding of an auditor (subject), about the drawn score with a label or about none; its id."""
    consent.take_turn(work.session, auditor)
    row = Finding(id=new_id(), subject_id=auditor, label=about, written_at=work.now, answered_at=None)
    seal(row, work.ring.person(auditor), text=text)
    work.session.add(row)
    work.session.flush()
    note(work.session, work.now, "finding", auditor, finding=row.id, sha256=_digest(text))
    return row.id


def answer(work: Work, finding_id: str, text: str) -> None:
    """Keeps what the organisation answers; it is said once. Raises `MissingError`."""
    auditor = work.session.scalar(select(Finding.subject_id).where(Finding.id == finding_id))
    if auditor is None:
        raise MissingError("no such finding")
    consent.take_turn(work.session, auditor)
    row = work.session.get(Finding, finding_id, with_for_update=True)
    if row is None or row.answered_at is not None:
        raise MissingError("no such finding that waits for an answer")
    seal(row, work.ring.person(row.subject_id), answer=text)
    row.answered_at = work.now
    note(work.session, work.now, "answer", row.subject_id, finding=row.id, sha256=_digest(text))


def findings(session: Session, ring: KeyRing, auditor: str | None = None) -> list[Shown]:
    """All findings, or those of one auditor (subject): unanswered ones first, then the newest."""
    query = (
        select(Finding, Account.id)
        .join(Account, Account.subject_id == Finding.subject_id)
        .join(Subject, Subject.id == Finding.subject_id)
        .where(Subject.erasing_at.is_(None))
        .order_by(Finding.answered_at.is_not(None), Finding.written_at.desc())
    )
    if auditor is not None:
        query = query.where(Finding.subject_id == auditor)
    return [_shown(ring, row, account_id) for row, account_id in session.execute(query)]


def _shown(ring: KeyRing, row: Finding, account_id: str) -> Shown:
    key = ring.person(row.subject_id)
    return Shown(
        id=row.id,
        auditor=label(ring, account_id),
        label=row.label,
        text=unseal(row, key, "text"),
        answer=unseal(row, key, "answer"),
        written_at=row.written_at,
        answered_at=row.answered_at,
    )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
