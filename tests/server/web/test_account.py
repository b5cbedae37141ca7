"""Signing up, in and out, as people do it, and what happens when they do it wrongly."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from privacy.base import Subject
from server.models import Account, Login
from server.services import accounts
from server.services.passwords import fits
from server.web import afterwards, guard
from tests.conftest import Clock
from tests.server.browser import PASSWORD, Browser
from workers.models import Mail
from workers.runtime.process import Process
from workers.runtime.settings import Organisation

ANN = "ann@garten.test"
MAILBOX = "Look into your mailbox"
WRONG = "Address and password do not fit together, or there is no such account."
DEAD = "This link does not work any more"
NewBrowser = Callable[..., Browser]
FULL = Organisation("Verein Beispiel", "Beispielweg 1", "hallo@beispiel.example", "dsb", "Aufsicht", "Impressum")


def count(process: Process, table: type) -> int:
    with process.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_signing_up_leads_by_mail_to_the_choice_of_a_network(browser: Browser) -> None:
    assert browser.sign_up().says(MAILBOX)
    browser.get(browser.link(ANN))
    assert browser.says("Confirm your address")
    browser.post(browser.path, password=PASSWORD)
    assert browser.path == "/consent/scoring/choose"
    assert browser.says("Sign out")


def test_following_the_link_alone_confirms_nothing_since_mail_scanners_follow_links(
    browser: Browser, account_of: Callable[[str], Account]
) -> None:
    browser.sign_up()
    browser.get(browser.link(ANN))
    assert account_of(ANN).confirmed_at is None


def test_a_link_confirms_only_for_who_knows_the_password_and_stays_usable(browser: Browser) -> None:
    browser.sign_up()
    link = browser.link(ANN)
    browser.get(link)
    assert browser.post(link, password="somebody else's").says("not the password that you chose")
    assert browser.post(link, password="").says("Please type your password.")
    assert browser.post(link, password=PASSWORD).path == "/consent/scoring/choose"


def test_a_link_works_once(browser: Browser, new_browser: NewBrowser) -> None:
    browser.sign_up()
    link = browser.link(ANN)
    browser.get(link)
    browser.post(link, password=PASSWORD)
    second = new_browser().get(link)
    assert second.status == 404
    assert second.says(DEAD)
    assert second.post(link, password=PASSWORD).says(DEAD)


def test_two_tabs_that_follow_one_link_at_once_get_a_sentence(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_up()
    link = browser.link(ANN)
    browser.get(link)
    browser.post(link, password=PASSWORD)
    monkeypatch.setattr(accounts, "link_works", lambda *_: True)  # the moment between the look and the use
    assert browser.get(link).post(link, password=PASSWORD).says(DEAD)


def test_a_link_runs_out(browser: Browser, clock: Clock) -> None:
    browser.sign_up()
    link = browser.link(ANN)
    clock.go(days=2)
    assert browser.get(link).says(DEAD)


def test_signing_up_again_before_confirming_mails_a_new_link_and_takes_the_new_password(
    browser: Browser, process: Process
) -> None:
    browser.sign_up()
    old = browser.link(ANN)
    browser.sign_up(password="ein anderer Satz, der gilt")
    new = browser.link(ANN)
    assert browser.get(old).says(DEAD)
    browser.get(new)
    assert browser.post(new, password="ein anderer Satz, der gilt").path == "/consent/scoring/choose"
    assert count(process, Account) == 1


def test_signing_up_twice_looks_the_same_and_tells_the_mailbox(ann: Browser, new_browser: NewBrowser) -> None:
    stranger = new_browser().sign_up("nobody-yet@garten.test")
    again = new_browser().sign_up(ANN.upper())
    assert [again.status, again.path] == [stranger.status, stranger.path]
    assert again.page.replace(*_tokens(again, stranger)) == stranger.page
    assert again.mails(ANN)[0].title == "You already have an account"


def _tokens(one: Browser, other: Browser) -> tuple[str, str]:
    left, right = (b.page.split('name="csrf_token" value="')[1].split('"')[0] for b in (one, other))
    return left, right


def test_somebody_who_is_being_erased_and_signs_up_again_gets_no_mail_about_it(
    ann: Browser, new_browser: NewBrowser, process: Process, account_of: Callable[[str], Account]
) -> None:
    with process.working() as work:
        work.session.get_one(Subject, account_of(ANN).subject_id).erasing_at = work.now
    before = len(ann.mails(ANN))
    assert new_browser().sign_up(ANN).says(MAILBOX)
    assert len(ann.mails(ANN)) == before


def test_two_sign_ups_at_the_same_moment_look_the_same(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.sign_up()
    monkeypatch.setattr(accounts, "by_email", lambda *_: None)  # the other transaction has not committed yet
    assert browser.sign_up().says(MAILBOX)


@pytest.mark.parametrize("year", ["2010", "2015", "2026"])
def test_who_may_be_under_16_is_refused_and_leaves_no_row(browser: Browser, process: Process, year: str) -> None:
    assert browser.sign_up(year=year).status == 403
    assert browser.says("Klarwert is for people of 16 and over")
    assert count(process, Subject) == count(process, Account) == count(process, Mail) == 0


def test_trying_again_with_another_year_is_blocked_in_that_session(
    browser: Browser, new_browser: NewBrowser, process: Process
) -> None:
    browser.sign_up(year="2015")
    assert browser.get("/sign-up").says("Klarwert is for people of 16 and over")
    browser.post("/sign-up", year="1990", email=ANN, password=PASSWORD)
    assert browser.status == 403
    assert count(process, Account) == 0
    assert new_browser().sign_up(year="1990").says(MAILBOX)


def test_the_year_is_asked_neutrally(browser: Browser) -> None:
    page = browser.get("/sign-up").page
    browser.page = page.split("<main")[1].split("</main")[0]
    assert not browser.says("16")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"year": ""}, "Please type the year with four digits"),
        ({"year": "90"}, "Please type the year with four digits"),
        ({"year": "2027"}, "This year has not come yet."),
        ({"year": "1899"}, "Please type the year with four digits"),
        ({"year": "١٩٩٠"}, "Please type the year with four digits"),
        ({"email": "ann"}, "This is not an e-mail address."),
        ({"email": ""}, "This is not an e-mail address."),
        ({"email": "a" * 250 + "@garten.test"}, "This address is too long."),
        ({"email": "ann@garten.test\r\nBcc: all@garten.test"}, "This is not an e-mail address."),
        ({"password": "kurz"}, "The password needs at least 10 characters."),
        ({"password": "x" * 201}, "The password may have 200 characters at most."),
    ],
)
def test_a_wrong_form_says_at_the_field_what_is_wrong_and_keeps_the_rest(
    browser: Browser, process: Process, form: dict[str, str], sentence: str
) -> None:
    typed = {"year": "1990", "email": ANN, "password": PASSWORD} | form
    browser.get("/sign-up")
    browser.post("/sign-up", **typed)
    assert browser.status == 422
    assert browser.says(sentence)
    assert ANN in browser.page or "email" in form
    assert PASSWORD not in browser.page
    assert count(process, Account) == 0


def test_sign_up_is_closed_until_the_organisation_has_said_who_it_is(new_browser: NewBrowser, process: Process) -> None:
    process.settings = replace(process.settings, organisation=Organisation(name="Nur ein Name"))
    for opened in (new_browser().get("/sign-up"), new_browser().sign_up()):
        assert opened.says("Sign-up is closed")
    assert count(process, Account) == 0


def test_the_demo_signs_up_with_its_own_organisation(new_browser: NewBrowser, process: Process) -> None:
    process.settings = replace(process.settings, organisation=Organisation(), demo=True)
    browser = new_browser().get("/sign-up")
    assert browser.says("Please use an invented address")
    assert browser.sign_up().says("Mails of the demo")
    assert browser.get("/outbox").says("No mail yet")
    browser.mails(ANN)
    assert browser.get("/outbox").says("Please confirm your e-mail address")
    assert 'href="http://' in browser.page


def test_signing_out_and_in_again_leads_back_to_where_one_wanted_to_go(ann: Browser, process: Process) -> None:
    ann.post("/sign-out")
    assert ann.says("You are signed out.")
    assert count(process, Login) == 0
    ann.get("/connections")
    assert ann.path == "/sign-in"
    ann.post("/sign-in?next=/connections", email=ANN, password=PASSWORD)
    assert ann.path == "/connections"


@pytest.mark.parametrize(
    "evil", ["https://evil.test/", "//evil.test", "/\\evil.test", "\\\\evil.test", "evil", "/\t/evil"]
)
def test_nobody_is_led_to_another_site_after_signing_in(ann: Browser, evil: str) -> None:
    ann.post("/sign-out").get("/sign-in")
    token = ann.page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = ann.client.post(
        "/sign-in", query_string={"next": evil}, data={"csrf_token": token, "email": ANN, "password": PASSWORD}
    )
    assert answer.headers["Location"] == "/consent/scoring/choose"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(ann: Browser, new_browser: NewBrowser) -> None:
    wrong = new_browser().sign_in(ANN, "not my password")
    unknown = new_browser().sign_in("nobody@garten.test", "not my password")
    empty = new_browser().sign_in("", "")
    assert [b.status for b in (wrong, unknown, empty)] == [422] * 3
    assert all(b.says(WRONG) for b in (wrong, unknown, empty))
    same = wrong.page.replace(*_tokens(wrong, unknown)).replace(ANN, "nobody@garten.test")
    assert same == unknown.page


def test_tries_on_one_account_are_limited_with_a_clear_sentence(ann: Browser, new_browser: NewBrowser) -> None:
    tries = [new_browser().sign_in(ANN.upper() if n % 2 else ANN, "wrong") for n in range(6)]
    assert [one.status for one in tries] == [422] * 5 + [429]
    assert tries[-1].says("minute and try again. Nothing is lost.")
    assert tries[-1].says("Forgot your password?")
    assert tries[-1].says("Back to the page")
    assert new_browser().sign_in("other@garten.test", "wrong").status == 422


@pytest.mark.parametrize("added", [" " * 400, "\x00", " \x00 "])
def test_what_the_form_drops_does_not_make_another_account_to_try(
    new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch, added: str
) -> None:
    monkeypatch.setattr(accounts, "fits", lambda *_: False)  # Argon2 takes its time, and the minute must not end
    tries = [new_browser().sign_in(added * number + ANN, "wrong").status for number in range(6)]
    assert tries == [422] * 5 + [429]


def test_somebody_elsewhere_cannot_lock_a_person_out_of_signing_in(
    ann: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    attacker = app.test_client()
    page = attacker.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "email": ANN, "password": "wrong"}
    with monkeypatch.context() as patched:
        patched.setattr(accounts, "fits", lambda *_: False)
        tries = [
            attacker.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": f"2001:db8:0:{network:x}::1"}).status_code
            for network in (1, 1, 1, 1, 1, 1, 2)
        ]
    assert tries == [422] * 5 + [429, 422]
    ann.post("/sign-out")
    assert ann.sign_in().path == "/consent/scoring/choose"


def test_one_account_is_not_tried_from_everywhere_without_end(
    app: Flask, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "fits", lambda *_: False)  # Argon2 takes its time
    attacker = app.test_client()
    page = attacker.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "email": ANN, "password": "wrong"}
    tries = [
        attacker.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": f"10.0.0.{number % 250}"}).status_code
        for number in range(301)
    ]
    assert tries == [422] * 300 + [429]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
        (None, ""),
    ],
)
def test_an_ipv6_connection_with_all_its_addresses_counts_as_one(address: str | None, counted: str) -> None:
    assert guard.network_of(address) == counted


@pytest.mark.parametrize("path", ["/forgot", "/sign-up"])
def test_the_answer_is_out_before_anything_looks_for_the_account(
    ann: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    done = []
    for name in ("ask_reset", "register"):
        monkeypatch.setattr(accounts, name, lambda *_: done.append("looked"))
    browser = Browser(app, ann.process)
    browser.get(path)
    token = browser.page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "email": ANN, "password": PASSWORD, "year": "1990"}
    answer = browser.client.post(path, data=form)
    assert answer.status_code < 400
    afterwards.wait(app)
    assert done == []
    answer.close()
    afterwards.wait(app)
    assert done == ["looked"]


def test_what_fails_after_an_answer_is_logged_and_the_next_is_done(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(accounts, "register", lambda *_: 1 / 0)
        assert browser.sign_up().says(MAILBOX)
    assert "after an answer failed" in caplog.text
    assert browser.sign_up().says(MAILBOX)
    assert browser.link(ANN)


def test_signing_in_before_confirming_sends_the_link_again(browser: Browser) -> None:
    browser.sign_up()
    assert browser.sign_in().says("the old one does not work any more")
    assert len(browser.mails(ANN)) == 2


def test_who_is_signed_in_needs_no_sign_up_or_sign_in_page(ann: Browser) -> None:
    assert ann.get("/sign-up").path == "/consent/scoring/choose"
    assert ann.get("/sign-in?next=/account").path == "/account"


def test_a_forgotten_password_is_replaced_by_mail_and_signs_out_every_browser(
    ann: Browser, new_browser: NewBrowser
) -> None:
    other = new_browser()
    other.get("/forgot")
    assert other.post("/forgot", email=ANN).says("If there is an account with this address")
    link = other.link(ANN)
    other.get(link)
    assert other.post(link, password="kurz").says("at least 10 characters")
    assert other.post(link, password="ein ganz neuer Satz").says("Your new password counts from now on.")
    assert other.get(link).says(DEAD)
    assert ann.get("/account").path == "/sign-in"
    assert other.sign_in(ANN, PASSWORD).says(WRONG)
    assert other.sign_in(ANN, "ein ganz neuer Satz").path == "/consent/scoring/choose"
    assert other.mails(ANN)[0].title == "Your password was changed"


def test_asking_for_a_reset_says_the_same_for_every_address(ann: Browser, new_browser: NewBrowser) -> None:
    pages = [new_browser().get("/forgot").post("/forgot", email=email) for email in (ANN, "nobody@garten.test")]
    assert pages[0].page.replace(*_tokens(*pages)) == pages[1].page
    assert pages[0].post("/forgot", email="no address").says("This is not an e-mail address.")
    assert len(ann.mails("nobody@garten.test")) == 0


def test_changing_the_password_keeps_this_browser_and_signs_out_the_others(
    ann: Browser, new_browser: NewBrowser, account_of: Callable[[str], Account]
) -> None:
    other = new_browser().sign_in()
    ann.get("/account")
    assert ann.post("/account", what="password", old="wrong", new="ein ganz neuer Satz").says("not your password")
    assert ann.post("/account", what="password", old=PASSWORD, new="kurz").says("at least 10 characters")
    assert ann.post("/account", what="password", old=PASSWORD, new="ein ganz neuer Satz").says("All other browsers")
    assert ann.get("/account").path == "/account"
    assert other.get("/account").path == "/sign-in"
    assert fits(account_of(ANN).password, "ein ganz neuer Satz")


def test_a_new_address_counts_once_its_link_is_followed_and_the_old_one_is_told(
    ann: Browser, account_of: Callable[[str], Account]
) -> None:
    ann.get("/account")
    assert ann.post("/account", what="email", email="neu@garten.test", password="wrong").says("not your password")
    assert ann.post("/account", what="email", email="neu", password=PASSWORD).says("This is not an e-mail address.")
    assert ann.post("/account", what="email", email="neu@garten.test", password=PASSWORD).says("to your new address")
    link = ann.link("neu@garten.test")
    assert ann.get(link).says("The old one is told and then deleted.")
    assert account_of(ANN) is not None
    assert ann.post(link).says("Your new e-mail address counts from now on.")
    assert ann.get("/account").says("Your address is neu@garten.test.")
    assert ann.mails(ANN)[0].title == "Your e-mail address was changed"
    assert ann.get(link).says(DEAD)


def test_an_address_of_somebody_else_is_not_betrayed_and_not_taken(
    ann: Browser, sign_up: Callable[..., Browser]
) -> None:
    sign_up("ben@garten.test")
    ann.get("/account")
    assert ann.post("/account", what="email", email="ben@garten.test", password=PASSWORD).says("to your new address")
    assert ann.mails("ben@garten.test")[0].title == "Somebody wanted to use your address"


def test_the_own_address_is_no_new_one(ann: Browser) -> None:
    ann.get("/account")
    assert ann.post("/account", what="email", email=ANN.upper(), password=PASSWORD).status == 422
    assert ann.says("This is your address already.")


def test_the_mailbox_page_can_be_loaded_anew_and_names_no_address(browser: Browser) -> None:
    assert browser.sign_up().path == "/mailbox"
    assert ANN not in browser.page
    assert browser.get("/mailbox?what=sign-up").says("Use another address")


def test_a_dead_link_leads_on_whoever_follows_it(ann: Browser, new_browser: NewBrowser) -> None:
    assert ann.get("/confirm/nonsense").says("You are signed in, so there is nothing left to confirm.")
    assert new_browser().get("/confirm/nonsense").says("Then sign up anew.")


def test_every_mail_says_who_writes(browser: Browser, process: Process) -> None:
    process.settings = replace(process.settings, organisation=FULL)
    browser.sign_up()
    assert browser.mails(ANN)[0].text.rstrip().endswith(f"{FULL.name}, {FULL.contact}, {process.settings.public_url}")


def test_an_address_that_somebody_else_took_in_the_meantime_is_a_dead_link(
    ann: Browser, sign_up: Callable[..., Browser]
) -> None:
    ann.get("/account").post("/account", what="email", email="ben@garten.test", password=PASSWORD)
    link = ann.link("ben@garten.test")
    sign_up("ben@garten.test")
    assert ann.get(link).post(link).says(DEAD)
    assert ann.get("/account").says("Your address is ann@garten.test.")


def test_signing_out_everywhere_ends_every_login(ann: Browser, new_browser: NewBrowser, process: Process) -> None:
    other = new_browser().sign_in()
    assert ann.get("/account").post("/account", what="everywhere").says("You are signed out in all browsers.")
    assert other.get("/account").path == "/sign-in"
    assert count(process, Login) == 0


def test_the_language_of_the_account_follows_the_person_to_other_browsers(
    ann: Browser, new_browser: NewBrowser
) -> None:
    ann.get("/account").post("/account", what="language", lang="de")
    assert ann.says("Ab jetzt siehst du diese Sprache")
    assert 'lang="de"' in new_browser("en").sign_in().page.split("<head")[0]
    assert ann.post("/account", what="language", lang="xx").status == 404
    assert ann.post("/account", what="nonsense").status == 404


def test_a_login_ends_after_thirty_days_without_use_and_lives_on_with_it(
    ann: Browser, new_browser: NewBrowser, clock: Clock
) -> None:
    other = new_browser().sign_in()
    for _ in range(2):
        clock.go(days=20)
        assert ann.get("/account").path == "/account"
    assert other.get("/account").path == "/sign-in"


def test_signing_in_leaves_nothing_of_the_anonymous_session_but_the_language(ann: Browser, app: Flask) -> None:
    ann.post("/sign-out").post("/language", lang="de", next="/sign-in")
    with ann.client.session_transaction() as session:
        session["young"] = True
        before = session["csrf_token"]
    ann.sign_in()
    with ann.client.session_transaction() as session:
        assert session.get("csrf_token") != before
        assert "young" not in session
        assert session["language"] == "de"


def test_a_form_from_before_signing_in_in_another_tab_loses_nothing(ann: Browser) -> None:
    ann.post("/sign-out").get("/sign-in")
    token = ann.page.split('name="csrf_token" value="')[1].split('"')[0]
    ann.sign_in()
    answer = ann.client.post(
        "/account", data={"csrf_token": token, "what": "everywhere"}, follow_redirects=True,
        headers={"Accept-Language": "en"},
    )  # fmt: skip
    assert answer.request.path == "/account"
    assert "Please try it once more." in answer.get_data(as_text=True)
