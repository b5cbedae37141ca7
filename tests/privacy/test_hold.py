"""Holds: what is held stays beyond its time and through an erasure, nothing else does, and not by one person's word."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from privacy import hold
from privacy.base import Subject, new_id
from privacy.hold import Hold, HoldError
from privacy.keyring import KeyGoneError
from privacy.sealed import seal
from tests.factories.people import make_connection, make_subject
from workers.jobs import erase, expire
from workers.models import Connection, Post, Run
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.work import Work

UNTIL = date(2027, 6, 30)


def there(process: Process, subject_id: str) -> set[str]:
    """The kinds of data of which something is there."""
    with process.reading() as session:
        return set(holdings(process).traces(session, subject_id))


def people(process: Process) -> tuple[str, str]:
    """Two people with a connection, a post and a reading, all of today."""
    with process.working() as work:
        ids = []
        for _ in range(2):
            subject = make_subject(work)
            _read(work, make_connection(work, subject.id))
            ids.append(subject.id)
    return ids[0], ids[1]


def _read(work: Work, connection: Connection) -> None:
    post = Post(
        id=new_id(), subject_id=connection.subject_id, connection_id=connection.id, number=1, address_index=b"x",
        day=work.today, topics=None, first_read_at=work.now, read_at=work.now,
    )  # fmt: skip
    seal(post, work.ring.person(connection.subject_id), address="https://netz.test/p/1")
    run = Run(
        id=new_id(), subject_id=connection.subject_id, connection_id=connection.id, collector="invented/1",
        started_at=work.now, seen_at=work.now, ended_at=work.now, posts=1, reactions=0, failure=None,
    )  # fmt: skip
    work.session.add_all([post, run])
    work.session.flush()


def put(process: Process, subject_id: str, kind: str, *, alone: bool = True) -> str:
    with process.working() as work:
        return hold.ask(
            work.session, work.ring, subject_id, work.now, kind=kind, reason="Rechtsstreit 7 O 12/26", until=UNTIL,
            by="dpo-1", alone=alone,
        ).id  # fmt: skip


def test_held_rows_and_what_they_rest_on_outlive_their_time(each_process: Process) -> None:
    ann, bea = people(each_process)
    put(each_process, ann, "posts")
    each_process.clock.go(days=120)  # type: ignore[attr-defined]
    with each_process.reading() as session:
        found = holdings(each_process).due(session, each_process.clock())
    assert (found["posts"].things, found["posts"].due, found["posts"].late, found["posts"].held) == (2, 1, 1, 1)
    assert (found["readings"].due, found["readings"].held) == (2, 0)
    expire("2027-03-22")
    assert {"posts", "connections"} <= there(each_process, ann)
    assert "readings" not in there(each_process, ann)
    assert not {"posts", "readings"} & there(each_process, bea)
    with each_process.reading() as session:
        assert holdings(each_process).due(session, each_process.clock())["posts"].due == 0


def test_after_its_last_day_a_hold_is_gone_and_then_what_it_spared(process: Process) -> None:
    ann, _ = people(process)
    put(process, ann, "posts")
    process.clock.go(days=221)  # type: ignore[attr-defined]
    for day in ("2027-07-01", "2027-07-02"):
        expire(day)
    assert not {"holds", "posts"} & there(process, ann)


def test_an_erasure_leaves_what_is_held_and_comes_to_its_end_when_the_hold_does(each_process: Process) -> None:
    ann, bea = people(each_process)
    held = put(each_process, ann, "posts")
    erase(ann)
    assert there(each_process, ann) == {"holds", "posts", "connections", "subject", "key"}
    assert each_process.ring.going() == {ann}
    with each_process.working() as work:
        assert hold.end(work.session, held, work.now)
        assert not hold.end(work.session, held, work.now)
    erase(ann)
    assert there(each_process, ann) == set()
    assert "posts" in there(each_process, bea)
    with pytest.raises(KeyGoneError):
        each_process.ring.person(ann)


def test_a_hold_that_waits_for_the_second_person_spares_nothing(process: Process) -> None:
    ann, _ = people(process)
    waiting = put(process, ann, "posts", alone=False)
    with process.working() as work, pytest.raises(HoldError, match="same person"):
        hold.agree(work.session, work.ring, waiting, "dpo-1", work.now)
    with process.reading() as session:
        assert hold.kinds_held(session, ann) == frozenset()
    with process.working() as work:
        hold.agree(work.session, work.ring, waiting, "admin-2", work.now)
    with process.reading() as session:
        assert hold.kinds_held(session, ann) == {"posts"}
        [(row, reason)] = hold.holds(session, process.ring, ann)
    assert reason == "Rechtsstreit 7 O 12/26"
    assert hold.asked_by(process.ring, row, "dpo-1")
    assert not hold.asked_by(process.ring, row, "admin-2")
    with process.working() as work, pytest.raises(HoldError, match="unknown"):
        hold.agree(work.session, work.ring, waiting, "admin-2", work.now)


@pytest.mark.parametrize(("days", "word"), [(-1, "past"), (400, "too long")])
def test_a_hold_has_an_end_that_is_not_far_away(process: Process, days: int, word: str) -> None:
    ann, _ = people(process)
    until = process.clock().date() + timedelta(days=days)
    with process.working() as work, pytest.raises(HoldError, match=word):
        hold.ask(
            work.session, work.ring, ann, work.now, kind="posts", reason="x", until=until, by="a", alone=True
        )  # fmt: skip


def test_the_tables_of_the_fixture_have_what_these_tests_speak_of(process: Process) -> None:
    people(process)
    with process.reading() as session:
        for table in (Subject, Connection, Post, Run):
            assert session.scalar(select(func.count()).select_from(table)) == 2
        assert session.scalar(select(func.count()).select_from(Hold)) == 0
