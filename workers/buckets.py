"""Buckets: how people are divided among the files of the vault, who folds one, and when a day counts for everybody."""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy.store import alone
from workers.audit import figures, root
from workers.models import Bucket, DayScored, Inbox
from workers.runtime.process import Process
from workers.runtime.settings import SettingsError
from workers.runtime.upsert import upsert
from workers.runtime.work import Work

#: A fold that has not ended by then was killed; somebody else may begin. One that is slow finds out at its end.
LEASE = timedelta(minutes=5)
_PREFIX_BITS = 32


@dataclass(frozen=True)
class Lease:
    """The right to fold one bucket, and what was there when it began."""

    number: int
    first: str
    end: str
    version: int
    file: str | None
    token: str

    @property
    def prefix(self) -> str:
        """How the names of all files of the bucket begin."""
        return f"{self.number:05d}-"

    @property
    def next_file(self) -> str:
        """The name of the file that this fold writes."""
        return f"{self.prefix}{self.version + 1}-{self.token}"


def settle(work: Work) -> None:
    """Makes the buckets at the first start; afterwards their number stands. Raises `SettingsError` for another one.

    A bucket is a range of ids: those are random, so that all buckets are equally full.
    """
    there = work.session.scalar(select(func.count()).select_from(Bucket)) or 0
    wanted = work.settings.buckets
    if there == 0:
        edges = [f"{place * 2**_PREFIX_BITS // wanted:08x}" for place in range(wanted)]
        rows = [
            {
                "number": number,
                "first": edges[number] if number else "",
                "end": end,
                "version": 0,
                "signals": 0,
                "people": 0,
            }
            for number, end in enumerate([*edges[1:], "g"])
        ]
        with suppress(IntegrityError), work.session.begin_nested():  # another host starts at the same moment
            work.session.execute(insert(Bucket), rows)
    elif there != wanted:
        raise SettingsError(
            f"KLARWERT_BUCKETS differs from the number of the first start, which stays: set it to {there}"
        )


def number_of(session: Session, subject_id: str) -> int:
    """The bucket of a person."""
    mine = select(Bucket.number).where(Bucket.first <= subject_id, Bucket.end > subject_id)
    return session.scalars(mine).one()


def begin(process: Process, number: int) -> Lease | None:
    """Takes the lease of a bucket; None while somebody else has it."""
    with process.working() as work:
        bucket = work.session.get(Bucket, number, with_for_update=True)
        if bucket is None or (bucket.leased_until is not None and bucket.leased_until > work.now):
            return None
        bucket.lease, bucket.leased_until = os.urandom(8).hex(), work.now + LEASE
        return Lease(number, bucket.first, bucket.end, bucket.version, bucket.file, bucket.lease)


def move(session: Session, lease: Lease, **values: Any) -> bool:
    """Changes the bucket and lets it go, if version and lease are still those of this fold; else nothing happens."""
    mine = (Bucket.number == lease.number, Bucket.version == lease.version, Bucket.lease == lease.token)
    changed = session.execute(update(Bucket).where(*mine).values(lease=None, leased_until=None, **values))
    return cast("CursorResult[Any]", changed).rowcount == 1


def unscored(session: Session, day: date) -> list[int]:
    """Numbers of the buckets that are neither scored for a day nor reported as failed."""
    return list(
        session.scalars(
            select(Bucket.number)
            .where(or_(Bucket.day_scored.is_(None), Bucket.day_scored < day))
            .where(or_(Bucket.failed_day.is_(None), Bucket.failed_day < day))
            .order_by(Bucket.number)
        )
    )


def publish(process: Process, day: date) -> bool:
    """Makes a day count for everybody at once, if every bucket is done or reported; was it, or is it now?"""
    with process.reading() as session:
        if unscored(session, day):
            return False
    with process.working() as work:
        alone(work.session.connection())  # the last two buckets may be done at the same moment
        if work.session.get(DayScored, day) is not None:
            return True
        if unscored(work.session, day):
            return False
        people = work.session.scalar(select(func.sum(Bucket.people)).where(Bucket.day_scored == day)) or 0
        upsert(work.session, DayScored(day=day, done_at=work.now, people=int(people)), newest="done_at")
        root.publish(work, day)
        figures.make(work, day)
        work.later("compare", day.isoformat())
        return True


def pending(work: Work) -> list[int]:
    """Buckets to be folded at once: something is to go from their files, or their fold was killed."""
    urgent = select(Bucket.number).where(
        select(Inbox.id).where(Inbox.urgent, Inbox.subject_id >= Bucket.first, Inbox.subject_id < Bucket.end).exists(),
        or_(Bucket.leased_until.is_(None), Bucket.leased_until <= work.now),
    )
    killed = select(Bucket.number).where(Bucket.leased_until <= work.now)
    return sorted({*work.session.scalars(urgent), *work.session.scalars(killed)})
