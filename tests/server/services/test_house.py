"""The overview of who runs an installation: right numbers, and nobody behind them."""

from datetime import timedelta

from server.models import Role
from server.services import accounts
from server.services.house import NetworkHealth, Queue, house
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.server.browser import Browser
from workers import tallies
from workers.models import DayScored
from workers.models.connection import State
from workers.runtime.process import Process


def plant(process: Process) -> None:
    with process.working() as work:
        for number in range(3):
            subject = make_subject(work)
            agree(work, subject.id)
            read = work.now - timedelta(days=number * 3)
            make_connection(work, subject.id, read_at=read, failure="gone" if number else None)
        agree(work, subject.id, network="mastodon")
        make_connection(work, subject.id, "mastodon", state=State.LAPSED)
        make_subject(work).erasing_at = work.now
        work.session.add(DayScored(day=work.today - timedelta(days=1), done_at=work.now, people=3))


def test_the_numbers_are_of_people_and_accounts_and_jobs(each_process: Process) -> None:
    plant(each_process)
    tallies.count_all(each_process)
    each_process.queue.send("expire", "2026-11-22")
    with each_process.reading() as session:
        shown = house(each_process, session)
    assert (shown.participants, shown.erasing, shown.mails) == (3, 1, 0)
    assert shown.networks == [NetworkHealth("bluesky", 3, 1, {"gone": 2})]
    assert shown.queue == Queue(1, 0, 0)
    assert shown.scored is not None
    assert shown.scored.people == 3


def test_only_the_administrator_sees_it_and_it_names_nobody(process: Process, ann: Browser, clock: Clock) -> None:
    assert ann.get("/organisation/overview").status == 404
    plant(process)
    with process.working() as work:
        accounts.set_role(work, "ann@garten.test", Role.ADMIN)
    assert ann.get("/organisation/overview").says("Participants not counted yet")
    tallies.count_all(process)
    ann.get("/organisation/overview")
    assert ann.says("Participants 3")
    assert ann.says("The account is gone or switched off.")
    assert "did:plc" not in ann.page
    assert ann.says("Counted on 22/11/2026, 13:00 CET")
    clock.go(hours=3, seconds=1)
    assert ann.get("/organisation/overview").says("Nobody has counted since 22/11/2026, 13:00 CET")
