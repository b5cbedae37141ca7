"""The register of requests: entered, answered, extended, refused, with letters, clocks and alarms."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from privacy.request import Kind, Request, State, Way
from server.models import Role
from server.services import accounts, requests
from tests.conftest import Clock
from tests.server.browser import Browser
from workers.models import Mail
from workers.requests import enter
from workers.runtime.process import Process

LETTER = {
    "kind": "access", "way": "letter", "lang": "de", "wish": "Bitte Auskunft.", "sure": "yes",
    "contact": "Bea Beispiel\nWeg 2\n12345 Ort",
}  # fmt: skip


@pytest.fixture
def dpo(sign_up: Callable[..., Browser], process: Process) -> Browser:
    """The data protection officer."""
    browser = sign_up("dpo@garten.test")
    with process.working() as work:
        accounts.set_role(work, "dpo@garten.test", Role.DPO)
    return browser


def only(process: Process) -> Request:
    with process.reading() as session:
        [row] = session.scalars(select(Request))
        return row


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.STAFF, Role.AUDITOR])
def test_the_register_exists_for_no_other_role(ann: Browser, process: Process, role: Role) -> None:
    with process.working() as work:
        accounts.set_role(work, "ann@garten.test", role)
        made = enter(work, Kind.ACCESS, Way.LETTER, language="de", state="", wish="x", contact="").id
    for path in ("", "/new", f"/{made}", f"/{made}/letter"):
        assert ann.get(f"/desk/requests{path}").status == 404
    assert ann.post(f"/desk/requests/{made}/answer", text="x").status == 404


def test_a_request_that_came_by_letter_is_entered_and_answered(dpo: Browser, process: Process) -> None:
    dpo.get("/desk/requests").get("/desk/requests/new").post("/desk/requests/new", **LETTER)
    assert dpo.says("Entered. The clock runs.")
    one = dpo.path
    assert only(process).due_on == date(2026, 12, 22)
    assert dpo.says("30 days left")
    dpo.post(f"{one}/answer", text="Wir haben nichts über dich gespeichert.")
    assert dpo.says("Answered.")
    assert only(process).state == State.ANSWERED
    letter = dpo.get(f"{one}/letter").page
    for part in (
        "Bea Beispiel\nWeg 2\n12345 Ort",
        "22. November 2026",
        "Wir haben nichts über dich",
        "Verein Beispiel",
    ):
        assert part in letter, part
    assert '<html lang="de">' in letter
    assert dpo.get("/desk/requests").says("done")


def test_what_was_written_is_stored_sealed(dpo: Browser, process: Process) -> None:
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER)
    dpo.post(f"{dpo.path}/answer", text="Eine geheime Antwort")
    for sqlite in process.settings.data.glob("klarwert.sqlite*"):
        for text in (b"Bitte Auskunft", b"Bea Beispiel", b"geheime Antwort"):
            assert text not in sqlite.read_bytes()


def test_a_refusal_names_reason_authority_and_court(dpo: Browser, process: Process) -> None:
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER | {"lang": "en"})
    one = dpo.path
    assert dpo.post(f"{one}/refuse", text=" ").status == 422
    dpo.get(one).post(f"{one}/refuse", text="We cannot tell who you are.")
    assert only(process).state == State.REFUSED
    letter = dpo.get(f"{one}/letter")
    for part in (
        "Art. 12(4) GDPR", "We cannot tell who you are.", "Art. 77 GDPR", "Landesbeauftragte für Datenschutz",
        "Art. 79 GDPR", "datenschutz@beispiel.example", "no legal advice",
    ):  # fmt: skip
        assert letter.says(part), part


def test_an_answer_may_take_longer_once_and_only_when_it_is_said_in_time(
    dpo: Browser, process: Process, clock: Clock
) -> None:
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER)
    one = dpo.path
    assert dpo.post(f"{one}/extend", months="3", text="x").status == 422
    dpo.get(one).post(f"{one}/extend", months="2", text="Viele Anträge.")
    assert (only(process).due_on, only(process).extended_on) == (date(2027, 2, 22), date(2026, 11, 22))
    assert dpo.get(f"{one}/letter").says("Viele Anträge.")
    assert dpo.says("22. Februar 2027")
    dpo.get(one).post(f"{one}/extend", months="1", text="Noch mehr.")
    assert dpo.says("That cannot be done any more")
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER)
    late = dpo.path
    clock.go(days=31)
    dpo.sign_in("dpo@garten.test").get(late).post(f"{late}/extend", months="1", text="Zu spät.")
    assert dpo.says("That cannot be done any more")


def test_a_closed_request_stays_closed(dpo: Browser, process: Process) -> None:
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER)
    one = dpo.path
    dpo.post(f"{one}/answer", text="Ja.")
    for verb in ("answer", "refuse"):
        assert dpo.get(one).post(f"{one}/{verb}", text="Nein.").says("That cannot be done any more")
    assert only(process).state == State.ANSWERED


def test_whose_it_is_has_to_be_sure(dpo: Browser, process: Process) -> None:
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER | {"sure": ""})
    assert dpo.status == 422
    assert dpo.says("Please make sure first who it is")
    dpo.post("/desk/requests/new", **LETTER | {"sure": "", "email": "nobody@garten.test"})
    assert dpo.says("Nobody has an account with this address.")
    assert "Bitte Auskunft." in dpo.page
    with process.reading() as session:
        assert session.scalars(select(Request)).all() == []


def test_a_participants_letter_is_seen_by_the_participant(
    dpo: Browser, ann: Browser, ann_id: str, process: Process
) -> None:
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER | {"sure": "", "email": "ann@garten.test"})
    assert only(process).subject_id == ann_id
    dpo.post(f"{dpo.path}/answer", text="Hier ist alles.")
    ann.get("/data/requests")
    for sentence in ("Bitte Auskunft.", "Hier ist alles.", "by letter"):
        assert ann.says(sentence), sentence


def test_the_owner_of_an_account_proves_it_however_the_request_came(dpo: Browser, process: Process) -> None:
    form = LETTER | {"sure": "", "network": "mastodon", "account": "@mira@mastodon.example"}
    dpo.get("/desk/requests/new").post("/desk/requests/new", **form)
    assert only(process).state == State.LOOKING
    code = re.search(r'<span class="code">(kw-[a-z0-9]+)</span>', dpo.page)
    assert code
    assert dpo.get(f"{dpo.path}/letter").says(code[1])
    assert dpo.says("keine Ausweiskopie")


def test_an_officer_who_made_sure_needs_no_code(dpo: Browser, process: Process) -> None:
    form = LETTER | {"kind": "objection", "sure": "", "network": "mastodon", "account": "@mira@mastodon.example"}
    dpo.get("/desk/requests/new").post("/desk/requests/new", **form)
    one = dpo.path
    assert dpo.get(f"{one}/letter").says("Dein Widerspruch ist noch nicht in Kraft.")
    dpo.get(one).post(f"{one}/sure")
    assert dpo.says("Noted.")
    assert (only(process).state, only(process).proof) == (State.OPEN, "by hand")
    assert dpo.says("You made sure of it by hand.")
    dpo.post(f"{one}/sure")
    assert dpo.says("That cannot be done any more")


def test_the_box_is_not_ignored_beside_a_network_account(dpo: Browser, process: Process) -> None:
    form = LETTER | {"sure": "yes", "network": "mastodon", "account": "@mira@mastodon.example"}
    dpo.get("/desk/requests/new").post("/desk/requests/new", **form)
    assert (only(process).state, only(process).proof) == (State.OPEN, "by hand")
    assert "carry_out_request" in [job.description for job in process.queue.rq.jobs]


def test_officers_are_alarmed_once_a_day_when_something_is_due(dpo: Browser, process: Process, clock: Clock) -> None:
    dpo.get("/desk/requests/new").post("/desk/requests/new", **LETTER)

    def alarms() -> int:
        with process.working() as work:
            requests.alarm(work)
        with process.reading() as session:
            return len(session.scalars(select(Mail)).all())

    before = alarms()
    clock.go(days=26)
    assert alarms() == before
    clock.go(days=1)
    assert alarms() == before + 1
    assert alarms() == before + 1
    clock.go(days=4)
    assert alarms() == before + 2
    assert dpo.sign_in("dpo@garten.test").get("/desk").says("overdue for 1 day")
    dpo.get("/desk/requests").post(f"/desk/requests/{only(process).id}/answer", text="Endlich.")
    clock.go(days=1)
    assert alarms() == before + 2


def test_where_nobody_is_officer_the_administrators_are_alarmed(ann: Browser, process: Process) -> None:
    with process.working() as work:
        assert requests.officers(work.session) == []
        accounts.set_role(work, "ann@garten.test", Role.ADMIN)
        assert [one.role for one in requests.officers(work.session)] == ["admin"]
