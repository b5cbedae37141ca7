"""Keeps what comes of archives: a place for the file that arrives, the counts sealed, nothing without the consent.

Whatever an archive says stays beside the score: no signal is made of it, so no score, look-up or explanation that
others see can ever contain it (R21).
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from workers.archives.found import Counted, Why
from workers.models import Archive
from workers.models.archive import ArchiveState
from workers.runtime.work import Work
from workers.scoring.model import KLARWERT_1
from workers.scoring.score import score
from workers.scoring.signals import Signals

#: The schedule steps in if the job that was sent got lost.
PATIENCE = timedelta(minutes=10)


def bring(work: Work, subject_id: str, network: str, archive_id: str, file_key: bytes, size: int) -> None:
    """Notes an archive whose file has arrived, in place of an older one. Raises `NoConsentError`."""
    consent.require(work.session, subject_id, Purpose.ARCHIVES, network)
    _drop(work, subject_id, network)
    row = Archive(
        id=archive_id, subject_id=subject_id, network=network, state=ArchiveState.WAITING.value, bytes=size, tries=0,
        brought_at=work.now, due_at=work.now + PATIENCE,
    )  # fmt: skip
    seal(row, work.ring.person(subject_id), file_key=file_key.hex())
    work.session.add(row)
    work.later("clear_archives", subject_id)
    work.later("read_archive", row.id)


def keep(row: Archive, key: PersonKey, found: Iterable[Counted], now: datetime) -> None:
    """Notes what came of an archive."""
    counts = [asdict(one) | {"day": one.day.isoformat()} for one in found]
    seal(row, key, counts=json.dumps(counts), file_key=None)
    row.state, row.failure, row.read_at, row.due_at = ArchiveState.READ.value, None, now, None


def refuse(row: Archive, key: PersonKey, why: Why, now: datetime) -> None:
    """Notes why an archive gives nothing."""
    seal(row, key, file_key=None)
    row.state, row.failure, row.read_at, row.due_at = ArchiveState.REFUSED.value, why.value, now, None


def counts_of(row: Archive, key: PersonKey) -> list[Counted]:
    """What came of an archive."""
    said = json.loads(unseal(row, key, "counts") or "[]")
    return [Counted(one["address"], date.fromisoformat(one["day"]), one["kind"], one["count"]) for one in said]


def number(network: str, counts: list[Counted], day: date) -> float:
    """The number that the model makes of these counts alone on a day (UTC): its person's own, and no score."""
    signals = Signals.from_columns(
        network=[network] * len(counts),
        kind=[one.kind for one in counts],
        day=[one.day for one in counts],
        count=[one.count for one in counts],
        post=[one.address for one in counts],
    )
    return float(score(signals, day, {}).score)


def first_day(day: date) -> date:
    """The first day of the window that ends on a day."""
    return day - timedelta(days=KLARWERT_1.window_days - 1)


def archives(session: Session, subject_id: str) -> list[Archive]:
    """What a person brought, by network."""
    query = select(Archive).where(Archive.subject_id == subject_id).order_by(Archive.network)
    return list(session.scalars(query))


def drop_archives(work: Work, subject_id: str, network: str) -> None:
    """Erases what came of an archive and the key of its file; the file itself goes right after the commit."""
    _drop(work, subject_id, network)
    work.later("clear_archives", subject_id)


def _drop(work: Work, subject_id: str, network: str) -> None:
    query = select(Archive).where(Archive.subject_id == subject_id, Archive.network == network)
    for row in work.session.scalars(query.with_for_update()).all():
        work.session.delete(row)
    work.session.flush()
