"""Holds: a sealed copy outlasts every deletion until the hold's end, counts nowhere, and not by one person's word."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from privacy import hold
from privacy.base import Subject
from privacy.hold import Hold, HoldError
from privacy.journal import Journaled
from privacy.keyring import KeyGoneError
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from tests.factories.days import fold_all, signals
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY
from workers import buckets, holding
from workers.jobs import erase, expire
from workers.models import Certificate, Connection, Erasure, Post
from workers.networks.shape import Post as Read
from workers.networks.shape import Reaction, Reading
from workers.places import holdings
from workers.replaying import replay
from workers.runtime.process import Process
from workers.signals.store import drop_posts, put
from workers.withdrawal import withdraw

UNTIL = date(2027, 6, 30)
ADDRESS = "https://garten.example/1"
#: What an erasure leaves of somebody of whom something is on hold.
KEPT = {"holds", "data on hold", "subject", "key"}


def there(process: Process, subject_id: str) -> set[str]:
    """The kinds of data of which something is there."""
    with process.reading() as session:
        return set(holdings(process).traces(session, subject_id))


def person(process: Process) -> str:
    """Somebody with a post that three people liked, folded."""
    with process.working() as work:
        buckets.settle(work)
        subject_id = make_subject(work).id
        agree(work, subject_id)
        connection = make_connection(work, subject_id, read_at=work.now)
        likes = tuple(Reaction("like", f"did:{who}", TODAY - timedelta(days=2)) for who in "abc")
        reading = Reading(Read(ADDRESS, TODAY - timedelta(days=3)), likes, frozenset({"like"}))
        put(work, work.ring.person(subject_id), connection, reading)
    fold_all(process)
    return subject_id


def ask(process: Process, subject_id: str, kind: str = "signals", *, alone: bool = True) -> str:
    with process.working() as work:
        return holding.ask(
            work, subject_id, kind=kind, reason="Rechtsstreit 7 O 12/26", until=UNTIL, by="dpo-1", alone=alone
        ).id  # fmt: skip


def copied(process: Process, subject_id: str) -> dict[str, list[dict[str, object]]]:
    """What is set aside, as the person's export has it."""
    with process.reading() as session:
        rows = list(holdings(process).rows(session, subject_id, "data on hold"))
    return {row["kind"]: json.loads(row["rows"]) for row in rows}


def likes(process: Process, subject_id: str) -> list[object]:
    return [(row["kind"], row["day"], row["count"]) for row in copied(process, subject_id)["signals"]]


ALL = [("like", (TODAY - timedelta(days=2)).isoformat(), 1)] * 3


def test_held_signals_outlast_their_window_and_are_not_among_those_that_count(each_process: Process) -> None:
    ann, bea = person(each_process), person(each_process)
    ask(each_process, ann)
    each_process.clock.go(days=120)  # type: ignore[attr-defined]
    expire("2027-03-22")
    fold_all(each_process)
    for who in (ann, bea):
        assert signals(each_process, who) == []
    assert likes(each_process, ann) == ALL
    assert {"holds", "data on hold"} & there(each_process, bea) == set()
    with each_process.reading() as session:
        found = holdings(each_process).due(session, each_process.clock())
    assert {kind: due for kind, due in found.items() if due.due} == {}


def test_the_copy_says_what_it_is_about_when_the_post_is_gone_at_its_source(process: Process) -> None:
    ann = person(process)
    ask(process, ann)
    with process.working() as work:
        drop_posts(work.session, work.session.scalars(select(Post).where(Post.subject_id == ann)).all())
    assert signals(process, ann) == []
    found = copied(process, ann)
    assert set(found) == {"signals", "posts", "connections"}
    [post] = found["posts"]
    assert (post["address"], {row["post_id"] for row in found["signals"]}) == (ADDRESS, {post["id"]})


def test_a_withdrawal_takes_the_signals_and_leaves_the_copy(process: Process) -> None:
    ann = person(process)
    ask(process, ann)
    with process.working() as work:
        [network] = work.session.scalars(select(Connection.network).where(Connection.subject_id == ann))
        assert withdraw(work, ann, Purpose.SCORING, network)
    fold_all(process)
    assert "signals" not in there(process, ann)
    assert likes(process, ann) == ALL


def test_an_erasure_leaves_the_copy_and_comes_to_its_end_when_the_hold_does(each_process: Process) -> None:
    ann, bea = person(each_process), person(each_process)
    held = ask(each_process, ann)
    erase(ann)
    erase(ann)  # the schedule comes back until the hold is over
    assert there(each_process, ann) == KEPT
    assert likes(each_process, ann) == ALL
    assert each_process.ring.going() == {ann}
    with each_process.working() as work:
        assert hold.end(work.session, held, work.now)
        assert not hold.end(work.session, held, work.now)
    erase(ann)
    assert there(each_process, ann) == set()
    assert "signals" in there(each_process, bea)
    with pytest.raises(KeyGoneError):
        each_process.ring.person(ann)


def test_the_certificate_is_made_at_once_and_says_what_is_on_hold(process: Process) -> None:
    ann = person(process)
    ask(process, ann)
    with process.working() as work:
        wish = Erasure(
            subject_id=ann, asked_at=work.now, due_at=work.now, reactions_too=False, certificate_id="c1",
            binding="b" * 64, controller="Garten e. V.",
        )  # fmt: skip
        seal(wish, work.ring.person(ann), token="t")
        work.session.add(wish)
        work.session.get_one(Subject, ann).erasing_at = work.now
    erase(ann)
    with process.reading() as session:
        made = session.get_one(Certificate, "c1")
    assert made.payload is not None
    said = json.loads(made.payload)
    kept = {one["kind"]: (one["things"], one["until"]) for one in said["kept"] if one["why"] == "hold"}
    day = "2027-06-30"
    assert kept == {"signals": (3, day), "posts": (1, day), "connections": (1, day), "key": (1, day)}
    assert said["counts"]["signals"] == 3
    assert not {"key", "subject", "holds", "data on hold"} & said["counts"].keys()


def test_after_the_last_day_hold_and_copy_go_by_themselves(process: Process) -> None:
    ann = person(process)
    ask(process, ann, "posts")
    process.clock.go(days=221)  # type: ignore[attr-defined]
    expire("2027-07-01")
    assert not {"holds", "data on hold", "posts"} & there(process, ann)


def test_a_hold_that_waits_for_the_second_person_keeps_nothing(process: Process) -> None:
    ann = person(process)
    waiting = ask(process, ann, alone=False)
    with process.working() as work, pytest.raises(HoldError, match="same person"):
        holding.agree(work, waiting, "dpo-1")
    with process.reading() as session:
        assert not hold.in_force(session, ann)
        assert hold.aside(session, ann) == []
    with process.working() as work:
        holding.agree(work, waiting, "admin-2")
    with process.reading() as session:
        assert hold.in_force(session, ann)
        assert hold.amounts(session) == {waiting: 5}  # three likes, their post, its account
        [(row, reason)] = hold.holds(session, process.ring, ann)
    assert reason == "Rechtsstreit 7 O 12/26"
    assert hold.asked_by(process.ring, row, "dpo-1")
    assert not hold.asked_by(process.ring, row, "admin-2")
    with process.working() as work, pytest.raises(HoldError, match="unknown"):
        holding.agree(work, waiting, "admin-2")


def test_a_waiting_hold_keeps_nothing_from_an_erasure(process: Process) -> None:
    ann = person(process)
    ask(process, ann, alone=False)
    erase(ann)
    assert there(process, ann) == set()


def test_a_hold_that_ended_does_not_come_back_with_an_old_database(process: Process) -> None:
    ann = person(process)
    held = ask(process, ann)
    with process.reading() as session:
        before = {name: getattr(session.get_one(Hold, held), name) for name in Hold.__table__.columns.keys()}  # noqa: SIM118
    with process.working() as work:
        hold.end(work.session, held, work.now)
    with process.working() as work:  # the database as it was
        work.session.add(Hold(**before))
        for row in work.session.scalars(select(Journaled)):
            work.session.delete(row)
    assert replay(process, {}) == {hold.HOLD_ENDED: 1}
    assert "holds" not in there(process, ann)


@pytest.mark.parametrize(
    ("until", "word"),
    [(TODAY - timedelta(days=1), "past"), (TODAY + timedelta(days=400), "too long"), (date.max, "too long")],
)
def test_a_hold_has_an_end_that_is_not_far_away(process: Process, until: date, word: str) -> None:
    ann = person(process)
    with process.working() as work, pytest.raises(HoldError, match=word):
        holding.ask(work, ann, kind="posts", reason="x", until=until, by="a", alone=True)
