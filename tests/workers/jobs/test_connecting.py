"""Connecting an account against a real server: found, proven, refused, taken over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from privacy.recipient import Act
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import make_subject
from tests.factories.readings import ago
from tests.factories.scores import hand_over_score
from tests.workers.jobs.conftest import Town
from tests.workers.networks.mastodon_server import Habits
from workers import jobs
from workers.jobs import connecting
from workers.jobs.asking import page_address
from workers.models import Score, Told
from workers.models.connection import State
from workers.networks.shape import Reason


def test_an_account_is_found_then_proven_then_read(each_town: Town) -> None:
    town = each_town
    connection_id = town.claim(town.sign_up())
    jobs.look_up(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.failure, row.due_at, row.idle_since) == (State.CLAIMED, None, None, town.process.clock())
    assert town.text(connection_id, "handle") == town.handle
    assert town.text(connection_id, "address") == f"{town.server.origin}/@mira"
    town.show_code(connection_id)
    town.check(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.proof, row.proven_at) == (State.PROVEN, "bio", town.process.clock())
    assert row.idle_since is None
    assert row.due_at == connecting.soon(town.process.clock())
    assert town.sent() == ["collect"]


def test_a_code_in_a_post_proves_the_account(town: Town) -> None:
    connection_id = town.claim(town.sign_up())
    jobs.look_up(connection_id)
    town.server.post("mira", f"Hallo {town.text(connection_id, 'code')}!", town.process.clock())
    town.check(connection_id)
    assert town.row(connection_id).proof == "post"


def test_a_link_to_the_own_page_proves_the_account(town: Town) -> None:
    connection_id = town.claim(town.sign_up())
    jobs.look_up(connection_id)
    page = page_address(town.process.settings.public_url, town.text(connection_id, "code"))
    town.server.person("mira").note = f'<p><a rel="me" href="{page}">ich</a></p>'
    town.check(connection_id)
    assert town.row(connection_id).proof == "rel_me"


def test_a_code_that_is_not_there_is_said_and_can_be_looked_for_again(town: Town) -> None:
    connection_id = town.claim(town.sign_up())
    jobs.look_up(connection_id)
    town.check(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.failure) == (State.CLAIMED, connecting.NOT_FOUND)
    town.show_code(connection_id)
    town.check(connection_id)
    assert town.row(connection_id).state == State.PROVEN


def test_a_code_that_ran_out_is_said(town: Town, clock: Clock) -> None:
    connection_id = town.claim(town.sign_up())
    jobs.look_up(connection_id)
    clock.go(days=8)
    town.check(connection_id)
    assert town.row(connection_id).failure == connecting.EXPIRED


@pytest.mark.parametrize(
    ("typed", "reason"), [("@niemand@{}", Reason.UNKNOWN_ACCOUNT), ("so nicht", Reason.BAD_ADDRESS)]
)
def test_what_names_no_account_is_refused(town: Town, typed: str, reason: Reason) -> None:
    connection_id = town.claim(town.sign_up(), typed.format(town.server.host))
    jobs.look_up(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.failure, row.due_at) == (State.REFUSED, reason, None)
    assert row.idle_since == town.process.clock()


def test_a_server_that_asks_for_a_login_is_refused(town: Town) -> None:
    town.server.habits = Habits(closed=Habits.all_closed())
    connection_id = town.claim(town.sign_up())
    jobs.look_up(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.failure) == (State.REFUSED, Reason.LOGIN_REQUIRED)


def test_a_full_server_is_asked_again_when_it_says(town: Town, clock: Clock) -> None:
    town.server.habits = Habits(allowance=0, retry_after="1800")
    connection_id = town.claim(town.sign_up())
    jobs.look_up(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.failure) == (State.LOOKING, Reason.RATE_LIMITED)
    assert row.due_at == clock.now + timedelta(minutes=30)
    town.server.habits = Habits()
    clock.go(minutes=30)
    jobs.look_up(connection_id)
    assert town.row(connection_id).failure is None


def test_nobody_is_asked_for_ever(town: Town, clock: Clock) -> None:
    looking, checking = town.claim(town.sign_up()), town.claim(town.sign_up())
    jobs.look_up(checking)
    town.server.habits = Habits(allowance=0, retry_after="1800")
    town.change(checking, state=State.CHECKING)
    clock.go(days=8)
    jobs.look_up(looking)
    jobs.prove(checking)
    assert [(town.row(each).state, town.row(each).due_at) for each in (looking, checking)] == [
        (State.REFUSED, None),
        (State.CLAIMED, None),
    ]


def test_the_same_account_twice_is_refused(each_town: Town) -> None:
    town = each_town
    subject_id = town.sign_up()
    first, second = town.claim(subject_id), town.claim(subject_id)
    jobs.look_up(first)
    jobs.look_up(second)
    assert (town.row(first).state, town.row(second).state) == (State.CLAIMED, State.REFUSED)
    assert town.row(second).failure == connecting.TWICE


def test_the_same_account_found_twice_at_once_is_proven_once(town: Town) -> None:
    first = town.join()
    second = town.claim(town.row(first).subject_id)
    row = town.row(first)
    town.change(second, remote_index=row.remote_index, state=State.CHECKING)
    with town.process.working() as work:
        connection = work.session.get_one(type(row), second)
        connecting._checked(work, connection, "bio")
    assert (town.row(first).state, town.row(second).failure) == (State.PROVEN, connecting.TWICE)


def test_whoever_proves_an_account_has_it_and_the_former_holder_keeps_nothing(each_town: Town) -> None:
    town = each_town
    first = town.join()
    town.post(3, "paul@wiese.test")
    jobs.collect(first)
    loser = town.row(first).subject_id
    with town.process.working() as work:
        make_score(work, loser, ago(1), by_network={"mastodon": 9.0})
    hand_over_score(town.process, loser)
    second = town.claim(town.sign_up())
    jobs.look_up(second)
    assert town.row(first).state == State.PROVEN
    town.show_code(second)
    town.check(second)
    lost, won = town.row(first), town.row(second)
    assert (won.state, lost.state, lost.failure) == (State.PROVEN, State.LAPSED, connecting.TAKEN)
    assert (lost.remote_id, lost.address, lost.remote_index, lost.due_at) == (None, None, None, None)
    assert town.counts() == (2, 0, 0, 0)
    with town.process.reading() as session:
        assert session.scalars(select(Score)).all() == []
        assert session.execute(select(Told.subject_id, Told.act)).all() == [(loser, Act.RECTIFICATION)]
    assert town.sent()[-2:] == ["score", "collect"]


def test_a_second_account_on_a_network_gets_a_label(town: Town) -> None:
    first = town.join()
    town.server.add_person("mira-zwei")
    second = town.claim(town.row(first).subject_id, f"@mira-zwei@{town.server.host}")
    jobs.look_up(second)
    town.show_code(second, "mira-zwei")
    town.check(second)
    assert [town.row(each).label for each in (first, second)] == ["", "2"]
    town.check(second)
    assert town.row(second).label == "2"


def test_consent_withdrawn_before_the_job_ends_it_quietly(town: Town) -> None:
    connection_id = town.claim(town.sign_up())
    town.withdraw(connection_id)
    jobs.look_up(connection_id)
    jobs.prove(connection_id)
    assert town.counts() == (0, 0, 0, 0)
    assert town.server.asked == []


@pytest.mark.parametrize("kind", ["lookup", "account"])
def test_consent_withdrawn_while_the_network_is_asked_wins(town: Town, kind: str) -> None:
    connection_id = town.claim(town.sign_up())
    if kind == "account":
        jobs.look_up(connection_id)
        town.change(connection_id, state=State.CHECKING)

    def withdraw(asked: str, reply: object) -> object:
        if asked == kind and town.counts()[0]:
            town.withdraw(connection_id)
        return reply

    town.server.spoil = withdraw  # type: ignore[assignment]
    jobs.look_up(connection_id) if kind == "lookup" else jobs.prove(connection_id)
    assert town.counts() == (0, 0, 0, 0)
    assert town.sent() == []


@pytest.mark.parametrize("state", [State.CLAIMED, State.REFUSED, State.PROVEN])
def test_a_job_that_comes_late_changes_nothing(town: Town, state: State) -> None:
    connection_id = town.claim(town.sign_up())
    town.change(connection_id, state=state)
    jobs.look_up(connection_id)
    jobs.prove(connection_id)
    assert town.row(connection_id).state == state
    assert town.server.asked == []


def test_a_failure_that_comes_late_changes_nothing(town: Town) -> None:
    connection_id = town.claim(town.sign_up())

    def cancel(_kind: str, reply: object) -> object:
        town.change(connection_id, state=State.REFUSED, failure="twice")
        return reply

    town.server.spoil = cancel  # type: ignore[assignment]
    town.server.habits = Habits(closed=Habits.all_closed())
    jobs.look_up(connection_id)
    assert town.row(connection_id).failure == "twice"


def test_without_any_consent_nobody_is_asked(town: Town) -> None:
    with town.process.working() as work:
        subject = make_subject(work)
    connection_id = town.claim(subject.id)
    jobs.look_up(connection_id)
    assert town.row(connection_id).state == State.LOOKING
    assert town.server.asked == []
