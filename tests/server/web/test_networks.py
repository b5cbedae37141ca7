"""The operator's page of networks: keys go in and never out, switches work, numbers without people."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from privacy.ledger import LogEntry
from server.models import Role
from server.services import accounts
from tests.factories.people import agree, make_connection, make_subject
from tests.server.browser import Browser
from workers import keys, schedule
from workers.jobs.asking import network
from workers.jobs.traffic import SharedTraffic
from workers.models import Run
from workers.networks.failure import Failure, Reason
from workers.runtime.process import Process

KEY = "AIzaInvented-Key_0123456789"


@pytest.fixture
def admin(process: Process, ann: Browser) -> Browser:
    with process.working() as work:
        assert accounts.set_role(work, "ann@garten.test", Role.ADMIN)
    return ann


def noted(process: Process) -> list[str]:
    with process.reading() as session:
        return [entry for entry in session.scalars(select(LogEntry.entry)) if '"type":"network"' in entry]


def test_a_missing_key_is_told_with_where_to_get_it(admin: Browser) -> None:
    admin.get("/organisation/networks")
    assert admin.says("YouTube the key is missing")
    assert admin.says("0 of 10,000 a day")
    assert admin.says("at most 5 requests and 2 for each post of an account, once a day")
    assert admin.says("at most 2 requests for an account, once a day")  # Facebook
    assert admin.says("Allowed It is paid by use: every post that is read costs")  # X
    assert 'href="https://docs.x.com/x-api/fundamentals/post-cap"' in admin.page
    assert admin.says("Allowed 5,000 requests an hour.")  # GitHub
    admin.get("/organisation/networks/youtube/key")
    assert admin.says("YouTube Data API v3")
    assert "https://console.cloud.google.com/apis/credentials" in admin.page


def test_a_key_goes_in_switches_the_network_on_and_is_never_shown(admin: Browser, process: Process) -> None:
    admin.get("/organisation/networks/youtube/key").post("/organisation/networks/youtube/key", key=f" {KEY} ")
    assert admin.says("Saved. The key is locked away and is not shown again.")
    assert admin.says("YouTube on")
    for path in ("/organisation/networks", "/organisation/networks/youtube/key"):
        assert KEY not in admin.get(path).page
        assert KEY[-4:] not in admin.page
    with process.reading() as session:
        assert keys.key_for(session, process.ring, "youtube") == {"key": KEY}
    assert admin.get("/connections").says("YouTube")
    assert len(noted(process)) == 1
    assert KEY not in noted(process)[0]
    assert KEY.encode() not in (process.settings.data / "klarwert.sqlite").read_bytes()


def test_a_key_with_a_part_missing_is_refused_and_not_repeated(admin: Browser, process: Process) -> None:
    admin.get("/organisation/networks/instagram/key").post("/organisation/networks/instagram/key", token=KEY)
    assert admin.status == 422
    assert admin.says("Please enter every part")
    assert KEY not in admin.page
    assert noted(process) == []


def test_a_key_is_replaced_and_deleted(admin: Browser, process: Process) -> None:
    for given in (KEY, KEY[::-1]):
        admin.get("/organisation/networks/x/key").post("/organisation/networks/x/key", token=given)
    with process.reading() as session:
        assert keys.key_for(session, process.ring, "x") == {"token": KEY[::-1]}
    admin.post("/organisation/networks/x/key/remove")
    assert admin.says("The key is deleted.")
    with process.reading() as session:
        assert keys.key_for(session, process.ring, "x") == {}
    assert len(noted(process)) == 3


def test_a_network_that_is_off_is_not_asked_and_not_offered(admin: Browser, process: Process) -> None:
    admin.get("/organisation/networks").post("/organisation/networks/bluesky/off")
    assert admin.says("switched off")
    with pytest.raises(Failure) as failure:
        network(process, "bluesky")
    assert failure.value.reason == Reason.SWITCHED_OFF
    assert admin.get("/connections/new/bluesky").says("is not switched on here")
    admin.get("/organisation/networks").post("/organisation/networks/bluesky/on")
    assert network(process, "bluesky").name == "bluesky"
    assert [entry.split('"change":')[1][:5] for entry in noted(process)] == ['"off"', '"on",']


def test_requests_are_counted_by_interface_and_day_and_no_other_server_is(admin: Browser, process: Process) -> None:
    traffic = SharedTraffic(process)
    for end in ("https://www.googleapis.com", "https://www.googleapis.com", "https://garten.example"):
        with traffic.turn(end):
            pass
    schedule.send_due(process)
    with traffic.turn("https://www.googleapis.com"):
        pass
    schedule.send_due(process)
    assert admin.get("/organisation/networks").says("3 of 10,000 a day")
    assert b"garten.example" not in b"".join(process.redis.scan_iter())
    with process.reading() as session:
        assert "garten" not in repr(session.connection().exec_driver_sql("SELECT * FROM network_use").all())


def test_last_troubles_are_words_without_people(admin: Browser, process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        connection = make_connection(work, subject.id)
        for number, reason in enumerate(("rate_limited", "gone", "rate_limited", None)):
            work.session.add(
                Run(
                    subject_id=subject.id,
                    connection_id=connection.id,
                    collector="1",
                    started_at=work.now,
                    seen_at=work.now,
                    ended_at=work.now,
                    posts=0,
                    reactions=number,
                    failure=reason,
                )
            )
    admin.get("/organisation/networks")
    assert admin.says("The network asked us to wait.")
    assert "did:plc:" not in admin.page
    assert subject.id not in admin.page


def test_for_everybody_else_the_page_does_not_exist(ann: Browser, new_browser: Callable[..., Browser]) -> None:
    for path in ("/organisation/networks", "/organisation/networks/youtube/key"):
        assert ann.get(path).status == 404
        assert new_browser().get(path).path == "/sign-in"
    assert ann.post("/organisation/networks/youtube/key", key=KEY).status == 404
    assert ann.post("/organisation/networks/bluesky/off").status == 404


def test_what_does_not_exist_is_not_there(admin: Browser) -> None:
    for path in ("/organisation/networks/bluesky/key", "/organisation/networks/linkedin/key"):
        assert admin.get(path).status == 404
    assert admin.post("/organisation/networks/bluesky/sideways").status == 404
    assert admin.post("/organisation/networks/nowhere/off").status == 404
