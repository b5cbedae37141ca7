"""The officer's desk: every section, retention, holds by two people, documents, breaches, and who may look."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from privacy import hold
from privacy.breach import Breach
from privacy.documents.write import DOCUMENTS
from privacy.hold import Hold
from privacy.vocabulary import Purpose
from server.models import Role
from server.services import accounts
from server.web.desk import SECTIONS
from tests.conftest import Clock
from tests.factories.people import agree, make_subject
from tests.server.browser import Browser
from tests.server.web.test_pages import check
from workers import tallies
from workers.runtime.process import Process

PAGES = ["/desk", "/desk/retention", "/desk/holds", "/desk/breaches", "/desk/breaches/new", "/desk/requests",
         "/desk/requests/new", "/desk/recipients", *(f"/desk/documents/{name}" for name in DOCUMENTS)]  # fmt: skip
BREACH = {
    "known_at": "2026-11-22T10:00", "what": "Ein Laptop wurde gestohlen.",
    "consequences": "Mails könnten gelesen werden.",
    "measures": "Passwörter geändert.", "risk": "high", "kinds": "account",
}  # fmt: skip


@pytest.fixture
def make_officer(sign_up: Callable[..., Browser], process: Process) -> Callable[..., Browser]:
    """Makes somebody with a role."""

    def made(email: str = "dpo@garten.test", role: Role = Role.DPO, language: str = "en") -> Browser:
        browser = sign_up(email, language)
        with process.working() as work:
            accounts.set_role(work, email, role)
        return browser

    return made


@pytest.fixture
def dpo(make_officer: Callable[..., Browser]) -> Browser:
    return make_officer()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_of_the_desk_is_whole(make_officer: Callable[..., Browser], language: str) -> None:
    dpo = make_officer(language=language)
    for path in PAGES:
        assert dpo.get(path).status == 200, path
        check(dpo)


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.STAFF, Role.AUDITOR])
def test_the_desk_exists_for_no_other_role(make_officer: Callable[..., Browser], role: Role) -> None:
    somebody = make_officer("x@garten.test", role)
    for path in PAGES:
        assert somebody.get(path).status == 404, path


def test_an_administrator_may_look_too_and_others_are_asked_to_sign_in(
    make_officer: Callable[..., Browser], browser: Browser
) -> None:
    assert make_officer(role=Role.ADMIN).get("/desk").status == 200
    assert browser.get("/desk").path.startswith("/sign-in")


def test_the_desk_says_of_when_its_counts_are_and_when_nobody_counts_any_more(
    dpo: Browser, clock: Clock, process: Process
) -> None:
    assert "0 overdue" not in dpo.get("/desk").page
    assert dpo.says("Not counted yet")
    tallies.count_all(process)
    dpo.get("/desk")
    for sentence in ("0 overdue", "Counted on 22/11/2026, 13:00 CET"):
        assert dpo.says(sentence), sentence
    clock.go(hours=4)
    dpo.get("/desk")
    assert dpo.says("not counted since 22/11/2026, 13:00 CET")
    assert "0 overdue" not in dpo.page
    assert dpo.get("/desk/retention").says("Nobody has counted since")


def test_no_page_of_the_desk_counts_a_whole_table(dpo: Browser, process: Process) -> None:
    tallies.count_all(process)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(process.engine, "before_cursor_execute", note)
    for path in ("/desk", "/desk/retention", "/desk/recipients"):
        assert dpo.get(path).status == 200
    event.remove(process.engine, "before_cursor_execute", note)
    counting = [one for one in asked if "count(" in one]
    assert counting
    assert [one for one in counting if "WHERE" not in one] == ["SELECT count(*) AS count_1 \nFROM hold"]


def test_every_section_is_on_the_desk(dpo: Browser, process: Process) -> None:
    tallies.count_all(process)
    dpo.get("/desk")
    for section in SECTIONS:
        assert f'id="{section.name}"' in dpo.page, section.name
    assert dpo.says("0 overdue")


def test_small_numbers_of_consents_are_not_told(dpo: Browser, process: Process) -> None:
    with process.working() as work:
        for number in range(12):
            subject = make_subject(work)
            agree(work, subject.id, network="bluesky")
            if number < 9:
                agree(work, subject.id, Purpose.TOPICS)
    tallies.count_all(process)
    dpo.get("/desk")
    assert '<td class="num">12</td>' in dpo.page
    assert dpo.says("fewer than 10")
    assert '<td class="num">9</td>' not in dpo.page


def test_retention_shows_what_is_due_and_what_a_run_left_behind(dpo: Browser, clock: Clock, process: Process) -> None:
    assert dpo.get("/desk/retention").says("This is a dry run")
    clock.go(days=31, hours=2)
    tallies.count_all(process)
    with process.reading() as session:
        found = tallies.last(session, "retention")
    assert found is not None
    assert found.counts["logins"] == {"things": 1, "due": 1, "late": 1}


def test_a_hold_of_one_officer_is_in_force_and_its_person_reads_of_it(
    dpo: Browser, ann: Browser, ann_id: str, process: Process
) -> None:
    form = {"email": "ann@garten.test", "kind": "scores", "reason": "Klage 7 O 12/26", "until": "2027-06-30"}
    dpo.get("/desk/holds").post("/desk/holds", **form)
    assert dpo.says("in force")
    with process.reading() as session:
        assert session.scalars(select(Hold.subject_id).where(Hold.in_force_since.is_not(None))).all() == [ann_id]
    ann.get("/data/delete")
    for sentence in ("Klage 7 O 12/26", "Scores", "30 Jun 2027"):
        assert ann.says(sentence), sentence


def test_where_there_are_two_the_second_one_has_to_agree(
    dpo: Browser, ann: Browser, ann_id: str, make_officer: Callable[..., Browser], process: Process
) -> None:
    admin = make_officer("admin@garten.test", Role.ADMIN)
    form = {"email": "ann@garten.test", "kind": "scores", "reason": "Klage", "until": "2027-06-30"}
    dpo.get("/desk/holds").post("/desk/holds", **form)
    assert dpo.says("waits for a second person")
    assert "Agree" not in dpo.page
    with process.reading() as session:
        [row] = session.scalars(select(Hold))
    assert dpo.post(f"/desk/holds/{row.id}/agree").says("cannot agree to it alone")
    assert admin.get("/desk/holds").post(f"/desk/holds/{row.id}/agree").says("The hold is in force.")
    assert admin.post(f"/desk/holds/{row.id}/end").says("The hold has ended.")
    with process.reading() as session:
        assert hold.count(session) == 0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": "nobody@garten.test"}, "Nobody has an account"),
        ({"kind": "nonsense"}, "There is no such kind of data."),
        ({"until": "bald"}, "Please write the day like"),
        ({"until": "2026-01-01"}, "The day has to lie in the future"),
        ({"until": "2029-01-01"}, "The day has to lie in the future"),
        ({"reason": " "}, "A hold needs a reason."),
    ],
)
def test_what_is_wrong_with_a_hold_is_said(
    dpo: Browser, ann: Browser, process: Process, wrong: dict[str, str], sentence: str
) -> None:
    form = {"email": "ann@garten.test", "kind": "scores", "reason": "Klage", "until": "2027-06-30"}
    dpo.get("/desk/holds").post("/desk/holds", **form | wrong)
    assert dpo.status == 422
    assert dpo.says(sentence)
    with process.reading() as session:
        assert hold.count(session) == 0


def test_documents_are_files_too(dpo: Browser) -> None:
    for name in DOCUMENTS:
        assert dpo.get(f"/desk/documents/{name}?form=md").page.startswith("# ")
        assert dpo.get(f"/desk/documents/{name}?form=html").page.startswith("<!doctype html>")
        assert json.loads(dpo.get(f"/desk/documents/{name}?form=json").page)
    assert dpo.get("/desk/documents/ropa?form=json").page.count("dpv:hasPurpose") > 3
    assert dpo.get("/desk/documents/ropa?form=exe").status == 404
    assert dpo.get("/desk/documents/nothing").status == 404


def test_a_breach_has_a_clock_drafts_and_an_end_with_a_reason(dpo: Browser, clock: Clock, process: Process) -> None:
    dpo.get("/desk/breaches/new").post("/desk/breaches/new", **BREACH)
    one = dpo.path
    assert dpo.says("69 hours are left.")
    assert dpo.says("Known since 22 Nov 2026, 10:00:00 CET"), "as it was typed"
    with process.reading() as session:
        [row] = session.scalars(select(Breach))
    assert (row.people, row.kinds, row.known_at.hour) == (1, ["account"], 9)
    for name, sentence in (("breach_authority", "Art. 33"), ("breach_people", "Art. 34")):
        draft = dpo.get(f"{one}/draft/{name}")
        for part in (sentence, "Ein Laptop wurde gestohlen.", "22 Nov 2026, 10:00:00 CET", "Account"):
            assert draft.says(part), part
        check(dpo)
    assert dpo.get(f"{one}/draft/nothing").status == 404
    assert dpo.get(one).post(f"{one}/close", reason="Fertig.").says("the authority must be told first.")
    assert dpo.post(f"{one}/told/authority").says("told on")
    assert dpo.post(f"{one}/close", reason="Fertig.").says("the people must be told first.")
    dpo.post(f"{one}/told/people")
    assert dpo.post(f"{one}/told/the-press").status == 404
    assert dpo.get(one).post(f"{one}/close", reason=" ").status == 422
    assert dpo.get(one).post(f"{one}/close", reason="Alle wissen es.").says("Closed on")
    assert dpo.get("/desk").says("No breach is open.")
    check(dpo.get("/desk/breaches"))


def test_after_72_hours_the_desk_says_so(dpo: Browser, clock: Clock) -> None:
    dpo.get("/desk/breaches/new").post("/desk/breaches/new", **BREACH)
    clock.go(hours=70)
    assert dpo.get("/desk").says("72 hours are over")


@pytest.mark.parametrize(
    "wrong",
    [
        {"known_at": "2027-01-01T10:00"},
        {"known_at": "gestern"},
        {"known_at": "0001-01-01"},
        {"kinds": "nonsense"},
        {"what": ""},
    ],
)
def test_what_is_wrong_with_a_breach_is_said(dpo: Browser, process: Process, wrong: dict[str, str]) -> None:
    dpo.get("/desk/breaches/new").post("/desk/breaches/new", **BREACH | wrong)
    assert dpo.status == 422
    check(dpo)
    with process.reading() as session:
        assert session.scalars(select(Breach)).all() == []


def test_what_was_typed_about_a_breach_stays_text(dpo: Browser) -> None:
    dpo.get("/desk/breaches/new").post("/desk/breaches/new", **BREACH | {"what": "# Titel\n\n@inventory\n\n- $dpo <b>"})
    draft = dpo.get(f"{dpo.path}/draft/breach_authority")
    assert draft.says("What happened: # Titel @inventory - $dpo <b>")
