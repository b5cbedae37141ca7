"""Scoring jobs: one person now, everybody for a day a bucket at a time, published as one version."""

import threading
from datetime import timedelta

import pytest
from rq.timeouts import JobTimeoutException
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.days import run_day
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, like, reading
from workers import fold, jobs, results
from workers.jobs.job import JobFailedError
from workers.models import Bucket, DayScored, Score
from workers.runtime.process import Process
from workers.signals.store import put
from workers.withdrawal import withdraw


def people(process: Process, number: int) -> list[str]:
    """So many participants with one like each."""
    ids = []
    for _ in range(number):
        with process.working() as work:
            subject = make_subject(work)
            agree(work, subject.id)
            connection = make_connection(work, subject.id)
            put(work, work.ring.person(subject.id), connection, reading(like("did:a", 2)))
        ids.append(subject.id)
    return sorted(ids)


def scored(process: Process) -> list[str]:
    with process.reading() as session:
        return list(session.scalars(select(Score.subject_id).order_by(Score.subject_id)))


def test_one_person_is_scored_now(process: Process) -> None:
    [subject_id] = people(process, 1)
    jobs.score(subject_id)
    with process.reading() as session:
        assert session.scalars(select(Score)).one().preliminary


def test_everybody_is_scored_once_the_day_has_ended(each_process: Process, clock: Clock) -> None:
    ids = people(each_process, 5)
    with each_process.working() as work:
        bystander, leaving = make_subject(work), make_subject(work)
        agree(work, leaving.id)
        make_connection(work, leaving.id)
        leaving.erasing_at = work.now
    clock.go(days=1)
    run_day(each_process, TODAY)
    assert scored(each_process) == ids
    assert bystander.id not in ids
    with each_process.reading() as session:
        done = session.get_one(DayScored, TODAY)
        assert done.people == 5
        assert not any(session.scalars(select(Score.preliminary)))


def test_a_day_that_is_done_is_not_scored_again(process: Process, clock: Clock) -> None:
    clock.go(days=1)
    run_day(process, TODAY)
    people(process, 1)
    jobs.score_day(TODAY.isoformat())
    sent = {job.func_name for job in process.queue.rq.jobs}
    assert (scored(process), sent & {"workers.jobs.fold", "workers.jobs.score"}) == ([], set())


def test_nobody_sees_a_day_before_all_of_it_is_done(each_process: Process, clock: Clock) -> None:
    ids = people(each_process, 12)
    clock.go(days=1)
    jobs.score_day(TODAY.isoformat())
    jobs.fold("0", TODAY.isoformat())
    with each_process.reading() as session:
        half = scored(each_process)
        assert 0 < len(half) < 12
        assert session.get(DayScored, TODAY) is None
        assert [results.newest(session, one) for one in ids] == [None] * 12
        assert results.history(session, half[0], 30, TODAY) == []
    jobs.fold("1", TODAY.isoformat())
    with each_process.reading() as session:
        assert session.get_one(DayScored, TODAY).people == 12
        assert all(results.newest(session, one) is not None for one in ids)


def test_a_day_that_was_interrupted_goes_on_where_it_was(
    process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = people(process, 12)
    clock.go(days=1)
    jobs.score_day(TODAY.isoformat())
    jobs.fold("0", TODAY.isoformat())
    store = fold.store_scores

    def away(*_args: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the database is away"))

    monkeypatch.setattr(fold, "store_scores", away)
    with pytest.raises(JobFailedError):
        jobs.fold("1", TODAY.isoformat())
    process.queue.rq.empty()
    monkeypatch.setattr(fold, "store_scores", store)
    clock.go(minutes=6)
    jobs.score_day(TODAY.isoformat())
    assert [job.args for job in process.queue.rq.jobs] == [["1", TODAY.isoformat()]]
    jobs.fold("1", TODAY.isoformat())
    assert scored(process) == ids


def test_a_bucket_that_breaks_is_reported_and_does_not_keep_the_day_from_the_others(
    process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(process, 12)
    clock.go(days=1)
    score_all = fold.score_all
    calls: list[int] = []

    def breaking(*args: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("broken")
        return score_all(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(fold, "score_all", breaking)
    run_day(process, TODAY)
    with process.reading() as session:
        first, second = session.scalars(select(Bucket).order_by(Bucket.number))
        assert (first.failure, first.failed_day, first.version, first.file) == ("broken", TODAY, 0, None)
        assert (second.failure, second.day_scored) == (None, TODAY)
        assert session.get_one(DayScored, TODAY).people == second.people == len(scored(process)) > 0
    clock.go(days=1)
    monkeypatch.setattr(fold, "score_all", score_all)
    run_day(process, clock.now.date() - timedelta(days=1))
    with process.reading() as session:
        assert [bucket.failure for bucket in session.scalars(select(Bucket))] == [None, None]


def test_who_withdraws_meanwhile_gets_no_score(
    each_process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = people(each_process, 2)
    clock.go(days=1)

    def withdrawing(step: str) -> None:
        if step == "file":
            with each_process.working() as work:
                withdraw(work, ids[1], Purpose.SCORING, "bluesky")

    monkeypatch.setattr(fold, "watch", withdrawing)
    run_day(each_process, TODAY)
    assert scored(each_process) == ids[:1]


def test_who_is_gone_is_no_error(process: Process, clock: Clock) -> None:
    [first, second] = people(process, 2)
    clock.go(days=1)
    process.ring.destroy(first)
    run_day(process, TODAY)
    assert scored(process) == [second]


def test_a_job_that_has_had_its_time_stops(process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    people(process, 2)
    clock.go(days=1)
    jobs.score_day(TODAY.isoformat())

    def late(*_args: object) -> object:
        raise JobTimeoutException("an hour is over")

    monkeypatch.setattr(fold, "score_all", late)
    with pytest.raises(JobFailedError):
        jobs.fold("0", TODAY.isoformat())
    with process.reading() as session:
        assert session.get(DayScored, TODAY) is None
        assert session.get_one(Bucket, 0).failure is None


def test_two_jobs_at_once_give_one_score(postgres_process: Process) -> None:
    process = postgres_process
    ids = people(process, 4)
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        try:
            for subject_id in ids:
                jobs.score(subject_id)
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert scored(process) == ids
