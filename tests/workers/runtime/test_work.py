"""One unit of work: jobs are sent after the commit, once, and what is rolled back sends nothing."""

import pytest
from sqlalchemy import select

from privacy.base import Subject
from tests.factories.people import make_subject
from workers.runtime.process import Process


def sent(process: Process) -> list[tuple[str, list[str]]]:
    return [(job.func_name, job.args) for job in process.queue.rq.jobs]


def test_jobs_are_sent_after_the_commit(each_process: Process) -> None:
    with each_process.working() as work:
        subject = make_subject(work)
        work.later("score", subject.id)
        assert sent(each_process) == []
    assert sent(each_process) == [("workers.jobs.score", [subject.id])]
    with each_process.reading() as session:
        assert session.scalars(select(Subject.id)).all() == [subject.id]


def test_the_same_job_is_sent_once(process: Process) -> None:
    with process.working() as work:
        for id_ in ("a", "b", "a"):
            work.later("score", id_)
        work.later("collect", "a")
    assert [args for _, args in sent(process)] == [["a"], ["b"], ["a"]]


def test_what_is_rolled_back_sends_nothing(each_process: Process) -> None:
    def fail() -> None:
        with each_process.working() as work:
            make_subject(work)
            work.later("score", "a")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert sent(each_process) == []
    with each_process.reading() as session:
        assert session.scalars(select(Subject)).all() == []


def test_the_day_is_that_of_utc(process: Process) -> None:
    with process.working() as work:
        assert work.today.isoformat() == "2026-11-22"
