"""Exports: ordered by a person, made step by step by a job, kept encrypted for seven days for them alone (R26, R27).

Each data kind is a step of its own, written to its end before it is noted: a job that is killed goes on behind the
last step that was noted. What fails fails the whole export: a part of one is never handed out.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

from rq.timeouts import BaseTimeoutException
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from privacy import archive, consent
from privacy.archive import Member, Written
from privacy.base import Subject, new_id
from privacy.chest import ChestReader, ChestWriter, new_key
from privacy.keyring import KeyGoneError
from privacy.sealed import seal, unseal
from server.models import Export, ExportState
from server.services.contents import EXTRAS, readable_rows, words
from server.services.missing import MissingError
from workers.downloads import DOWNLOAD_DAYS, Downloads
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.work import Work

JOB = "server.jobs.build_export"
#: Without a sign of life for so long the job was killed, and another one goes on; a step takes seconds.
LEASE = timedelta(minutes=5)
#: An export is as of one time: a job that goes on later than this after its begin begins anew.
STALE = timedelta(hours=1)
PAGE, PACK = "page", "pack"


class ExportGoneError(LookupError):
    """Nobody waits for this export any more: finished, replaced, being made by somebody else, or its person leaves."""


@dataclass(frozen=True)
class Status:
    """How a person's export stands."""

    id: str
    state: ExportState
    done: int
    steps: int
    at: str
    """What is being written, or failed: a data kind, the name of an extra file, `page` or `pack`."""
    as_of: datetime
    until: datetime
    sizes: Sequence[int]
    """Bytes of each ZIP; empty until it is ready."""

    @property
    def share(self) -> float:
        """How far it is, 0 to 1."""
        return self.done / self.steps if self.steps else 0.0


def order(work: Work, subject_id: str, language: str) -> str:
    """Orders an export, unless one is being made already; a finished or failed one is replaced. Its id."""
    _hold(work.session, subject_id)
    there = _of(work.session, subject_id)
    if there is not None and there.state == ExportState.BUILDING:
        return there.id
    if there is not None:
        work.session.delete(there)
        work.session.flush()
    made = Export(
        id=new_id(), subject_id=subject_id, language=language, state=ExportState.BUILDING.value, ordered_at=work.now,
        started_at=work.now, ready_at=None, until=work.now + timedelta(days=DOWNLOAD_DAYS), steps=0, written=[],
        parts=0, size=0, failed_at=None, due_at=work.now,
    )  # fmt: skip
    seal(made, work.ring.person(subject_id), file_key=new_key().hex())
    work.session.add(made)
    work.session.flush()
    work.later(JOB, made.id)
    return made.id


def status(process: Process, subject_id: str) -> Status | None:
    """How a person's export stands; None without one that still counts."""
    with process.reading() as session:
        row = _of(session, subject_id)
    if row is None or row.until <= process.clock():
        return None
    steps, done = _steps(process, row.language), len(row.written)
    at = row.failed_at or (steps[done] if done < len(steps) else "")
    packed = row.written[-1] if row.state == ExportState.READY else {}
    return Status(
        row.id, ExportState(row.state), done, len(steps), at, row.started_at, row.until, packed.get("sizes", ())
    )


def send_due(work: Work) -> None:
    """Sends again what a killed job left undone; for the schedule."""
    due = select(Export.id).where(Export.state == ExportState.BUILDING.value, Export.due_at <= work.now)
    for export_id in work.session.scalars(due.order_by(Export.id)):
        work.later(JOB, export_id)


def download(process: Process, subject_id: str, export_id: str, number: int) -> tuple[int, Iterator[bytes]]:
    """Length and bytes of one ZIP of a person's own export, opened piece by piece. Raises `MissingError`."""
    with process.reading() as session:
        row = _of(session, subject_id)
        if row is None or row.id != export_id or row.state != ExportState.READY or row.until <= process.clock():
            raise MissingError("no such export, or not any more")
        key = _key(process, row)
    packed = row.written[-1]
    if not 1 <= number <= len(packed["files"]):
        raise MissingError("no such part")
    path = Downloads(process.settings.downloads).at(subject_id, export_id) / packed["files"][number - 1]
    if not path.exists():
        raise MissingError("the file is not there any more")
    return packed["sizes"][number - 1], iter(ChestReader(path, key))


def build(process: Process, export_id: str) -> None:
    """Makes an export, or goes on with it where a killed job stopped. What breaks fails all of it, and is raised."""
    try:
        building = _Building(process, export_id)
        building.run()
    except (ExportGoneError, KeyGoneError):
        return
    except (OperationalError, BaseTimeoutException):
        raise  # the database is away, or the job has had its time: somebody goes on when the lease is over
    except Exception:  # Whatever it is: the person sees that it failed, and nothing of it is handed out.
        if _fail(process, export_id):
            raise


class _Building:
    """One job on one export."""

    def __init__(self, process: Process, export_id: str) -> None:
        self._process = process
        self._id = export_id
        self._downloads = Downloads(process.settings.downloads)
        # Whoever else works on it (this job may only seem dead) writes files of other names.
        self._mark = os.urandom(4).hex()
        self._count = 0
        self._files: dict[str, str] = {}

    def run(self) -> None:
        """All steps that are not noted yet. Raises `ExportGoneError`."""
        self._begin()
        steps = _steps(self._process, self._language)
        for step in steps[len(self._written) :]:
            self._step(step)
        self._clean()

    def _begin(self) -> None:
        with self._process.working() as work:
            row = _held(work.session, self._id)
            if row.due_at is None or row.due_at > work.now:
                raise ExportGoneError("somebody else is at it")
            if work.now - row.started_at > STALE:
                row.written, row.started_at = [], work.now
            row.steps = len(_steps(self._process, row.language))
            row.due_at = work.now + LEASE
            self._subject_id, self._language, self._as_of = row.subject_id, row.language, row.started_at
            self._written = list(row.written)
            self._key = _key(self._process, row)
            self._folder = self._downloads.open(row.subject_id, row.id)
        self._words = words(self._language)
        self._downloads.drop(self._subject_id, keep=self._id)
        for one in self._written:
            self._files |= one.get("names", {})

    def _step(self, step: str) -> None:
        before = dict(self._files)
        made = self._make(step)
        made["names"] = {name: file for name, file in self._files.items() if name not in before}
        with self._process.working() as work:
            row = _held(work.session, self._id)
            if row.written != self._written:
                raise ExportGoneError("somebody else is at it")
            self._written = [*self._written, {"step": step, **made}]
            row.written, row.due_at = self._written, work.now + LEASE
            if step == PACK:
                row.state, row.ready_at, row.due_at = ExportState.READY.value, work.now, None
                row.until = work.now + timedelta(days=DOWNLOAD_DAYS)
                row.parts, row.size = len(made["sizes"]), sum(made["sizes"])

    def _make(self, step: str) -> dict[str, Any]:
        if step in EXTRAS:
            files = EXTRAS[step](self._process, self._subject_id, self._language)
            made = [archive.write_file(self._create, name, content) for name, content in files.items()]
            return {"members": [asdict(member) for member in made]}
        if step == PAGE:
            page = archive.write_page(self._create, self._read, self._kinds(), self._words, self._as_of)
            return {"members": [asdict(page)]}
        if step == PACK:
            return self._pack()
        with self._process.reading() as session:
            rows = holdings(self._process).rows(session, self._subject_id, step)
            written = archive.write_kind(self._create, step, readable_rows(step, rows), self._words)
        return {"rows": written.rows, "members": [asdict(member) for member in written.members]}

    def _kinds(self) -> list[Written]:
        return [
            Written(one["step"], one["rows"], [Member(**member) for member in one["members"]])
            for one in self._written
            if "rows" in one
        ]

    def _pack(self) -> dict[str, Any]:
        members = [Member(**member) for one in reversed(self._written) for member in one["members"]]
        packed = archive.parts(members)
        about = archive.manifest(self._kinds(), packed, self._as_of)
        files, sizes = [], []
        for number, part in enumerate(packed, 1):
            with self._create(f"part {number}") as target:
                counting = _Measured(target)
                archive.pack(cast("BinaryIO", counting), self._read, part, about, self._as_of)
            files.append(self._files[f"part {number}"])
            sizes.append(counting.size)
        return {"files": files, "sizes": sizes, "members": []}

    def _create(self, name: str) -> ChestWriter:
        self._count += 1
        self._files[name] = f"{self._mark}-{self._count}"
        return ChestWriter(self._folder / self._files[name], self._key)

    def _read(self, name: str) -> Iterable[bytes]:
        return ChestReader(self._folder / self._files[name], self._key)

    def _clean(self) -> None:
        """Removes what was only needed on the way."""
        keep = set(self._written[-1]["files"])
        for path in self._folder.iterdir():
            if path.name not in keep:
                path.unlink(missing_ok=True)


class _Measured:
    """Passes bytes on and knows how many they were."""

    def __init__(self, target: ChestWriter) -> None:
        self._target, self.size = target, 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return self._target.write(data)

    def flush(self) -> None:
        """Nothing to do: the file is written in pieces."""


def _steps(process: Process, language: str) -> list[str]:
    """Every data kind, the files beside, the page to read, the packing."""
    return [*words(language).ordered(holdings(process).kinds()), *EXTRAS, PAGE, PACK]


def _fail(process: Process, export_id: str) -> bool:
    """Notes that it failed; False where it broke because nobody waits for it: an erasure took the files away."""
    try:
        with process.working() as work:
            row = _held(work.session, export_id)
            steps = _steps(process, row.language)
            row.failed_at = steps[min(len(row.written), len(steps) - 1)]
            row.state, row.due_at, row.written = ExportState.FAILED.value, None, []
    except ExportGoneError:
        return False
    Downloads(process.settings.downloads).drop(row.subject_id)
    return True


def _key(process: Process, row: Export) -> bytes:
    return bytes.fromhex(unseal(row, process.ring.person(row.subject_id), "file_key"))


def _of(session: Session, subject_id: str) -> Export | None:
    return session.scalar(select(Export).where(Export.subject_id == subject_id))


def _held(session: Session, export_id: str) -> Export:
    """The export that is being made, its person's turn first. Raises `ExportGoneError`."""
    whose = session.scalar(select(Export.subject_id).where(Export.id == export_id))
    if whose is None:
        raise ExportGoneError("the export is not there any more")
    _hold(session, whose)
    row = session.get(Export, export_id, populate_existing=True)
    if row is None or row.state != ExportState.BUILDING:
        raise ExportGoneError("the export is not being made any more")
    return row


def _hold(session: Session, subject_id: str) -> None:
    """Holds the person's turn, so that no erasure begins meanwhile. Raises `ExportGoneError` if one has begun."""
    consent.take_turn(session, subject_id)
    leaving = select(Subject.id).where(Subject.id == subject_id, Subject.erasing_at.is_(None))
    if session.scalar(leaving) is None:
        raise ExportGoneError("the person is leaving")
