"""Pages for everybody."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from privacy.holdings import declarations
from privacy.notices import LANGUAGES
from privacy.vocabulary import About
from server.services import stored
from server.services.example import worked_example
from tests.factories.people import make_connection, make_subject
from tests.server.browser import Browser
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.settings import Organisation
from workers.scoring import standalone_verifier


def test_the_first_page_says_what_it_is_and_leads_in(browser: Browser, ann: Browser) -> None:
    assert browser.get("/").says("How far do your posts carry?")
    assert browser.says("invented")
    assert ann.get("/").path == "/consent/scoring/choose"


def test_every_kind_of_data_of_a_person_has_words(process: Process) -> None:
    holds = [*declarations(), *(place.holds for place in holdings(process).places)]
    kinds = {one.kind for one in holds if one.about is not About.NOBODY}
    assert kinds | {"key"} == set(stored.kinds("en")) | set(stored.kinds_of_others("en"))
    personal = [one for one in holds if one.about is not About.NOBODY]
    assert all(" after " in stored.kept(one.rule, "en") for one in personal if one.rule and one.rule.days)


def test_the_privacy_notice_names_who_is_responsible_and_how_long_things_are_kept(browser: Browser) -> None:
    browser.get("/privacy")
    for sentence in (
        "Verein Beispiel e. V.", "datenschutz@beispiel.example", "91 days after the day of the reaction",
        "Bluesky Social PBC", "If you do not take part, but react to posts", "30 days after it was written",
        "until it runs out", "Taken are favourites, boosts and direct public replies",
        "Bluesky Social PBC (USA) is asked",
    ):  # fmt: skip
        assert browser.says(sentence), sentence
    assert 'href="https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_14"' in browser.page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_privacy_notice_names_the_page_on_the_score_as_it_is_called(
    new_browser: Callable[..., Browser], language: str
) -> None:
    browser = new_browser(language)
    [title] = re.findall("<h1>(.+)</h1>", browser.get("/methodology").page)
    assert browser.get("/privacy").says({"de": f"„{title}“", "en": f"“{title}”"}[language])


def test_the_deletion_rules_are_public(browser: Browser) -> None:
    browser.get("/privacy").get("/privacy/retention")
    for sentence in ("Deletion rules as in DIN 66398", "Verein Beispiel e. V.", "at the end of the relationship"):
        assert browser.says(sentence), sentence


def test_the_imprint_and_the_notice_say_so_while_nobody_is_responsible(browser: Browser, process: Process) -> None:
    process.settings = replace(process.settings, organisation=Organisation())
    assert browser.get("/imprint").says("has not said yet who it is")
    assert browser.get("/privacy").says("Until then nobody can sign up, and nothing is collected.")


def test_the_worked_example_adds_up_before_ones_eyes(browser: Browser) -> None:
    example = worked_example()
    score = example.told.total.score
    assert sum(row.points for row in example.rows) + 1 == pytest.approx(score, abs=1e-9)
    assert sum(example.voices.values()) == pytest.approx(example.told.tally.total)
    shown = [round(row.points, 2) for row in example.rows]
    assert round(sum(shown) + 1, 2) == round(score, 2)
    assert browser.get("/methodology").says(f"Score: {score:.2f} points of 100.")


def test_the_language_is_the_browsers_wish_until_one_is_chosen(browser: Browser) -> None:
    assert browser.get("/imprint").says("Run by")
    browser.post("/language", lang="de", next="/imprint")
    assert browser.path == "/imprint"
    assert browser.says("Betrieben von")
    assert browser.post("/language", lang="fr", next="/imprint").status == 400


@pytest.mark.parametrize("onward", ["//evil.test/", "https://evil.test/", ""])
def test_choosing_a_language_leads_to_no_other_site(browser: Browser, onward: str) -> None:
    assert browser.get("/imprint").post("/language", lang="en", next=onward).path == "/"


def test_the_page_of_a_person_links_back_and_shows_nothing_else(client: FlaskClient, process: Process) -> None:
    with process.working() as work:
        person = make_subject(work)
        row = make_connection(work, person.id)
        code = process.ring.person(person.id).open(f'["connection", "{row.id}", "code"]', row.code)
    page = client.get(f"/me/{code}")
    assert page.get_data(as_text=True).count("<a ") == 1
    assert 'rel="me"' in page.get_data(as_text=True)
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in page.headers


def test_a_profile_that_is_no_web_address_is_not_linked(client: FlaskClient, process: Process) -> None:
    with process.working() as work:
        person = make_subject(work)
        row = make_connection(work, person.id)
        key = process.ring.person(person.id)
        row.address = key.seal(f'["connection", "{row.id}", "address"]', "javascript:alert(1)")
        code = key.open(f'["connection", "{row.id}", "code"]', row.code)
    assert client.get(f"/me/{code}").status_code == 404


def test_the_outbox_is_a_page_of_the_demo_only(browser: Browser, process: Process) -> None:
    assert browser.get("/outbox").status == 404
    process.settings = replace(process.settings, demo=True)
    assert browser.get("/outbox").says("No mail yet")


def test_health_is_ok_without_a_session(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.data) == (200, b"ok\n")
    assert "Set-Cookie" not in answer.headers


def test_health_says_down_without_redis(client: FlaskClient, process: Process, clean_redis: str) -> None:
    process.close()
    process.settings = replace(process.settings, redis=clean_redis + ".gone")
    assert client.get("/health").status_code == 503


def test_the_key_that_checks_signatures_is_public(client: FlaskClient, process: Process) -> None:
    answer = client.get("/.well-known/klarwert/key")
    assert answer.text == f"{process.ring.public_key()}\n"
    assert answer.mimetype == "text/plain"
    assert len(answer.text) == 65


def test_the_checkpoint_is_public_with_the_proof_since_an_older_one(client: FlaskClient, process: Process) -> None:
    way = "/.well-known/klarwert/checkpoint"
    assert client.get(way).status_code == 404
    process.ledger.append([("one", "00" * 32), ("two", "11" * 32), ("three", "22" * 32)])
    process.ledger.publish(process.clock())
    head = process.ledger.published()
    assert head is not None
    assert client.get(way).json == {"payload": head.payload, "signature": head.signature}
    answer = client.get(f"{way}?since=2").json
    assert answer is not None
    assert answer["consistency"] == process.ledger.consistency(2, 3)
    for since in ("0", "4", "x", "-1"):
        assert client.get(f"{way}?since={since}").status_code == 404


def test_the_checker_can_be_taken_away_as_it_is(browser: Browser) -> None:
    answer = browser.client.get("/.well-known/klarwert/standalone_verifier.py")
    assert answer.status_code == 200
    assert answer.get_data() == Path(standalone_verifier.__file__).read_bytes()
