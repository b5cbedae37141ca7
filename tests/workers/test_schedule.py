"""The schedule: whatever is due is sent, once, by one leader, and a restart of the database does not end it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from privacy.base import Subject
from tests.conftest import Clock
from tests.factories.people import make_claim, make_connection, make_subject
from workers import jobs, mail, schedule
from workers.jobs.job import JobFailedError
from workers.models import Connection, DayScored
from workers.models.connection import State
from workers.runtime.process import Process
from workers.runtime.work import Work


def sent(process: Process, name: str) -> list[list[str]]:
    """Arguments of the jobs of a name in the queue."""
    return [job.args for job in process.queue.rq.jobs if job.func_name == f"workers.jobs.{name}"]


def until(condition: Callable[[], bool]) -> None:
    """Waits for another thread, half a minute at most."""
    waiter = threading.Event()
    for _ in range(3000):
        if condition():
            return
        waiter.wait(0.01)
    raise AssertionError("it never came true")


def test_due_connections_are_sent_to_the_job_of_their_state(each_process: Process, clock: Clock) -> None:
    process = each_process
    with process.working() as work:
        subject = make_subject(work)
        wanted = {}
        for state, job in schedule._JOBS.items():
            row = make_claim(work, subject.id, "x", state=state)
            row.due_at = work.now
            wanted[job] = row.id
        for state in (State.CLAIMED, State.REFUSED, State.LAPSED):
            make_claim(work, subject.id, "x", state=state).due_at = work.now
        make_connection(work, subject.id, due_at=work.now + timedelta(seconds=1))
    schedule.send_due(process)
    schedule.send_due(process)
    assert {job: sent(process, job) for job in wanted} == {job: [[id_]] for job, id_ in wanted.items()}
    clock.go(minutes=10)
    schedule.send_due(process)
    # What still waits is not sent a second time, however long the queue is.
    assert {job: len(sent(process, job)) for job in wanted} == {"collect": 2, "look_up": 1, "prove": 1}


def test_a_connection_that_somebody_works_on_is_left_alone(postgres_process: Process) -> None:
    process = postgres_process
    with process.working() as work:
        connection = make_connection(work, make_subject(work).id)
    with process.working() as work:
        work.session.get(Connection, connection.id, with_for_update=True)
        schedule.send_due(process)
    assert sent(process, "collect") == []


def test_a_mail_whose_job_got_lost_is_sent(process: Process, clock: Clock) -> None:
    with process.working() as work:
        mail.post(work, make_subject(work).id, "mira@garten.test", "x", "y")
    process.queue.rq.empty()
    schedule.send_due(process)
    assert sent(process, "send_mail") == []
    clock.go(minutes=2)
    schedule.send_due(process)
    schedule.send_due(process)
    assert len(sent(process, "send_mail")) == 1


def test_an_erasure_that_was_asked_for_is_sent(process: Process, clock: Clock) -> None:
    with process.working() as work:
        asked, other = make_subject(work), make_subject(work)
        asked.erasing_at = work.now
    schedule.send_due(process)
    schedule.send_due(process)
    assert sent(process, "erase") == [[asked.id]]
    assert other.id != asked.id


def test_an_erasure_that_was_killed_before_its_last_step_is_sent_again(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process.working() as work:
        gone = make_subject(work)
    monkeypatch.setattr(process.ring, "destroy", lambda *_: process.settings.threads / 0)
    with pytest.raises(JobFailedError):
        jobs.erase(gone.id)
    monkeypatch.undo()
    schedule.send_due(process)
    assert sent(process, "erase") == [[gone.id]]
    jobs.erase(gone.id)
    process.redis.flushall()
    schedule.send_due(process)
    assert sent(process, "erase") == []


def test_with_an_older_or_empty_database_nobodys_key_is_destroyed(process: Process, clock: Clock) -> None:
    with process.working() as work:
        people = [make_subject(work).id for _ in range(3)]
    process.ring.create("0" * 32)
    with process.working() as work:
        work.session.execute(delete(Subject))
    clock.now = max(clock.now, clock.now.now(clock.now.tzinfo)) + timedelta(days=2)
    schedule.send_due(process)
    assert sent(process, "erase") == []
    assert all(process.ring.person(each) for each in (*people, "0" * 32))


def test_what_is_overdue_goes_every_day_whatever_becomes_of_the_scores(process: Process, clock: Clock) -> None:
    schedule.send_due(process)
    schedule.send_due(process)
    assert sent(process, "expire") == [["2026-11-22"]]
    jobs.expire("2026-11-22")
    process.queue.rq.empty()
    with process.working() as work:
        process.redis.delete(schedule.mark(work, "expire", "2026-11-22"))
    schedule.send_due(process)
    assert sent(process, "expire") == []
    clock.go(days=1)
    schedule.send_due(process)
    assert sent(process, "expire") == [["2026-11-23"]]


def test_yesterday_is_scored_once(process: Process, clock: Clock) -> None:
    schedule.send_due(process)
    schedule.send_due(process)
    assert sent(process, "score_day") == [["2026-11-21"]]
    with process.working() as work:
        work.session.add(DayScored(day=work.today - timedelta(days=1), done_at=work.now, people=0))
    process.redis.flushall()
    schedule.send_due(process)
    assert sent(process, "score_day") == []
    clock.go(days=1)
    schedule.send_due(process)
    assert sent(process, "score_day") == [["2026-11-22"]]


def test_chores_of_other_floors_are_done_apart(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        subject.erasing_at = work.now

    def broken(_work: Work) -> None:
        raise RuntimeError("broken chore")

    with pytest.raises(RuntimeError):
        schedule.send_due(process, [lambda work: work.later("score", subject.id), broken])
    assert sent(process, "erase") == sent(process, "score") == [[subject.id]]


def test_of_two_schedules_one_leads_and_the_other_takes_over(process: Process) -> None:
    looks: list[str] = []
    stops = {name: threading.Event() for name in "ab"}
    threads = {
        name: threading.Thread(
            target=schedule.run, args=(process, stop, 0.01, [lambda _work, name=name: looks.append(name)])
        )
        for name, stop in stops.items()
    }
    for thread in threads.values():
        thread.start()
    try:
        until(lambda: len(looks) >= 5)
        leader = looks[0]
        other = "b" if leader == "a" else "a"
        assert set(looks) == {leader}
        stops[leader].set()
        threads[leader].join()
        until(lambda: other in looks)
    finally:
        for name, stop in stops.items():
            stop.set()
            threads[name].join()
    assert process.redis.get(schedule._LEADER) is None


def test_who_lost_the_lead_does_not_take_it_from_the_next(process: Process) -> None:
    assert schedule._leads(process.redis, "a")
    assert not schedule._leads(process.redis, "b")
    assert schedule._leads(process.redis, "a")
    schedule._resign(process.redis, "b")
    assert not schedule._leads(process.redis, "b")


def test_an_error_of_the_database_does_not_end_the_schedule(process: Process) -> None:
    stop, looks = threading.Event(), []

    def chore(_work: Work) -> None:
        looks.append("look")
        if len(looks) == 1:
            raise OperationalError("SELECT", {}, Exception("the database restarts"))

    thread = threading.Thread(target=schedule.run, args=(process, stop, 0.01, [chore]))
    thread.start()
    try:
        until(lambda: len(looks) >= 3)
    finally:
        stop.set()
        thread.join()
