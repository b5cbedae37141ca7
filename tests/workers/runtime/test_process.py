"""One process's view of the installation: opened at first use, once, shared by threads."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from privacy.base import Subject
from privacy.installation import Installation, WrongKeyRingError
from tests.factories.people import make_subject
from workers.runtime import process as processes
from workers.runtime.process import Process, bind, bound, utc_now
from workers.runtime.settings import Settings


def test_nothing_is_opened_before_it_is_used(settings: Settings) -> None:
    assert Process(settings)._opened == {}


def test_threads_share_what_is_opened(process: Process) -> None:
    fresh = Process(process.settings, process.clock)
    start, found, failures = threading.Barrier(8), [], []

    def use() -> None:
        start.wait()
        try:
            with fresh.working() as work:
                make_subject(work)
            found.append((id(fresh.engine), id(fresh.ring), id(fresh.queue)))
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (len(found), len(set(found))) == (8, 1)
    with fresh.reading() as session:
        people = session.scalars(select(Subject.id)).all()
        assert all(fresh.ring.person(each) for each in people)
    assert len(people) == 8
    fresh.close()


def test_what_was_let_go_is_opened_again(process: Process) -> None:
    first = process.engine
    process.close()
    process.close()
    assert process.engine is not first
    assert process.forget()


def test_without_redis_what_was_done_is_done(process: Process) -> None:
    away = Process(replace(process.settings, redis="unix:///nowhere/redis.sock"), process.clock)
    with away.working() as work:
        subject = make_subject(work)
        work.later("score", subject.id)
    with away.reading() as session:
        assert session.scalars(select(Subject.id)).all() == [subject.id]
    away.close()


def test_jobs_work_for_the_installation_that_was_bound(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_bound", [])
    with pytest.raises(RuntimeError):
        bound()
    made = Process(settings)
    bind(made)
    assert bound() is made
    assert made.clock is utc_now
    assert utc_now().tzinfo is not None


def test_a_key_ring_of_another_database_is_refused(process: Process, sqlite_template: Path) -> None:
    with process.working() as work:
        subject = make_subject(work)
    other = process.settings.data / "other.sqlite"
    shutil.copy(sqlite_template, other)
    keys = process.settings.data / "keys" / "other.sqlite"
    empty = Process(replace(process.settings, database=f"sqlite:///{other}"), process.clock)
    wrong = Process(replace(process.settings, keyring=f"sqlite:///{keys}"), process.clock)
    for each in (empty, wrong, wrong):
        with pytest.raises(WrongKeyRingError):
            each.make_sure()
        with pytest.raises(WrongKeyRingError), each.working():
            raise AssertionError("it began to work")
        each.close()
    process.make_sure()
    assert process.ring.person(subject.id)


def test_a_new_database_and_a_new_key_ring_get_to_know_each_other_once(postgres_process: Process) -> None:
    start = threading.Barrier(4)
    fresh = [Process(postgres_process.settings, postgres_process.clock) for _ in range(4)]
    failures: list[BaseException] = []

    def open_all(one: Process) -> None:
        start.wait()
        try:
            one.make_sure()
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=open_all, args=(one,)) for one in fresh]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with postgres_process.reading() as session:
        assert len(session.scalars(select(Installation.id)).all()) == 1
