"""The journal: written before the commit, confirmed after it, and missed by every database that is older."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from privacy import journal
from privacy.journal import SETTLED, NotReplayedError
from tests.conftest import Clock
from workers.runtime.process import Process
from workers.runtime.work import Work


def act(process: Process, **facts: str) -> None:
    with process.working() as work:
        journal.note(work.session, work.now, "invented", **facts)


def facts(process: Process) -> list[dict[str, object]]:
    """What the database lacks."""
    with process.reading() as session:
        return [entry.facts for entry in process.journal.unplayed(session)]


def check(process: Process) -> None:
    with process.reading() as session:
        process.journal.require_played(session)


def lose(process: Process, *positions: int) -> None:
    """Makes the database forget entries, as an older one would."""
    with process.working() as work:
        rows = work.session.query(journal.Journaled).filter(journal.Journaled.position.in_(positions))
        assert rows.delete() == len(positions)


def test_what_happened_is_known_to_both(each_process: Process) -> None:
    act(each_process, subject="a")
    act(each_process, subject="b")
    assert facts(each_process) == []
    check(each_process)
    assert each_process.journal.position() == 2
    with each_process.reading() as session:
        rows = session.query(journal.Journaled).order_by(journal.Journaled.position)
        assert [(row.position, row.entry) for row in rows] == [(1, None), (2, None)]


def test_a_database_that_lacks_something_is_refused_and_told_what(each_process: Process) -> None:
    for subject in ("a", "b", "c"):
        act(each_process, subject=subject)
    lose(each_process, 2, 3)
    assert facts(each_process) == [{"subject": "b"}, {"subject": "c"}]
    with pytest.raises(NotReplayedError, match=r"lacks 2 × invented.*klarwert backup replay"):
        check(each_process)
    with pytest.raises(NotReplayedError):
        each_process.make_sure()


def test_what_was_rolled_back_is_no_reason_to_refuse_and_is_forgotten(each_process: Process, clock: Clock) -> None:
    def killed() -> None:
        with each_process.working() as work:
            journal.note(work.session, work.now, "invented", subject="never")
            each_process.journal.write(work.session, work.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        killed()
    check(each_process)
    assert facts(each_process) == [{"subject": "never"}]
    settle(each_process)
    assert facts(each_process) == [{"subject": "never"}]
    clock.go(seconds=SETTLED.total_seconds() + 1)
    settle(each_process)
    assert facts(each_process) == []
    act(each_process, subject="a")
    check(each_process)


def settle(process: Process) -> None:
    with process.reading() as session:
        process.journal.settle(session, process.clock())


def test_killed_right_after_the_commit_it_is_confirmed_later(each_process: Process, clock: Clock) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(each_process, "_confirm", lambda _: None)
        act(each_process, subject="a")
    clock.go(days=1)
    settle(each_process)
    lose(each_process, 1)
    with pytest.raises(NotReplayedError):
        check(each_process)


def test_an_act_in_a_savepoint_that_was_rolled_back_did_not_happen(each_process: Process) -> None:
    with each_process.working() as work:
        savepoint = work.session.begin_nested()
        journal.note(work.session, work.now, "invented", subject="never")
        savepoint.rollback()
    assert each_process.journal.position() == 0


def test_a_transaction_without_a_process_is_written_by_the_next_one(process: Process) -> None:
    from sqlalchemy.orm import Session

    from privacy.store import writing

    with Session(writing(process.engine)) as session, session.begin():
        journal.note(session, process.clock(), "invented", subject="a")
    with process.working():
        pass
    assert process.journal.position() == 1
    lose(process, 1)
    with pytest.raises(NotReplayedError):
        check(process)


def test_the_journal_forgets_with_the_last_backup_and_refuses_what_is_older(
    each_process: Process, clock: Clock
) -> None:
    act(each_process, subject="a")
    clock.go(days=20)
    act(each_process, subject="b")
    clock.go(days=11)
    assert each_process.journal.expire(clock(), 30) == 1
    assert each_process.journal.expire(clock(), 30) == 0
    check(each_process)
    lose(each_process, 2)
    assert facts(each_process) == [{"subject": "b"}]
    lose(each_process, 1)
    with pytest.raises(NotReplayedError, match="may not be used"):
        check(each_process)


def test_positions_go_on_after_everything_was_forgotten(process: Process, clock: Clock) -> None:
    act(process, subject="a")
    process.journal.expire(clock() + timedelta(days=31), 30)
    act(process, subject="b")
    assert process.journal.position() == 2


def test_a_journal_that_was_lost_begins_anew_behind_the_backup(process: Process) -> None:
    process.journal.begin_after(7)
    assert process.journal.position() == 7
    with pytest.raises(NotReplayedError):
        check(process)
    with process.working() as work:
        work.session.add(journal.Journaled(id="x", position=7, entry=None))
    check(process)
    act(process, subject="a")
    assert process.journal.position() == 8


def test_who_was_erased_is_known(process: Process) -> None:
    with process.working() as work:
        journal.note(work.session, work.now, journal.ERASURE, subject="gone")
        journal.note(work.session, work.now, "invented", subject="here")
    assert process.journal.erased() == {"gone"}


@pytest.mark.parametrize("twice", [True, False])
def test_doing_it_again_is_noted_once(process: Process, twice: bool) -> None:
    act(process, subject="a")
    lose(process, 1)
    with process.reading() as session:
        [entry] = process.journal.unplayed(session)
    done: Callable[[Work], None] = lambda work: journal.done(work.session, entry)  # noqa: E731
    for _ in range(1 + twice):
        with process.working() as work:
            done(work)
    check(process)
