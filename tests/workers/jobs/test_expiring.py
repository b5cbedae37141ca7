"""Retention: after its time a thing is gone, whatever state it is in."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from tests.conftest import Clock
from tests.factories.days import fold_all, make_score, signals
from tests.factories.people import agree, make_claim, make_connection, make_subject
from tests.factories.readings import TODAY, like, reading
from tests.workers.folding import damage
from workers import buckets, jobs
from workers.jobs import reading as collecting
from workers.models import Connection, Post, PostSplit, Run, Score
from workers.models.connection import State
from workers.runtime.process import Process
from workers.signals.store import put


def numbers(process: Process) -> list[int | None]:
    """Numbers of connections, posts, signals, runs, scores, splits."""
    with process.reading() as session:
        tables = (Connection, Post, Run, Score, PostSplit)
        found = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    return [*found[:2], len(signals(process)), *found[2:]]


def participant(process: Process) -> str:
    """Somebody with a reading of today; the id of the connection."""
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        connection = make_connection(work, subject.id)
        put(work, work.ring.person(subject.id), connection, reading(like("did:a", 0), like("did:b", 60)))
        make_score(work, subject.id, TODAY)
    assert collecting._begin(process, connection.id)
    return connection.id


def test_signals_go_when_no_day_is_left_on_which_they_count(each_process: Process, clock: Clock) -> None:
    participant(each_process)
    with each_process.working() as work:
        buckets.settle(work)
    clock.go(days=31)
    fold_all(each_process)  # yesterday, the newest scored day, still counts the older one as 90 days old
    assert numbers(each_process) == [1, 1, 2, 1, 1, 1]
    clock.go(days=1)
    fold_all(each_process)
    assert numbers(each_process) == [1, 1, 1, 1, 1, 1]
    clock.go(days=60)
    fold_all(each_process)
    jobs.expire(TODAY.isoformat())
    assert numbers(each_process) == [1, 0, 0, 0, 1, 0]
    clock.go(days=640)
    jobs.expire(TODAY.isoformat())
    assert numbers(each_process) == [1, 0, 0, 0, 0, 0]


def test_what_was_read_through_a_lapsed_account_stays_a_week(each_process: Process, clock: Clock) -> None:
    connection_id = participant(each_process)
    with each_process.working() as work:
        row = work.session.get_one(Connection, connection_id)
        row.state, row.idle_since = State.LAPSED, work.now
    clock.go(days=6)
    jobs.expire(TODAY.isoformat())
    assert numbers(each_process)[:4] == [1, 1, 2, 1]
    clock.go(days=1)
    jobs.expire(TODAY.isoformat())
    assert numbers(each_process)[:4] == [1, 0, 0, 1]
    clock.go(days=85)
    jobs.expire(TODAY.isoformat())
    assert numbers(each_process)[:4] == [0, 0, 0, 0]


def test_an_account_that_was_never_proven_goes(process: Process, clock: Clock) -> None:
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id, network="mastodon")
        connection = make_claim(work, subject.id, "so nicht")
    jobs.look_up(connection.id)
    clock.go(days=92)
    jobs.expire(TODAY.isoformat())
    assert numbers(process)[0] == 0


def test_what_goes_with_a_lapsed_account_goes_out_of_the_score(each_process: Process, clock: Clock) -> None:
    connection_id = participant(each_process)
    with each_process.working() as work:
        row = work.session.get_one(Connection, connection_id)
        row.state, row.idle_since = State.LAPSED, work.now
        make_score(work, row.subject_id, TODAY - timedelta(days=1))
        for score in work.session.scalars(select(Score).where(Score.day == TODAY)):
            score.preliminary = True
        subject_id = row.subject_id
    each_process.queue.rq.empty()
    clock.go(days=7)
    jobs.expire(TODAY.isoformat())
    jobs.expire(TODAY.isoformat())
    with each_process.reading() as session:
        assert session.scalars(select(Score.day)).all() == [TODAY - timedelta(days=1)]
        assert session.scalars(select(PostSplit.day)).all() == [TODAY - timedelta(days=1)]
    assert [(job.func_name, job.args) for job in each_process.queue.rq.jobs] == [("workers.jobs.score", [subject_id])]


def test_a_file_that_does_not_open_keeps_nothing_of_a_lapsed_account(process: Process, clock: Clock) -> None:
    connection_id = participant(process)
    with process.working() as work:
        buckets.settle(work)
        row = work.session.get_one(Connection, connection_id)
        row.state, row.idle_since = State.LAPSED, work.now
    fold_all(process)
    [file] = (path for path in Path(process.settings.vault).iterdir() if path.is_file())
    damage(file)
    clock.go(days=7)
    jobs.expire(TODAY.isoformat())
    damage(file)
    assert numbers(process)[:3] == [1, 0, 0]
