"""The fold: one bucket's file and its inbox become a new file under a new key, and everybody in it gets their score.

Order: key, file (both durable), then one transaction that stores the scores, moves the pointer from the version that
was read and deletes exactly the rows of the inbox that were read. Killed anywhere, it has happened or it has not.
"""

import gc
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from rq.timeouts import BaseTimeoutException
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject
from privacy.keyring import KeyGoneError, PersonKey
from privacy.vocabulary import Purpose
from workers import buckets
from workers.buckets import Lease
from workers.models import Connection, Inbox, Score
from workers.models.bucket import between
from workers.models.connection import State
from workers.results import Row, Scored, changes_of, rows_of, store_scores
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.scoring import versions
from workers.scoring.batch import score_all
from workers.scoring.model import LONGEST_WINDOW
from workers.signals import basis, vault
from workers.signals.columns import Columns, empty
from workers.signals.crowd import About, crowd_of, steps_of
from workers.signals.drops import Drop, drops_between, left_out
from workers.signals.inbox import load, news
from workers.signals.merge import among, compact, merge
from workers.signals.standing import lent_between
from workers.signals.store import day_of, number_of
from workers.signals.topics import slugs
from workers.signals.vault import BrokenFileError

log = logging.getLogger(__name__)

_CHUNK = 500


class Fault(StrEnum):
    """Why a bucket could not be folded."""

    UNREADABLE = "unreadable"
    """Its file is damaged, or gone."""
    NO_KEY = "no_key"
    """The key of its file, or of a person in it, is not in the key ring."""
    STORAGE = "storage"
    """The storage does not take or give files: full, or away."""
    BROKEN = "broken"
    """Something else; the log says what."""


def nothing(_step: str) -> None:
    """What happens at each step of a fold."""


#: Called with the name of each step before it is taken; tests stop folds there.
watch: Callable[[str], None] = nothing


@dataclass(frozen=True)
class _Asked:
    """What a fold reads of the database about its people, as it stands there: to be compared with what stands later."""

    connections: list[tuple[str, str, str, str, str, bool]]
    """Person, id, network, label, state, and whether it was read to its end once; rising."""
    agreed: dict[str, set[str]]
    """The networks that each person agrees to."""
    drops: list[Drop]
    """What its people dispute."""
    lent: list[tuple[str, str, str, float]]
    """Person, pseudonym, lender, the lender's last published score."""
    topics: set[str]
    """People who agree to topics."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """The same by person and connection, with who was scored before."""

    asked: _Asked
    people: dict[str, list[str]]
    """Ids of people with connections to those, both rising."""
    about: dict[str, About]
    """Of each connection."""
    ready: set[str]
    """Connections that are proven, of which something was read to its end."""
    proven: set[str]
    scored: set[str]
    """People who have a final score of the day already: they were scored, and others were not."""


@dataclass(frozen=True, eq=False)
class _Made:
    """What a fold has made and is about to store."""

    columns: Columns
    keys: dict[str, PersonKey]
    inbox: list[int]
    """The rows of the inbox that went into it."""
    rows: list[Row]
    splits: list[tuple[str, bytes]]
    final: bool
    """Had the day ended when it was scored?"""


def fold(process: Process, number: int, day: date | None = None) -> bool:
    """Folds one bucket; with a day (UTC, ended) everybody in it is scored for it. False if somebody else is at it.

    A bucket that cannot be folded is reported and stays as it was; its people keep their last scores.
    """
    lease = buckets.begin(process, number)
    if lease is None:
        return False
    try:
        with _without_collecting():
            moved = _fold(process, lease, day)
    except (OperationalError, BaseTimeoutException):
        # The database is away, or the job has had its time: nobody's own trouble, it goes on later.
        raise
    except Exception as error:  # Whatever it is, the other buckets and the day do not wait for this one.
        _report(process, lease, day, error)
        moved = True
    if day is not None:
        buckets.publish(process, day)
    return moved


@contextmanager
def _without_collecting() -> Iterator[None]:
    """A fold makes very many small objects and no circles of them: looking for some would cost a sixth of its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _fold(process: Process, lease: Lease, day: date | None) -> bool:
    _sweep(process, lease)
    made, seen = _make(process, lease, day)
    file = lease.next_file if len(made.columns) else None
    if file is not None:
        watch("key")
        content = process.ring.seal_file(file, vault.write(made.columns, made.keys))
        watch("file")
        process.storage.write(file, content)
    watch("commit")
    with process.working() as work:
        moved = _commit(work, lease, file, made, seen, day)
        watch("committing")
    watch("committed")
    _remove(process, lease.file if moved else file)
    watch("end")
    return moved


def _make(process: Process, lease: Lease, day: date | None) -> tuple[_Made, _Seen]:
    """Reads file, inbox and database, merges, scores. Nothing is written yet."""
    with process.reading() as session:
        inbox = (
            session.connection()
            .execute(
                select(Inbox.id, Inbox.subject_id, Inbox.connection_id, Inbox.block)
                .where(*between(Inbox.subject_id, lease.first, lease.end))
                .order_by(Inbox.id)
            )
            .all()
        )
        seen = _look(session, lease, day)
        names = slugs(session)
    keys = process.ring.people(lease.first, lease.end)
    watch("read")
    stored = load(process.ring, process.storage, lease.file) if lease.file else None
    lost = seen.people.keys() - keys.keys()
    _make_sure(process, lost, stored)
    people = {name: mine for name, mine in seen.people.items() if name in keys}
    said = [(row.subject_id, row.connection_id, row.block) for row in inbox]
    old = stored.open(keys) if stored else empty([])
    columns = merge(old, people, news(said, keys, people), _oldest(process, day))
    columns = _without_topics(columns, seen.asked.topics)
    watch("merged")
    rows: list[Row] = []
    splits: list[tuple[str, bytes]] = []
    final = day is not None and day < process.clock().date()
    if day is not None:
        columns, scored, wanted = _score(columns, seen, day)
        rows, splits = rows_of(scored, keys, wanted, names, final=final)
    done = [row.id for row in inbox if row.subject_id not in lost]
    return _Made(_with_something(compact(columns), people), keys, done, rows, splits, final), seen


def _with_something(columns: Columns, people: Mapping[str, list[str]]) -> Columns:
    """Only the people of whom there is something to keep."""
    heard = np.bincount(columns.speaker_person[columns.speaker], minlength=columns.people) > 0
    here = heard | columns.based
    left = {name: people[name] for name, one in zip(columns.subjects, here.tolist(), strict=True) if one}
    return among(columns, left)


def _look(session: Session, lease: Lease, day: date | None) -> _Seen:
    """Who is in the bucket and what counts of them."""
    asked = _ask(session, lease, day)
    people: dict[str, list[str]] = {}
    about: dict[str, About] = {}
    for who, one, network, label, _, _ in asked.connections:
        people.setdefault(who, []).append(one)
        about[one] = About(network, label, network in asked.agreed.get(who, ()))
    proven = {one for _, one, _, _, state, _ in asked.connections if state == State.PROVEN}
    # Person by person: SQLite would go through the day's scores of all buckets.
    mine = select(Score.day).where(Score.subject_id == Subject.id, Score.day == day, ~Score.preliminary)
    scored = select(Subject.id).where(*between(Subject.id, lease.first, lease.end), mine.exists())
    return _Seen(
        asked=asked,
        people=people,
        about=about,
        ready={one for _, one, _, _, _, read in asked.connections if read and one in proven},
        proven=proven,
        scored=set(session.scalars(scored)) if day else set(),
    )


def _ask(session: Session, lease: Lease, day: date | None) -> _Asked:
    columns = (
        Connection.subject_id, Connection.id, Connection.network, Connection.label, Connection.state,
        Connection.read_at.is_not(None),
    )  # fmt: skip
    rows = (
        session.connection()
        .execute(select(*columns).where(*between(Connection.subject_id, lease.first, lease.end)))
        .all()
    )
    topics = consent.agreeing(Purpose.TOPICS).where(*between(consent.Consent.subject_id, lease.first, lease.end))
    return _Asked(
        connections=sorted((row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows),
        agreed=consent.networks_between(session, lease.first, lease.end),
        drops=drops_between(session, lease.first, lease.end),
        lent=lent_between(session, lease.first, lease.end, day) if day else [],
        topics=set(session.scalars(topics)),
    )


def _make_sure(process: Process, lost: set[str], stored: vault.Stored | None) -> None:
    """Somebody without a key is being erased, or was never in the file; else a wrong key ring would empty it.

    Raises `KeyGoneError`.
    """
    held = lost & set(stored.closed.subjects) if stored else set()
    if not held:
        return
    with process.reading() as session:
        if session.scalars(select(Subject.id).where(Subject.id.in_(held), Subject.erasing_at.is_(None)).limit(1)).all():
            raise KeyGoneError("somebody in this bucket has no key")


def _oldest(process: Process, day: date | None) -> int:
    """The first day that a score of this day, or of the last that has ended, looks at; what is older goes."""
    last = day or process.clock().date() - timedelta(days=1)
    return number_of(last) - LONGEST_WINDOW + 1


def _without_topics(columns: Columns, agreed: set[str]) -> Columns:
    may = np.array([name in agreed for name in columns.subjects], dtype=np.bool_)
    kept = may[columns.target_person[columns.topic_target]]
    return replace(columns, topic_target=columns.topic_target[kept], topic=columns.topic[kept])


def _score(columns: Columns, seen: _Seen, day: date) -> tuple[Columns, Scored, list[bool]]:
    """Scores everybody who agrees to a network and of whose own accounts anything was read; who has a score stays out.

    Gives the columns with what the scores were made of, the scores, and whose are to be stored.
    """
    model, disputed = versions.PUBLISHED.on(day), left_out(columns, seen.about, seen.asked.drops)
    steps = steps_of(columns, [(who, actor, score) for who, actor, _, score in seen.asked.lent], model)
    crowd, labels = crowd_of(columns, seen.about, steps, disputed, model)
    made = score_all(crowd, day, model)
    agreed = np.array([seen.about[one].agreed for one in columns.connections], dtype=np.bool_)
    flags = basis.flags_of(columns, agreed[columns.target_connection][columns.target], disputed, steps)
    wanted = _wanted(columns, seen)
    since: list[str | None] = [None] * columns.people
    before = ""
    if 0 < columns.scored < number_of(day):
        parts, then = basis.since(columns, crowd, flags, day, model)
        since, before = changes_of(columns, parts, then, made.score), day_of(columns.scored).isoformat()
    fresh = [one and name not in seen.scored for name, one in zip(columns.subjects, wanted, strict=True)]
    kept = basis.settled(columns, day, np.array(wanted, dtype=np.bool_), flags)
    return kept, Scored(columns, crowd, labels, made, day, before, since), fresh


def _wanted(columns: Columns, seen: _Seen) -> list[bool]:
    """Who is scored: whoever agrees to a network, and of whose own accounts anything was read."""
    there = columns.target[columns.count > 0]
    heard = np.bincount(columns.target_connection[there], minlength=len(columns.connections)) > 0
    has = {one for one, here in zip(columns.connections, heard.tolist(), strict=True) if here}
    ready = seen.ready | (seen.proven & has)
    return [
        any(seen.about[one].agreed for one in seen.people[name]) and any(one in ready for one in seen.people[name])
        for name in columns.subjects
    ]


def _commit(work: Work, lease: Lease, file: str | None, made: _Made, seen: _Seen, day: date | None) -> bool:
    """Moves the pointer and stores what was made, but nothing of whom something has changed about meanwhile (R4)."""
    changed = _changed(work, lease, made, seen, day) if day else set()
    rows = [row for row in made.rows if row[0] not in changed]
    values: dict[str, Any] = {"version": lease.version + 1, "file": file, "signals": len(made.columns)}
    values |= {"folded_at": work.now, "failure": None, "failed_at": None}
    if day is not None:
        values |= {"day_scored": day, "people": len(rows) + len(seen.scored)}
    if not buckets.move(work.session, lease, **values):
        return False
    for start in range(0, len(made.inbox), _CHUNK):
        work.session.execute(delete(Inbox).where(Inbox.id.in_(made.inbox[start : start + _CHUNK])))
    if day is not None:
        splits = [split for split in made.splits if split[0] not in changed]
        model = versions.PUBLISHED.on(day).id
        same = {"day": day, "model": model, "preliminary": not made.final, "made_at": work.now}
        store_scores(work.session, rows, splits, same)
        if changed:
            work.later("fold", str(lease.number), day.isoformat())
    return True


def _changed(work: Work, lease: Lease, made: _Made, seen: _Seen, day: date) -> set[str]:
    """Whose consents, accounts or lenders are others than when the fold looked, or who has something to go at once.

    From here on they stay as they are until the transaction ends.
    """
    consent.hold_between(work.session, lease.first, lease.end)
    consent.hold(work.session, {lender for _, _, lender, _ in seen.asked.lent})
    before, now = seen.asked, _ask(work.session, lease, day)
    late = select(Inbox.subject_id).where(
        *between(Inbox.subject_id, lease.first, lease.end), Inbox.urgent, Inbox.id > max(made.inbox, default=0)
    )
    changed = set(work.session.scalars(late))
    if now == before:
        return changed
    changed |= {row[0] for row in set(before.connections) ^ set(now.connections)}
    changed |= {name for name in before.agreed | now.agreed if before.agreed.get(name) != now.agreed.get(name)}
    changed |= {drop.subject_id for drop in set(before.drops) ^ set(now.drops)}
    changed |= {row[0] for row in set(before.lent) ^ set(now.lent)}
    return changed | (before.topics ^ now.topics)


def _sweep(process: Process, lease: Lease) -> None:
    """Removes files and keys of folds that were killed. With the lease, none of a fold that can still win is there."""
    for name in process.storage.names(lease.prefix) | process.ring.files(lease.prefix):
        if name != lease.file:
            _remove(process, name)


def _remove(process: Process, file: str | None) -> None:
    """Deletes a file; its key is kept until no backup may have the file any more."""
    if file is not None:
        process.storage.delete(file)
        process.ring.retire_file(file, process.clock())


def _report(process: Process, lease: Lease, day: date | None, error: Exception) -> None:
    """Says that a bucket could not be folded: in the log and where the organisation looks."""
    fault = _fault(error)
    log.error("bucket %d was not folded: %s", lease.number, fault, exc_info=error if fault is Fault.BROKEN else None)
    with process.working() as work:
        values = {"failure": fault.value, "failed_at": work.now} | ({"failed_day": day} if day else {})
        buckets.move(work.session, lease, **values)


def _fault(error: Exception) -> Fault:
    if isinstance(error, KeyGoneError):
        return Fault.NO_KEY
    if isinstance(error, BrokenFileError | FileNotFoundError):
        return Fault.UNREADABLE
    return Fault.STORAGE if isinstance(error, OSError) else Fault.BROKEN
