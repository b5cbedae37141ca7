"""On PostgreSQL: jobs, withdrawals and erasures of the same people at once wait for each other, never for ever."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from privacy import consent
from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from privacy.vocabulary import Purpose
from server.services.connections import disconnect
from tests.factories.days import signals
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, like, reading
from tests.privacy.conftest import Beside, beside, waits
from workers import jobs, schedule
from workers.jobs import connecting
from workers.jobs.asking import held
from workers.models import Connection, Post, Score, StandingLink
from workers.models.connection import State
from workers.results import store_score
from workers.runtime.process import Process
from workers.signals.standing import link
from workers.signals.store import put
from workers.withdrawal import withdraw

__all__ = ["beside"]

pytestmark = pytest.mark.slow
ROUNDS = 25


def together(*works: Callable[[], None]) -> list[BaseException]:
    """Runs functions at the same time, each many times; what they raised."""
    failures: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait()
        try:
            for _ in range(ROUNDS):
                work()
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def lender_and_reader(process: Process) -> tuple[str, str, str]:
    """Ids of a participant, of a lender who liked their post, and of the participant's connection."""
    with process.working() as work:
        mine, other = make_subject(work), make_subject(work)
        for subject in (mine, other):
            agree(work, subject.id)
            agree(work, subject.id, Purpose.RECOGNITION)
        connection = make_connection(work, mine.id)
        make_connection(work, other.id, actor_id="did:lender")
    return mine.id, other.id, connection.id


def read_page(process: Process, connection_id: str) -> None:
    """What a reading does with one page."""
    try:
        with process.working() as work:
            connection = held(work, connection_id)
            if connection is not None:
                key = work.ring.person(connection.subject_id)
                put(work, key, connection, reading(like("did:lender", 2), complete="like"))
                link(work, key, connection, ["did:lender"])
    except (NoConsentError, KeyGoneError):
        return


def test_a_withdrawal_and_jobs_do_not_lock_each_other_out(postgres_process: Process) -> None:
    process = postgres_process
    mine, other, _ = lender_and_reader(process)

    def read() -> None:
        with process.reading() as session:
            connection_id = session.scalar(select(Connection.id).where(Connection.subject_id == mine))
        read_page(process, connection_id or "0" * 32)

    def score() -> None:
        try:
            with process.working() as work:
                store_score(work, mine, TODAY)
        except NoConsentError:
            return

    def leave_and_return() -> None:
        with process.working() as work:
            withdraw(work, mine, Purpose.SCORING, "bluesky")
        with process.working() as work:
            agree(work, mine)
            make_connection(work, mine)

    def lend_and_not() -> None:
        with process.working() as work:
            withdraw(work, other, Purpose.RECOGNITION)
        with process.working() as work:
            agree(work, other, Purpose.RECOGNITION)

    assert together(read, read, score, score, leave_and_return, lend_and_not, lambda: schedule.send_due(process)) == []
    with process.working() as work:
        withdraw(work, mine, Purpose.SCORING, "bluesky")
        withdraw(work, other, Purpose.RECOGNITION)
    with process.reading() as session:
        for table in (Post, Score, StandingLink):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert signals(process) == []


def test_an_erasure_and_jobs_do_not_lock_each_other_out(postgres_process: Process) -> None:
    process = postgres_process
    for _ in range(3):
        mine, other, connection_id = lender_and_reader(process)
        failures = together(
            lambda id_=connection_id: read_page(process, id_),  # type: ignore[misc]
            lambda id_=mine: jobs.score(id_),  # type: ignore[misc]
            lambda id_=mine: jobs.erase(id_),  # type: ignore[misc]
        )
        assert failures == []
        with process.reading() as session:
            assert signals(process, mine) == []
            assert consent.agreed(session, other, Purpose.RECOGNITION)
        jobs.erase(other)


def test_a_score_that_is_being_made_does_not_outlive_the_disconnection(
    postgres_process: Process, beside: Beside
) -> None:
    process = postgres_process
    with process.working() as work:
        mine = make_subject(work).id
        agree(work, mine)
        connection = make_connection(work, mine)
        put(work, work.ring.person(mine), connection, reading(like("did:a", 2)))
    with process.working() as work:
        assert store_score(work, mine, TODAY)

        def leave() -> None:
            with process.working() as other:
                disconnect(other, mine, connection.id)

        left = beside(leave)
        waits(left)
    left.result(30)
    with process.reading() as session:
        for table in (Score, Connection):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert signals(process) == []


def test_a_score_that_is_being_made_does_not_outlive_the_loss_of_the_account(
    postgres_process: Process, beside: Beside
) -> None:
    process = postgres_process
    with process.working() as work:
        former, now = make_subject(work).id, make_subject(work).id
        for each in (former, now):
            agree(work, each)
        lost = make_connection(work, former, actor_id="did:same")
        put(work, work.ring.person(former), lost, reading(like("did:a", 2)))
        won = make_connection(work, now, actor_id="did:same", state=State.CHECKING)
    with process.working() as work:
        assert store_score(work, former, TODAY)

        def prove() -> None:
            with process.working() as other:
                checked = held(other, won.id)
                assert checked is not None
                connecting._checked(other, checked, "bio")

        proven = beside(prove)
        waits(proven)
    proven.result(30)
    with process.reading() as session:
        assert session.scalar(select(func.count()).select_from(Score)) == 0
        assert session.get_one(Connection, lost.id).state == State.LAPSED
