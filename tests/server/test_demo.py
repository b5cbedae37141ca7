"""The demo: invented people whose scores are the real engine's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.vocabulary import Purpose
from server import demo
from server.models import Account, OrganisationFact
from server.services import connections
from server.services.connections import Sent
from tests.conftest import Clock
from workers.models import Connection, Inbox, Score, ScoreRoot
from workers.runtime.process import Process
from workers.runtime.settings import SettingsError
from workers.scoring.explain import explain
from workers.signals.take import take
from workers.topics.taxonomy import own_giver


@pytest.fixture
def made(process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Process:
    """An installation with the demo in it, made at the clock's time."""
    settings = replace(process.settings, demo=True)
    monkeypatch.setattr(demo, "Process", lambda _settings: Process(settings, clock))
    demo.make(settings)
    return process


def test_everybody_has_a_score_for_each_of_120_days(made: Process, clock: Clock) -> None:
    with made.reading() as session:
        days = session.execute(select(Score.subject_id, func.count(), func.max(Score.day)).group_by(Score.subject_id))
        found = days.all()
    assert len(found) == len(demo.cast())
    assert {(count, last) for _, count, last in found} == {(120, clock.now.date() - timedelta(days=1))}


def test_the_newest_score_is_what_the_stored_signals_give(made: Process, clock: Clock) -> None:
    day = clock.now.date() - timedelta(days=1)
    with made.reading() as session:
        for row in session.scalars(select(Score).where(Score.day == day)):
            taken = take(session, row.subject_id, day)
            assert abs(explain(taken.signals, day, taken.yesterday).total.score - row.score) < 1e-9
            assert 1 < row.score < 100


def test_making_it_again_changes_nothing(made: Process) -> None:
    with made.reading() as session:
        before = session.scalar(select(func.count()).select_from(Inbox))
    demo.make(made.settings)
    with made.reading() as session:
        assert session.scalar(select(func.count()).select_from(Inbox)) == before
        assert session.scalar(select(func.count()).select_from(Account)) == len(demo.cast()) + 3


def test_no_invented_account_is_ever_asked_for_on_a_network(made: Process, clock: Clock) -> None:
    clock.go(days=3650)
    with made.reading() as session:
        assert session.scalars(select(Connection).where(Connection.due_at <= clock.now)).all() == []


def test_no_invented_account_is_read_now_either(made: Process) -> None:
    with made.working() as work:
        for row in work.session.scalars(select(Connection)).all():
            row.read_at = None
            assert connections.read_now(work, row.subject_id, row.id) is Sent.INVENTED
        assert connections.read_all(work) == 0
    assert made.queue.rq.jobs == []


def test_the_demo_is_the_demo_even_if_all_its_accounts_are_gone(made: Process) -> None:
    with made.reading() as session:
        assert session.get(OrganisationFact, "demo") is not None
    demo.keep_apart(replace(made.settings, demo=True))
    with pytest.raises(SettingsError, match="this is a demo"):
        demo.keep_apart(made.settings)


def test_titles_have_the_topics_that_their_words_give() -> None:
    titles = {title for character in demo.cast() for title in character.titles}
    given = {title: list(own_giver().give(title.replace("-", " "))) for title in titles}
    assert demo.topics_of() == {title: topics for title, topics in given.items() if topics}


def test_topics_gave_points_to_whoever_agreed_to_them(made: Process, clock: Clock) -> None:
    day = clock.now.date() - timedelta(days=1)
    with made.reading() as session:
        agreeing = set(session.scalars(consent.agreeing(Purpose.TOPICS)))
        scores = session.scalars(select(Score).where(Score.day == day)).all()
    assert len(agreeing) == 3
    assert {row.subject_id for row in scores if row.by_topic is not None} == agreeing


def test_the_crowd_is_scored_by_the_same_nights_and_stands_under_the_same_root(
    process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(process.settings, demo=True)
    monkeypatch.setattr(demo, "Process", lambda _settings: Process(settings, clock))
    assert demo.make(settings, 40)
    assert not demo.make(settings, 50)
    day = clock.now.date() - timedelta(days=1)
    with process.reading() as session:
        rows = session.scalars(select(Score).where(Score.day == day)).all()
        assert len(rows) == 40 == session.get_one(ScoreRoot, day).people
        crowd = [row for row in rows if days_of(session, row.subject_id) == 2]
        assert len(crowd) == 40 - len(demo.cast())
        for row in crowd[:5]:
            taken = take(session, row.subject_id, day)
            assert abs(explain(taken.signals, day, taken.yesterday).total.score - row.score) < 1e-9
            assert row.changed_since == day - timedelta(days=1)


def days_of(session: Session, subject_id: str) -> int:
    """Of how many days a person has a score."""
    return session.scalar(select(func.count()).where(Score.subject_id == subject_id)) or 0


def test_the_cast_takes_part_in_both_languages_and_on_both_networks() -> None:
    cast = demo.cast()
    assert {character.language for character in cast} == {"de", "en"}
    assert {network for character in cast for network in character.networks} == {"bluesky", "mastodon"}
