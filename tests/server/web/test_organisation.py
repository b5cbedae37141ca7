"""The administrator's first page: six facts, and sign-up opens."""

from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from server.models import Role
from server.services import accounts, organisations
from tests.conftest import ORGANISATION
from tests.server.browser import Browser
from workers.runtime.process import Process
from workers.runtime.settings import Organisation


@pytest.fixture
def admin(process: Process, ann: Browser) -> Browser:
    """An administrator in a house that has said nothing yet."""
    with process.working() as work:
        assert accounts.set_role(work, "ann@garten.test", Role.ADMIN)
    process.settings = replace(process.settings, organisation=Organisation())
    return ann


def test_the_administrator_of_a_new_house_is_led_to_its_facts(admin: Browser) -> None:
    admin.post("/sign-out")
    assert admin.sign_in().path == "/organisation"
    assert admin.says("Sign-up is closed until all of this is filled in.")


def test_saying_all_six_facts_opens_sign_up(admin: Browser, new_browser: Callable[..., Browser]) -> None:
    assert new_browser().get("/sign-up").says("Sign-up is closed")
    assert admin.get("/organisation").post("/organisation", **asdict(ORGANISATION)).says("Saved. Sign-up is open.")
    assert new_browser().get("/sign-up").says("In which year were you born?")
    assert new_browser().get("/imprint").says(ORGANISATION.address)
    assert admin.get("/").path == "/organisation/overview"


def test_without_a_mail_server_the_overview_says_where_mails_lie(admin: Browser, process: Process) -> None:
    assert admin.get("/organisation/overview").says("There is no mail server")
    process.settings = replace(process.settings, smtp="smtp://post.beispiel.example")
    assert not admin.get("/organisation/overview").says("There is no mail server")


def test_an_address_typed_as_on_an_envelope_is_one_line_in_texts(admin: Browser, ann: Browser) -> None:
    facts = asdict(ORGANISATION) | {"address": "Haus 3,\r\nBeispielweg 1\r\n\r\n12345 Beispielstadt\r\n"}
    admin.get("/organisation").post("/organisation", **facts)
    for path in ("/privacy", "/consent/scoring/bluesky"):
        assert ann.get(path).says(f"{ORGANISATION.name}, Haus 3, Beispielweg 1, 12345 Beispielstadt"), path


def test_what_is_missing_is_said_at_the_field_and_nothing_typed_is_lost(admin: Browser, process: Process) -> None:
    facts = asdict(ORGANISATION) | {"dpo": " ", "imprint": "x" * 501, "role": "admin"}
    admin.get("/organisation").post("/organisation", **facts)
    assert admin.status == 422
    assert admin.says("Please fill this in; the law asks for it.")
    assert admin.says("Please use 500 characters at most.")
    assert ORGANISATION.contact in admin.page
    with process.reading() as session:
        assert organisations.organisation(session, process.settings) == Organisation()


def test_what_the_environment_says_is_shown_and_cannot_be_changed(admin: Browser, process: Process) -> None:
    process.settings = replace(process.settings, organisation=Organisation(name="Von außen gesetzt"))
    admin.get("/organisation").post("/organisation", **asdict(ORGANISATION))
    assert admin.says("Saved.")
    assert "Von außen gesetzt" in admin.page
    assert admin.says("it cannot be changed here")
    with process.reading() as session:
        said = organisations.organisation(session, process.settings)
    assert said == replace(ORGANISATION, name="Von außen gesetzt")


def test_in_the_demo_everything_is_fixed(admin: Browser, process: Process) -> None:
    process.settings = replace(process.settings, demo=True)
    admin.get("/organisation").post("/organisation", name="Jemand anderes")
    with process.reading() as session:
        assert organisations.organisation(session, process.settings) == organisations.DEMO
    assert "Jemand anderes" not in admin.page


def test_for_everybody_else_the_page_does_not_exist(ann: Browser, browser: Browser) -> None:
    assert ann.get("/organisation").status == 404
    assert browser.get("/organisation").path == "/sign-in"


def test_an_unknown_fact_is_refused(process: Process) -> None:
    with process.working() as work, pytest.raises(ValueError, match="unknown fact"):
        organisations.set_facts(work, {"colour": "blue"})


def test_on_a_phone_the_pages_are_folded_behind_a_line_that_says_where_one_is(admin: Browser) -> None:
    folded = admin.get("/organisation").page.split('<details class="area slim">')[1].split("</details>")[0]
    assert '<span class="here">About us</span></summary>' in folded
    assert 'href="/organisation/members"' in folded
