"""Scoring jobs: one person now, everybody for a day, each in a transaction of their own."""

import threading

import pytest
from rq.timeouts import JobTimeoutException
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, like, reading
from workers import jobs
from workers.jobs import scoring
from workers.jobs.job import JobFailedError
from workers.models import DayScored, Score
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


def test_everybody_is_scored_once_the_day_has_ended(
    each_process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "_AT_ONCE", 2)
    ids = people(each_process, 5)
    with each_process.working() as work:
        bystander, leaving = make_subject(work), make_subject(work)
        agree(work, leaving.id)
        make_connection(work, leaving.id)
        leaving.erasing_at = work.now
    clock.go(days=1)
    jobs.score_day(TODAY.isoformat())
    assert scored(each_process) == ids
    assert bystander.id not in ids
    with each_process.reading() as session:
        done = session.get_one(DayScored, TODAY)
        assert done.people == 5
        assert not any(session.scalars(select(Score.preliminary)))


def test_a_day_that_is_done_is_not_scored_again(process: Process, clock: Clock) -> None:
    clock.go(days=1)
    jobs.score_day(TODAY.isoformat())
    people(process, 1)
    jobs.score_day(TODAY.isoformat())
    assert scored(process) == []


def test_a_day_that_was_interrupted_goes_on_where_it_was(
    process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = people(process, 3)
    clock.go(days=1)
    store, seen = scoring.store_score, []

    def away(work: object, subject_id: str, day: object) -> bool:
        seen.append(subject_id)
        if len(seen) == 2:
            raise OperationalError("SELECT", {}, Exception("the database is away"))
        return store(work, subject_id, day)  # type: ignore[arg-type]

    monkeypatch.setattr(scoring, "store_score", away)
    with pytest.raises(JobFailedError):
        jobs.score_day(TODAY.isoformat())
    assert scored(process) == ids[:1]
    jobs.score_day(TODAY.isoformat())
    assert (scored(process), seen) == (ids, [ids[0], ids[1], ids[1], ids[2]])


def test_one_person_whose_score_breaks_does_not_keep_it_from_the_others(
    process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = people(process, 3)
    clock.go(days=1)
    store = scoring.store_score

    def breaking(work: object, subject_id: str, day: object) -> bool:
        if subject_id == ids[1]:
            raise ValueError("broken")
        return store(work, subject_id, day)  # type: ignore[arg-type]

    monkeypatch.setattr(scoring, "store_score", breaking)
    jobs.score_day(TODAY.isoformat())
    assert scored(process) == [ids[0], ids[2]]


def test_who_withdraws_meanwhile_gets_no_score(process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = people(process, 2)
    clock.go(days=1)
    score_one = scoring._score_one

    def withdrawing(process_: Process, subject_id: str, day: object) -> None:
        if subject_id == ids[0]:
            with process_.working() as work:
                withdraw(work, ids[1], Purpose.SCORING, "bluesky")
        score_one(process_, subject_id, day)  # type: ignore[arg-type]

    monkeypatch.setattr(scoring, "_score_one", withdrawing)
    jobs.score_day(TODAY.isoformat())
    assert scored(process) == ids[:1]


def test_who_is_gone_is_no_error(process: Process, clock: Clock) -> None:
    [first, second] = people(process, 2)
    clock.go(days=1)
    process.ring.destroy(first)
    jobs.score_day(TODAY.isoformat())
    assert scored(process) == [second]


def test_a_job_that_has_had_its_time_stops(process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = people(process, 2)
    clock.go(days=1)
    seen: list[str] = []

    def late(_work: object, subject_id: str, _day: object) -> bool:
        seen.append(subject_id)
        raise JobTimeoutException("an hour is over")

    monkeypatch.setattr(scoring, "store_score", late)
    with pytest.raises(JobFailedError):
        jobs.score_day(TODAY.isoformat())
    assert seen == ids[:1]
    with process.reading() as session:
        assert session.get(DayScored, TODAY) is None


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
