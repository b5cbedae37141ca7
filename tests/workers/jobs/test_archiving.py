"""Archives from arrival to number: only with a yes, read once, the file destroyed in any case, never in a score."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select

from privacy import consent
from privacy.base import Subject
from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.people import agree, make_notice, make_subject
from tests.factories.scores import make_scored
from tests.workers.archives.making import packed, tweet, x_archive
from workers import places, schedule
from workers.archives import reading
from workers.archives.files import ArchiveFiles
from workers.archives.keeping import archives, bring, counts_of, number
from workers.archives.strongbox import SealedWriter, new_key
from workers.jobs import clear_archives, erase, expire, read_archive
from workers.jobs.job import JobFailedError
from workers.models import Archive, Score
from workers.results import store_score
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.take import take
from workers.withdrawal import withdraw


def say_yes(work: Work, subject_id: str, network: str = "x") -> None:
    notice = make_notice(Purpose.ARCHIVES)
    consent.decide(work.session, subject_id, notice, granted=True, now=work.now, network=network)


def arrive(process: Process, subject_id: str, data: bytes, network: str = "x", archive_id: str = "a" * 32) -> str:
    """The file of somebody who agreed has arrived."""
    key = new_key()
    writer = SealedWriter(ArchiveFiles(process.settings.archives).path(subject_id, archive_id), key)
    writer.write(data)
    writer.finish()
    with process.working() as work:
        bring(work, subject_id, network, archive_id, key, len(data))
    return archive_id


def somebody(process: Process, network: str = "x") -> str:
    with process.working() as work:
        subject_id = make_subject(work).id
        say_yes(work, subject_id, network)
        return subject_id


def state(process: Process, archive_id: str) -> tuple[str, str | None]:
    with process.reading() as session:
        row = session.get_one(Archive, archive_id)
        return row.state, row.failure


def waiting(process: Process) -> list[str]:
    return [path.name for path in process.settings.archives.rglob("*") if path.is_file()]


def data(process: Process) -> bytes:
    today = process.clock().date()
    return x_archive(tweet(1, today - timedelta(days=5), "40", "4"), tweet(2, today, "2", "0"))


def test_an_archive_becomes_counts_and_a_number_and_its_file_is_gone(each_process: Process) -> None:
    process = each_process
    subject_id = somebody(process)
    archive_id = arrive(process, subject_id, data(process))
    assert waiting(process) == [archive_id]
    read_archive(archive_id)
    assert waiting(process) == []
    with process.reading() as session:
        [row] = archives(session, subject_id)
        counts = counts_of(row, process.ring.person(subject_id))
        assert (row.state, row.failure, row.file_key, row.tries) == ("read", None, None, 1)
    assert sorted((one.kind, one.count) for one in counts) == [("like", 2), ("like", 40), ("repost", 4)]
    today = process.clock().date()
    assert 1 < number("x", counts, today) < 100
    assert number("x", counts, today + timedelta(days=91)) == 1.0
    read_archive(archive_id)  # a second job finds nothing to do
    assert state(process, archive_id) == ("read", None)


def test_what_it_holds_never_enters_a_score(process: Process) -> None:
    with process.working() as work:
        subject_id = make_subject(work).id
        make_scored(work, subject_id)
        say_yes(work, subject_id, "x")
    with process.reading() as session:
        before = session.scalars(select(Score.score).order_by(Score.day)).all()
        signals = len(take(session, subject_id, process.clock().date()).signals)
    read_archive(arrive(process, subject_id, data(process)))
    with process.working() as work:
        for days in (1, 0):
            store_score(work, subject_id, work.today - timedelta(days=days))
    with process.reading() as session:
        assert session.scalars(select(Score.score).order_by(Score.day)).all() == before
        assert len(take(session, subject_id, process.clock().date()).signals) == signals
        assert all("x" not in row.by_network for row in session.scalars(select(Score)))


@pytest.mark.parametrize(("content", "word"), [(b"no zip", "no_archive"), (packed({"a": "b"}), "other")])
def test_what_cannot_be_read_says_why_and_is_destroyed_too(process: Process, content: bytes, word: str) -> None:
    archive_id = arrive(process, somebody(process), content)
    read_archive(archive_id)
    assert state(process, archive_id) == ("refused", word)
    assert waiting(process) == []


def test_where_something_breaks_here_the_file_is_destroyed_and_the_person_told(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive_id = arrive(process, somebody(process), data(process))

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "read", broken)
    with pytest.raises(JobFailedError):
        read_archive(archive_id)
    assert state(process, archive_id) == ("refused", "broken")
    assert waiting(process) == []


def test_without_the_yes_nothing_is_kept_and_nothing_read(process: Process) -> None:
    subject_id = somebody(process)
    archive_id = arrive(process, subject_id, data(process))
    with process.working() as work:
        assert withdraw(work, subject_id, Purpose.ARCHIVES, "x")
    read_archive(archive_id)
    clear_archives(subject_id)
    assert waiting(process) == []
    with process.reading() as session:
        assert archives(session, subject_id) == []


def test_a_yes_to_scoring_is_none_to_archives(process: Process) -> None:
    with process.working() as work:
        subject_id = make_subject(work).id
        agree(work, subject_id, network="x")
    with pytest.raises(PermissionError):
        arrive(process, subject_id, data(process))


def test_a_newer_archive_takes_the_place_of_the_older(process: Process) -> None:
    subject_id = somebody(process)
    older = arrive(process, subject_id, data(process), archive_id="b" * 32)
    newer = arrive(process, subject_id, data(process))
    clear_archives(subject_id)
    assert waiting(process) == [newer]
    read_archive(older)
    read_archive(newer)
    with process.reading() as session:
        assert [row.id for row in archives(session, subject_id)] == [newer]


def test_what_was_killed_is_tried_again_and_in_the_end_destroyed(process: Process, clock: Clock) -> None:
    archive_id = arrive(process, somebody(process), data(process))
    for tries in (1, 2, 3):
        with process.working() as work:
            work.session.get_one(Archive, archive_id).tries = tries
        clock.go(minutes=11)
        process.redis.flushall()
        schedule.send_due(process)
        assert any(job.description == "read_archive" for job in process.queue.rq.jobs)
    read_archive(archive_id)
    assert state(process, archive_id) == ("refused", "broken")
    assert waiting(process) == []


@pytest.mark.slow
def test_a_process_killed_while_reading_leaves_a_file_that_nobody_can_open_and_that_is_swept(
    process: Process, clock: Clock
) -> None:
    subject_id = somebody(process)
    archive_id = arrive(process, subject_id, data(process))
    path = ArchiveFiles(process.settings.archives).path(subject_id, archive_id)
    program = (
        "import sys, time; from pathlib import Path; from workers.archives.strongbox import SealedReader; "
        "f = SealedReader(Path(sys.argv[1]), bytes.fromhex(sys.argv[2])); f.read(10); "
        "print('open', flush=True); time.sleep(60)"
    )
    with process.working() as work:
        row = work.session.get_one(Archive, archive_id)
        key = unseal(row, work.ring.person(subject_id), "file_key")
    with subprocess.Popen([sys.executable, "-c", program, str(path), key], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        os.kill(child.pid, signal.SIGKILL)
    assert waiting(process) == [archive_id]
    assert b"favorite_count" not in path.read_bytes()
    os.utime(path, (clock.now.timestamp(), clock.now.timestamp()))
    expire(clock.now.date().isoformat())
    assert waiting(process) == [archive_id]
    clock.go(hours=25)
    expire(clock.now.date().isoformat())
    assert waiting(process) == []
    read_archive(archive_id)
    assert state(process, archive_id) == ("refused", "broken")


def test_an_erasure_takes_file_and_counts_along_and_an_export_has_them(process: Process) -> None:
    subject_id, other = somebody(process), somebody(process)
    arrive(process, subject_id, data(process))
    theirs = arrive(process, other, data(process), archive_id="c" * 32)
    holdings = places.holdings(process)
    with process.reading() as session:
        held = holdings.export(session, subject_id)
    assert [row["archive"] for row in held["archive files"]] == ["a" * 32]
    assert held["archives"][0]["network"] == "x"
    assert "file_key" not in held["archives"][0]
    with process.working() as work:
        work.session.get_one(Subject, subject_id).erasing_at = work.now
    erase(subject_id)
    assert waiting(process) == [theirs]


def test_counts_go_91_days_after_they_were_brought(process: Process, clock: Clock) -> None:
    subject_id = somebody(process)
    read_archive(arrive(process, subject_id, data(process)))
    clock.go(days=92)
    expire(clock.now.date().isoformat())
    with process.reading() as session:
        assert archives(session, subject_id) == []
