"""Scores: only with consent, one a day, dropped by network."""

from datetime import date

import pytest
from sqlalchemy import func, select

from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, ago, like, reading, reply
from workers import results
from workers.models import Post, PostSplit, Score
from workers.models.connection import State
from workers.runtime.process import Process
from workers.signals.store import put
from workers.withdrawal import withdraw


def participant(process: Process, **connection: object) -> str:
    """Somebody with one liked post on Bluesky."""
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        account = make_connection(work, subject.id, **connection)  # type: ignore[arg-type]
        put(work, work.ring.person(subject.id), account, reading(like("did:a", 2), reply("did:b", 9)))
    return subject.id


def score_now(process: Process, subject_id: str, day: date = TODAY) -> bool:
    with process.working() as work:
        return results.store_score(work, subject_id, day)


def test_a_score_is_stored_with_its_shares(each_process: Process) -> None:
    subject_id = participant(each_process)
    assert score_now(each_process, subject_id)
    with each_process.reading() as session:
        row = results.newest(session, subject_id)
        split = session.get_one(PostSplit, (subject_id, TODAY))
        post = session.scalars(select(Post.id)).one()
        points = results.post_points(session, split, each_process.ring.person(subject_id))
    assert row is not None
    assert row.preliminary
    assert (row.day, row.weeks, row.model, set(row.by_network)) == (TODAY, 2, "klarwert-1", {"bluesky"})
    assert sum(row.by_kind.values()) == pytest.approx(row.score - 1)
    assert points == {post: pytest.approx(row.score - 1)}
    assert post.encode() not in bytes(split.points)


def test_a_day_that_has_ended_is_final(process: Process, clock: Clock) -> None:
    subject_id = participant(process)
    score_now(process, subject_id)
    clock.go(days=1)
    score_now(process, subject_id)
    with process.reading() as session:
        rows = session.scalars(select(Score)).all()
    assert [(row.day, row.preliminary) for row in rows] == [(TODAY, False)]


def test_scoring_again_replaces_the_score_of_the_day(each_process: Process, clock: Clock) -> None:
    subject_id = participant(each_process)
    score_now(each_process, subject_id)
    clock.go(minutes=1)
    score_now(each_process, subject_id)
    with each_process.reading() as session:
        assert session.scalars(select(Score.made_at)).all() == [clock.now]


def test_a_job_that_began_earlier_does_not_overwrite_the_newer_score(each_process: Process, clock: Clock) -> None:
    subject_id = participant(each_process)
    score_now(each_process, subject_id)
    newest = clock.now
    clock.go(minutes=-5)
    score_now(each_process, subject_id)
    with each_process.reading() as session:
        assert session.scalars(select(Score.made_at)).all() == [newest]
        assert session.scalars(select(PostSplit.made_at)).all() == [newest]


def test_without_consent_nothing_is_stored(process: Process) -> None:
    subject_id = participant(process)
    with process.working() as work:
        withdraw(work, subject_id, Purpose.SCORING, "bluesky")
        make_connection(work, subject_id)
    assert not score_now(process, subject_id)
    with process.reading() as session:
        assert results.newest(session, subject_id) is None


def test_without_an_account_nothing_is_stored(process: Process) -> None:
    subject_id = participant(process, state=State.CLAIMED)
    assert not score_now(process, subject_id)


def test_who_is_being_erased_is_not_scored(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        make_connection(work, subject.id)
        subject.erasing_at = work.now
    assert not score_now(process, subject.id)


def test_the_history_is_of_so_many_days_oldest_first(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        for days in (1, 3, 2, 40):
            make_score(work, subject.id, ago(days))
    with process.reading() as session:
        rows = results.history(session, subject.id, 30, TODAY)
    assert [row.day for row in rows] == [ago(3), ago(2), ago(1)]


def test_scores_are_dropped_for_the_days_on_which_a_network_gave_points(process: Process) -> None:
    with process.working() as work:
        subject, other = make_subject(work), make_subject(work)
        for each in (subject, other):
            make_score(work, each.id, ago(1), by_network={"bluesky": 3.0, "mastodon": 9.0})
            make_score(work, each.id, ago(2), by_network={"mastodon": 9.0})
        results.drop_scores(work.session, subject.id, "bluesky")
    with process.reading() as session:
        for table in (Score, PostSplit):
            mine = session.scalars(select(table.day).where(table.subject_id == subject.id)).all()
            assert mine == [ago(2)]
            assert session.scalar(select(func.count()).where(table.subject_id == other.id)) == 2
    with process.working() as work:
        results.drop_scores(work.session, subject.id)
        assert results.newest(work.session, subject.id) is None
