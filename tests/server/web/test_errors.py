"""What goes wrong becomes a page with a sentence and a way on."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from server.app import create_app
from server.web import public
from server.web.errors import SENTENCES
from tests.server.browser import Browser
from workers.runtime.process import Process


def test_what_is_not_there_says_so_in_both_languages(new_browser: Callable[..., Browser]) -> None:
    assert new_browser("en").get("/nonsense").says("There is no such page, or it is not yours.")
    assert new_browser("de").get("/nonsense").says("Diese Seite gibt es nicht")


def test_a_nul_in_an_address_is_a_page_that_is_not_there(browser: Browser) -> None:
    assert browser.get("/connections/%00").status == 404
    assert browser.get("/data/part?post=%00").status == 404


def test_a_form_without_its_token_is_not_taken_and_shown_again(browser: Browser) -> None:
    answer = browser.client.post("/sign-in", data={"email": "ann@garten.test"}, headers={"Accept-Language": "en"})
    assert answer.headers["Location"] == "/sign-in"
    assert browser.get("/sign-in").says("Please try it once more.")


def test_a_button_without_its_token_and_without_a_page_is_not_taken(browser: Browser) -> None:
    answer = browser.client.post("/language", headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert str(SENTENCES[400][0]) in answer.get_data(as_text=True)


def test_signing_out_a_second_time_leads_to_the_start_page(browser: Browser) -> None:
    assert browser.client.post("/sign-out").headers["Location"] == "/"
    assert browser.get("/sign-in").post("/sign-out").path == "/"


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("http://localhost/consent?a=b#c", "/sign-in?next=/consent?a%3Db"),
        ("http://evil.test/consent", "/sign-in?next=/score"),
        ("", "/sign-in?next=/score"),
    ],
)
def test_a_form_of_a_tab_that_was_signed_out_leads_to_signing_in_and_back(
    browser: Browser, page: str, back: str
) -> None:
    answer = browser.client.post("/consent/recognition/withdraw", headers={"Referer": page, "Accept-Language": "en"})
    assert answer.headers["Location"] == back
    assert browser.get("/sign-in").says("You are not signed in any more. Nothing was changed.")


def test_a_stale_form_leads_back_to_its_page(ann: Browser) -> None:
    headers = {"Referer": "http://localhost/consent", "Accept-Language": "en"}
    answer = ann.client.post("/consent/recognition/withdraw", headers=headers)
    assert answer.headers["Location"] == "/consent"
    assert ann.get("/consent").says("Please try it once more.")


def test_another_language_after_a_refused_form_leads_back_to_the_form(ann: Browser) -> None:
    """The refused form stands at an address that only takes forms."""
    token = re.search('name="csrf_token" value="([^"]+)"', ann.get("/data").page)
    assert token is not None
    headers = {"Referer": "http://localhost/data", "Accept-Language": "en"}
    answer = ann.client.post("/data/export", data={"csrf_token": token[1], "password": "falsch"}, headers=headers)
    assert answer.status_code == 422
    assert '<input type="hidden" name="next" value="/data">' in answer.text
    assert ann.client.get("/data/export").status_code == 405


def test_somebody_who_reads_neither_language_gets_english(new_browser: Callable[..., Browser]) -> None:
    assert 'lang="en"' in new_browser("fr").get("/").page
    assert 'lang="de"' in new_browser("").get("/").page


def test_a_wrong_method_and_too_much_text_have_sentences(browser: Browser) -> None:
    assert browser.get("/sign-out").says("This page cannot be used in this way.")
    browser.get("/sign-in")
    assert browser.post("/sign-in", email="a" * 70_000).says("That was more text than fits here.")


def test_programs_get_json_whatever_they_ask(client: FlaskClient) -> None:
    wrong = client.get("/api/v1/score")
    assert (wrong.status_code, wrong.json) == (405, {"error": "Method Not Allowed"})
    assert "POST" in wrong.headers["Allow"]
    nowhere = client.post("/api/v2/nothing")
    assert (nowhere.status_code, nowhere.json) == (404, {"error": "Not Found"})


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that fails."""

    def fail() -> None:
        raise RuntimeError("ann@garten.test")

    monkeypatch.setattr(public, "way_in", fail)


@pytest.mark.usefixtures("broken")
def test_a_mistake_of_ours_is_logged_and_said(ann: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert ann.get("/").status == 500
    assert ann.says("Something went wrong on our side.")
    assert "a page failed" in caplog.text


def test_without_a_database_there_is_still_a_sentence(
    browser: Browser, process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    process.close()
    (process.settings.data / "klarwert.sqlite").unlink()
    with caplog.at_level(logging.CRITICAL):
        assert browser.get("/").status == 503
    assert browser.says("The database does not answer at the moment.")


@contextmanager
def stopped(process: Process) -> Iterator[None]:
    """A database that ends all connections and takes no new ones."""
    url = make_url(process.settings.database)
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)

    def run(*statements: str) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    run(
        f"ALTER DATABASE {url.database} WITH ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.database}'",
    )
    try:
        yield
    finally:
        run(f"ALTER DATABASE {url.database} WITH ALLOW_CONNECTIONS true")


def test_while_the_database_is_away_pages_and_programs_are_told_to_come_back(
    postgres_process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(postgres_process)
    ann = Browser(app, postgres_process, "de").join("ann@garten.test")
    question = {"headers": {"Authorization": "Bearer kw_nothing"}, "json": {"person": "0" * 32}}
    assert ann.get("/account").status == 200
    with stopped(postgres_process), caplog.at_level(logging.CRITICAL):
        for path in ("/", "/account", "/sign-in"):
            answer = ann.client.get(path, headers={"Accept-Language": "de"})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60"), path
            assert "Die Datenbank antwortet gerade nicht." in answer.get_data(as_text=True)
        asked = app.test_client().post("/api/v1/score", **question)
        assert (asked.status_code, asked.headers["Retry-After"]) == (503, "60")
        assert "does not answer" in asked.json["error"]
    assert ann.get("/account").status == 200, "it goes on by itself, and nobody is signed out"
