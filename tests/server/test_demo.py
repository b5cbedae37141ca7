"""The demo: invented people whose scores are the real engine's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server import demo
from server.models import Account, OrganisationFact
from server.services import connections
from server.services.connections import Sent
from tests.conftest import Clock
from workers.models import Connection, Inbox, Score
from workers.runtime.process import Process
from workers.runtime.settings import SettingsError
from workers.scoring.explain import explain
from workers.signals.take import take


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


def test_the_cast_takes_part_in_both_languages_and_on_both_networks() -> None:
    cast = demo.cast()
    assert {character.language for character in cast} == {"de", "en"}
    assert {network for character in cast for network in character.networks} == {"bluesky", "mastodon"}
