"""The nightly check finds a stored score that is not what its signals give, and raises an alarm."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.days import keep_basis, run_day
from tests.factories.people import make_subject
from tests.factories.readings import TODAY
from tests.factories.scores import make_post, make_scored
from tests.workers.folding import damage
from workers import jobs, schedule
from workers.models import Connection, Score, ScoreCheck
from workers.runtime.process import Process
from workers.withdrawal import withdraw


@pytest.fixture
def people(each_process: Process, clock: Clock) -> list[str]:
    """Three participants whose day was scored after it had ended."""
    with each_process.working() as work:
        ids = [make_subject(work).id for _ in range(3)]
        for subject_id in ids:
            make_scored(work, subject_id)
    keep_basis(each_process, TODAY - timedelta(days=1))
    clock.go(days=1)
    run_day(each_process, TODAY)
    return ids


def check(process: Process) -> tuple[int, int]:
    """How many scores were checked, and how many were wrong."""
    jobs.check_day(TODAY.isoformat())
    with process.reading() as session:
        row = session.scalars(select(ScoreCheck)).one()
    return row.checked, row.wrong


def broken(process: Process, subject_id: str, **values: object) -> None:
    with process.working() as work:
        stored = Score.subject_id == subject_id, Score.day == TODAY
        work.session.execute(update(Score).where(*stored).values(**values))


def test_scores_that_are_right_raise_no_alarm(
    each_process: Process, people: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert check(each_process) == (3, 0)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_file_that_does_not_open_stops_no_check(process: Process, clock: Clock) -> None:
    with process.working() as work:
        make_scored(work, make_subject(work).id)
    clock.go(days=1)
    run_day(process, TODAY)
    for file in Path(process.settings.vault).iterdir():
        damage(file)
    assert check(process) == (0, 0)


@pytest.mark.parametrize("values", [{"score": 99.0}, {"impact": 1.0}, {"weeks": 13}, {"model": "klarwert-0"}])
def test_a_stored_score_that_was_changed_is_an_alarm(
    each_process: Process, people: list[str], caplog: pytest.LogCaptureFixture, values: dict
) -> None:
    broken(each_process, people[1], **values)
    assert check(each_process) == (3, 1)
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == f"ALARM: the stored score of {people[1]} is not what its signals give"


def test_a_difference_of_a_billionth_is_found(each_process: Process, people: list[str]) -> None:
    with each_process.reading() as session:
        right = session.scalars(select(Score.score).where(Score.subject_id == people[0], Score.day == TODAY)).one()
    broken(each_process, people[0], score=right + 1e-7)
    assert check(each_process) == (3, 1)


def test_who_withdrew_or_is_gone_is_left_out(each_process: Process, people: list[str]) -> None:
    with each_process.working() as work:
        withdraw(work, people[0], Purpose.SCORING, "mastodon")
    each_process.ring.destroy(people[1])
    assert check(each_process) == (1, 0)


def test_reactions_that_come_after_the_score_are_no_difference(each_process: Process, people: list[str]) -> None:
    with each_process.working() as work:
        query = select(Connection).where(Connection.subject_id == people[0], Connection.network == "bluesky")
        late = [("like", 77, 1, 1), ("like", 78, 2, 1)]
        make_post(work, work.session.scalars(query).one(), "late", late)
    assert check(each_process) == (3, 0)


def test_the_check_follows_the_scores_once(each_process: Process, people: list[str]) -> None:
    def sent() -> list[list[str]]:
        return [job.args for job in each_process.queue.rq.jobs if job.func_name == "workers.jobs.check_day"]

    schedule.send_due(each_process)
    schedule.send_due(each_process)
    assert sent() == [[TODAY.isoformat()]]
    check(each_process)
    each_process.queue.rq.empty()
    each_process.redis.flushall()
    schedule.send_due(each_process)
    assert sent() == []


def test_what_changed_since_the_day_before_is_stored_and_adds_up(each_process: Process, people: list[str]) -> None:
    with each_process.reading() as session:
        for subject_id in people:
            before = session.get_one(Score, (subject_id, TODAY - timedelta(days=1)))
            after = session.get_one(Score, (subject_id, TODAY))
            assert after.changed_since == before.day
            assert after.changes is not None
            assert sum(after.changes.values()) == pytest.approx(after.score - before.score, abs=1e-9, rel=0)
            assert list(after.changes) == ["gone", "new", "aged", "standing", "steadiness", "disputed"]
