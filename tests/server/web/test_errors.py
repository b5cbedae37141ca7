"""What goes wrong becomes a page with a sentence and a way on."""

import logging
from collections.abc import Callable

import pytest
from flask import Flask

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


def test_somebody_who_reads_neither_language_gets_english(new_browser: Callable[..., Browser]) -> None:
    assert 'lang="en"' in new_browser("fr").get("/").page
    assert 'lang="de"' in new_browser("").get("/").page


def test_a_wrong_method_and_too_much_text_have_sentences(browser: Browser) -> None:
    assert browser.get("/sign-out").says("This page cannot be used in this way.")
    browser.get("/sign-in")
    assert browser.post("/sign-in", email="a" * 70_000).says("That was more text than fits here.")


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
        assert browser.get("/").status == 500
    assert browser.says("Something went wrong on our side.")
