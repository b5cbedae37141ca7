"""Checks that auditors ask for, against a real server: counted anew, computed anew, never without consent."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update

from privacy.base import Subject
from privacy.vocabulary import Purpose
from server.models import Role
from server.services import accounts, audits
from server.services.looks import Viewer
from tests.conftest import Clock
from tests.factories.days import run_day
from tests.workers.jobs.conftest import Town
from tests.workers.networks.mastodon_server import days_before
from workers import jobs, logbook
from workers.models import Connection, Draw, Sample, Score
from workers.schedule import send_due
from workers.signals import basis
from workers.withdrawal import withdraw

FRIENDS = ("paul@wiese.test", "lena@wiese.test", "jona")


def drawn(town: Town, clock: Clock) -> tuple[str, str]:
    """Somebody whose account was read and whose score was published and drawn; connection and sample."""
    connection_id = town.join()
    for days in (3, 5, 9):
        town.post(days, *FRIENDS[: days % 3 + 1])
    jobs.collect(connection_id)
    clock.go(days=1)
    run_day(town.process, date(2026, 11, 22))
    logbook.append(town.process)
    with town.process.working() as work:
        account = accounts.create(work, "pruefung@haus.test", "x", "de", Role.AUDITOR, confirmed=True)
        audits.draw_sample(work, Viewer(account.id, account.subject_id, Role.AUDITOR), "7", 5)
    town.process.queue.rq.empty()
    with town.process.working() as work:
        [sample] = work.session.scalars(select(Sample)).all()
        sample.recount_due_at = sample.recompute_due_at = work.now
    return connection_id, sample.id


def sample_of(town: Town, sample_id: str) -> Sample:
    with town.process.reading() as session:
        return session.get_one(Sample, sample_id)


def test_posts_are_counted_anew_by_the_same_door(each_town: Town, clock: Clock) -> None:
    town = each_town
    connection_id, sample_id = drawn(town, clock)
    jobs.recount(sample_id)
    told = sample_of(town, sample_id).recount
    assert told is not None
    posts = told["posts"]
    assert len(posts) == 3
    assert all(one["then"] == one["now"] for one in posts)
    assert sorted(one["then"]["like"] for one in posts) == [1, 1, 3]
    assert sample_of(town, sample_id).recount_due_at is None
    assert town.row(connection_id).address is not None
    assert town.text(connection_id, "address") not in repr(told)
    assert "http" not in repr(told)


def test_new_reactions_and_posts_that_are_gone_show(town: Town, clock: Clock) -> None:
    _, sample_id = drawn(town, clock)
    first, second, _ = town.server._statuses.values()
    town.server.favourite("neu@wiese.test", first)
    town.server.delete(second)
    jobs.recount(sample_id)
    told = sample_of(town, sample_id).recount
    assert told is not None
    found = sorted((one["failure"], one["then"]["like"], (one["now"] or {}).get("like", 0)) for one in told["posts"])
    assert found == [("", 1, 1), ("", 1, 2), ("gone", 3, 0)]


def test_a_network_that_does_not_answer_is_said(town: Town, clock: Clock) -> None:
    _, sample_id = drawn(town, clock)
    town.server.spoil = lambda _kind, reply: replace(reply, status=503)
    jobs.recount(sample_id)
    told = sample_of(town, sample_id).recount
    assert told is not None
    assert {(one["failure"], one["now"]) for one in told["posts"]} == {("unreachable", None)}


def test_the_score_is_computed_anew_and_holds(each_town: Town, clock: Clock) -> None:
    _, sample_id = drawn(each_town, clock)
    jobs.recompute(sample_id)
    row = sample_of(each_town, sample_id)
    assert row.verdict is not None
    assert row.verdict["outcome"] == "holds"
    assert row.verdict["published"] == pytest.approx(row.verdict["recomputed"], abs=1e-9)
    assert row.recompute_due_at is None


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        (update(Score).values(score=Score.score + 0.001), "changed"),
        (update(Score).values(by_kind={"like": 1.0}), "changed"),
        (update(Draw).values(number="8"), "holds"),
        (update(Draw).values(root="00" * 32), "changed"),
    ],
)
def test_whatever_was_tampered_with_is_found(town: Town, clock: Clock, statement: object, outcome: str) -> None:
    _, sample_id = drawn(town, clock)
    with town.process.working() as work:
        work.session.execute(statement)  # type: ignore[call-overload]
    jobs.recompute(sample_id)
    row = sample_of(town, sample_id)
    assert row.verdict is not None
    assert row.verdict["outcome"] == outcome


def test_signals_of_now_serve_where_what_the_score_was_made_of_is_not_kept(town: Town, clock: Clock) -> None:
    connection_id, sample_id = drawn(town, clock)
    with town.process.working() as work:
        basis.drop(work.session, town.row(connection_id).subject_id)
    jobs.recompute(sample_id)
    verdict = sample_of(town, sample_id).verdict
    assert verdict is not None
    assert verdict["outcome"] == "holds"
    first, *_ = town.server._statuses.values()
    town.server.post("jona", "Gestern!", days_before(clock(), 1), to=first)
    clock.go(hours=2)
    jobs.collect(connection_id)
    with town.process.working() as work:
        work.session.get_one(Sample, sample_id).recompute_due_at = work.now
    jobs.recompute(sample_id)
    verdict = sample_of(town, sample_id).verdict
    assert verdict is not None
    assert verdict["outcome"] == "moved"
    assert verdict["recomputed"] > verdict["published"]


def test_a_root_that_is_not_in_the_log_is_found(town: Town, clock: Clock) -> None:
    _, sample_id = drawn(town, clock)
    with town.process.ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE node SET hash = zeroblob(32) WHERE level = 0")
    jobs.recompute(sample_id)
    row = sample_of(town, sample_id)
    assert row.verdict is not None
    assert row.verdict["outcome"] == "not_in_log"


def test_after_a_withdrawal_nothing_is_counted_or_computed(town: Town, clock: Clock) -> None:
    connection_id, sample_id = drawn(town, clock)
    with town.process.working() as work:
        subject_id = work.session.get_one(Connection, connection_id).subject_id
        withdraw(work, subject_id, Purpose.SCORING, "mastodon")
    asked = len(town.server.paths)
    jobs.recount(sample_id)
    jobs.recompute(sample_id)
    row = sample_of(town, sample_id)
    assert (row.recount, row.verdict, row.recount_due_at, row.recompute_due_at) == (None, None, None, None)
    assert len(town.server.paths) == asked


def test_after_an_erasure_there_is_no_sample(town: Town, clock: Clock) -> None:
    connection_id, sample_id = drawn(town, clock)
    jobs.erase(town.row(connection_id).subject_id)
    jobs.recount(sample_id)
    jobs.recompute(sample_id)
    with town.process.reading() as session:
        assert session.get(Sample, sample_id) is None
        assert session.scalars(select(Draw)).one().size == 5
        assert len(session.scalars(select(Subject)).all()) == 1
    assert logbook.verify(town.process)


def test_a_check_whose_job_got_lost_is_sent_again(town: Town, clock: Clock) -> None:
    _, sample_id = drawn(town, clock)
    send_due(town.process)
    assert {"recount", "recompute"} <= set(town.sent())
    jobs.recount(sample_id)
    jobs.recompute(sample_id)
    town.process.queue.rq.empty()
    clock.go(hours=1)
    send_due(town.process)
    assert not {"recount", "recompute"} & set(town.sent())
