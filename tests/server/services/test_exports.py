"""Exports are made once at a time, go on where they were killed, hide nothing, and go with their person."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from privacy.check import check_export
from server import jobs
from server.models import Export, ExportState
from server.services import exports
from tests.conftest import Clock
from tests.factories.people import make_subject
from tests.factories.scores import make_scored
from workers.jobs import erase, expire
from workers.jobs.job import JobFailedError
from workers.places import holdings
from workers.runtime.process import Process


def person(process: Process) -> str:
    with process.working() as work:
        subject_id = make_subject(work).id
        make_scored(work, subject_id)
    return subject_id


def order(process: Process, subject_id: str) -> str:
    with process.working() as work:
        return exports.order(work, subject_id, "en")


def row(process: Process, export_id: str) -> Export:
    with process.reading() as session:
        return session.get_one(Export, export_id)


def fetched(process: Process, subject_id: str, export_id: str, number: int = 1) -> bytes:
    length, pieces = exports.download(process, subject_id, export_id, number)
    packed = b"".join(pieces)
    assert len(packed) == length
    return packed


def checked(process: Process, tmp_path: Path, subject_id: str, export_id: str) -> dict[str, int]:
    """The rows of the export by kind, after a whole check of all its parts."""
    there = exports.status(process, subject_id)
    assert there is not None
    paths = [tmp_path / f"{number}.zip" for number in range(1, len(there.sizes) + 1)]
    for number, path in enumerate(paths, 1):
        path.write_bytes(fetched(process, subject_id, export_id, number))
    return check_export(paths).rows


def test_an_export_has_a_file_for_every_kind_of_data(each_process: Process, tmp_path: Path) -> None:
    subject_id = person(each_process)
    export_id = order(each_process, subject_id)
    jobs.build_export(export_id)
    rows = checked(each_process, tmp_path, subject_id, export_id)
    assert set(rows) == set(holdings(each_process).kinds())
    assert (rows["signals"], rows["posts"], rows["consents"]) == (12, 3, 2)
    with zipfile.ZipFile(tmp_path / "1.zip") as packed:
        reactions = json.loads(packed.read("activitystreams/reactions.json"))
        assert len(packed.read("index.html")) > 2000
    assert reactions["totalItems"] == 11


def test_only_one_is_made_at_a_time_and_a_new_one_replaces_the_old(process: Process, clock: Clock) -> None:
    subject_id = person(process)
    first = order(process, subject_id)
    assert order(process, subject_id) == first
    jobs.build_export(first)
    clock.go(hours=1)
    second = order(process, subject_id)
    assert second != first
    jobs.build_export(second)
    assert [path.name for path in (process.settings.downloads / subject_id).iterdir()] == [second]
    assert fetched(process, subject_id, second)


def test_nothing_readable_lies_in_the_folder(process: Process) -> None:
    subject_id = person(process)
    jobs.build_export(order(process, subject_id))
    [path] = (path for path in process.settings.downloads.rglob("*") if path.is_file())
    content = path.read_bytes()
    assert content[16:20] != b"PK\x03\x04"
    for word in (b"index.html", b"bluesky", subject_id.encode()):
        assert word not in content
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_jobs_at_once_make_one(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    subject_id = person(process)
    export_id = order(process, subject_id)
    real = exports.archive.write_page

    def meanwhile(*args: object) -> object:
        jobs.build_export(export_id)  # the lease is the first one's: nothing happens
        assert row(process, export_id).state == ExportState.BUILDING
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("privacy.archive.write_page", meanwhile)
    jobs.build_export(export_id)
    assert row(process, export_id).state == ExportState.READY


def test_who_seemed_dead_and_comes_back_changes_nothing(
    process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subject_id = person(process)
    export_id = order(process, subject_id)
    real, calls = exports.archive.write_page, []

    def slow(*args: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            clock.go(minutes=6)
            jobs.build_export(export_id)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("privacy.archive.write_page", slow)
    jobs.build_export(export_id)
    assert row(process, export_id).state == ExportState.READY
    assert checked(process, tmp_path, subject_id, export_id)["signals"] == 12


def test_a_step_that_breaks_fails_the_whole_and_says_where(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    subject_id = person(process)
    export_id = order(process, subject_id)
    monkeypatch.setattr("workers.mail.Outbox.export", lambda *_: 1 / 0)
    with pytest.raises(JobFailedError, match="ZeroDivisionError"):
        jobs.build_export(export_id)
    there = exports.status(process, subject_id)
    assert there is not None
    assert (there.state, there.at, there.sizes) == (ExportState.FAILED, "outbox", ())
    assert not [path for path in process.settings.downloads.rglob("*") if path.is_file()]
    with process.working() as work:
        exports.send_due(work)
    assert row(process, export_id).due_at is None


def test_after_seven_days_the_file_is_deleted(process: Process, clock: Clock) -> None:
    subject_id = person(process)
    jobs.build_export(order(process, subject_id))
    [path] = (path for path in process.settings.downloads.rglob("*") if path.is_file())
    made = clock.now.timestamp()
    os.utime(path, (made, made))
    clock.go(days=6)
    expire(clock.now.date().isoformat())
    assert path.exists()
    clock.go(days=1, minutes=1)
    expire(clock.now.date().isoformat())
    assert not any(process.settings.downloads.iterdir())
    with process.reading() as session:
        assert session.scalars(select(Export)).all() == []


@pytest.mark.parametrize("step", ["write_kind", "write_page", "pack"])
def test_an_erasure_in_the_middle_ends_the_export_and_leaves_nothing(
    process: Process, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    subject_id = person(process)
    export_id = order(process, subject_id)
    real = getattr(exports.archive, step)

    def meanwhile(*args: object) -> object:
        erase(subject_id)
        return real(*args)

    monkeypatch.setattr(f"privacy.archive.{step}", meanwhile)
    jobs.build_export(export_id)
    assert [path for path in process.settings.downloads.rglob("*") if path.is_file()] == []
    with process.reading() as session:
        assert holdings(process).traces(session, subject_id) == {}


def test_who_is_leaving_gets_none(process: Process) -> None:
    subject_id = person(process)
    erase(subject_id)
    with pytest.raises(exports.ExportGoneError):
        order(process, subject_id)


Environment = dict[str, str]


@pytest.fixture
def environment(process: Process) -> Environment:
    """What a process of its own needs to work for the same installation."""
    settings = process.settings
    return {
        **os.environ,
        "KLARWERT_DATA": str(settings.data),
        "KLARWERT_REDIS": settings.redis,
        "KLARWERT_MASTER_KEY": b64encode(settings.master_keys[0]).decode(),
    }


#: Every kind of step, before and after what it makes lies there, and around the transaction that notes it.
DEATHS = [
    *(("privacy.archive:write_kind", number, when) for number in (1, 9) for when in ("before", "after")),
    *((f"privacy.archive:{name}", 1, when) for name in ("write_page", "pack") for when in ("before", "after")),
    *(("privacy.archive:write_file", number, when) for number in (1, 4, 7) for when in ("before", "after")),
    *(("server.services.exports:_Building._begin", 1, when) for when in ("before", "after")),
    *(("server.services.exports:_Building._step", number, "after") for number in (1, 12, 18, 23)),
    *(("server.services.exports:_Building._clean", 1, when) for when in ("before", "after")),
    ("privacy.stream:Sealer._seal", 3, "before"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("place", "number", "when"), DEATHS)
def test_an_export_killed_anywhere_goes_on_to_a_whole_one(
    process: Process,
    clock: Clock,
    environment: Environment,
    tmp_path: Path,
    place: str,
    number: int,
    when: str,
) -> None:
    subject_id = person(process)
    export_id = order(process, subject_id)
    process.close()
    words = ["server.jobs.build_export", export_id, clock.now.isoformat(), place, str(number), when]
    done = subprocess.run([sys.executable, "-m", "tests.server.child", *words], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    clock.go(minutes=6)
    with process.working() as work:
        exports.send_due(work)
    for job in process.queue.rq.jobs:
        if job.func_name == exports.JOB:
            jobs.build_export(*job.args)
    rows = checked(process, tmp_path, subject_id, export_id)
    assert (rows["signals"], rows["posts"], rows["scores"]) == (12, 3, 2)


def test_what_was_written_long_ago_is_written_anew(
    process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_id = person(process)
    export_id = order(process, subject_id)
    monkeypatch.setattr("privacy.archive.write_page", lambda *_: (_ for _ in ()).throw(exports.ExportGoneError))
    jobs.build_export(export_id)
    assert len(row(process, export_id).written) > 10
    monkeypatch.undo()
    clock.go(hours=2)
    jobs.build_export(export_id)
    found = row(process, export_id)
    assert found.started_at == found.ordered_at + timedelta(hours=2)
    packed = zipfile.ZipFile(io.BytesIO(fetched(process, subject_id, export_id)))
    assert json.loads(packed.read("manifest.json"))["made_at"] == clock.now.isoformat()
