"""Every flow without a mouse, in a real browser (WCAG 2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11)."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import Page, expect

from server.services.organisations import DEMO_LOGIN
from tests.functional.conftest import Open, new_auditor
from tests.functional.installation import Installation
from tests.functional.keys import Keys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]
PASSWORD = DEMO_LOGIN["password"]


def arrive(page: Page, house: Installation, email: str, password: str = PASSWORD) -> Keys:
    """Signs in by keys; the first key of every page leads past its head."""
    keys = Keys(page)
    page.goto(f"{house.url}/sign-in")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_class("skip")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    keys.write(page.locator("#email"), email)
    keys.write(page.locator("#password"), password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    keys.press(page.locator("button[name=lang][value=en]"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    return keys


def test_a_participant_does_everything_by_keys(demo: Installation, open_page: Open) -> None:
    page = open_page(locale="en-GB")
    keys = arrive(page, demo, "lena@demo.example")
    explain(page, demo, keys)
    dispute(page, demo, keys)
    agree_and_withdraw(page, demo, keys)
    export(page, demo, keys)
    protect(page, demo, keys)
    leave_and_come_back(page, demo, keys)


def explain(page: Page, house: Installation, keys: Keys) -> None:
    """From the score to its explanation; a switch, a slider, and the last signal."""
    page.goto(f"{house.url}/score")
    keys.press(page.locator("main a[href$='/explanation']"))
    expect(page).to_have_url(re.compile("/explanation"))
    keys.press(page.locator("input[name=kind]"), "Space")
    expect(page.locator("#outcome .sum-line")).to_be_visible()
    keys.press(page.locator("input[name=kind]"), "Space")
    expect(page.locator("#outcome .sum-line")).to_have_count(0)
    keys.press(page.locator("#days + input[type=range]"), "ArrowRight")
    expect(page.locator("#days")).to_have_value("1")
    expect(page.locator("#outcome .sum-line")).to_be_visible()
    keys.press(page.locator("main a[href*='/explanation/post/']"))
    expect(page).to_have_url(re.compile("/explanation/post/"))


def dispute(page: Page, house: Installation, keys: Keys) -> None:
    page.goto(f"{house.url}/explanation")
    keys.press(page.locator("section[aria-labelledby=posts] a[href*='/disputes/new']"))
    keys.press(page.get_by_role("button", name="Dispute it"))
    # What is wrong is said first, and a key leads to the field.
    expect(page.locator("[role=alert]")).to_be_focused()
    keys.press(page.locator("[role=alert] a"))
    keys.write(page.locator("#reason"), "This is not my post")
    keys.press(page.get_by_role("button", name="Dispute it"))
    expect(page.get_by_text("waits for a decision")).to_be_visible()
    keys.press(page.get_by_role("button", name="Take this dispute back"))
    expect(page.get_by_text("waits for a decision")).to_have_count(0)


def test_a_dispute_is_decided_by_keys(demo: Installation, open_page: Open) -> None:
    page, desk = open_page(locale="en-GB"), open_page(locale="en-GB")
    keys = arrive(page, demo, "ida@demo.example")
    page.goto(f"{demo.url}/explanation")
    keys.press(page.locator("section[aria-labelledby=posts] a[href*='/disputes/new']"))
    keys.write(page.locator("#reason"), "Written by somebody else")
    keys.press(page.get_by_role("button", name="Dispute it"))
    expect(page.get_by_text("waits for a decision")).to_be_visible()
    officer = arrive(desk, demo, DEMO_LOGIN["admin"])
    desk.goto(f"{demo.url}/organisation/disputes")
    officer.press(desk.locator("main table a").first)
    officer.write(desk.locator("#answer"), "It stands under your name")
    officer.press(desk.get_by_role("button", name="It was right: it counts again"))
    expect(desk).to_have_url(re.compile("/organisation/disputes$"))
    page.reload()
    expect(page.get_by_text("It stands under your name")).to_be_visible()


def agree_and_withdraw(page: Page, house: Installation, keys: Keys) -> None:
    page.goto(f"{house.url}/consent")
    keys.press(page.locator("a[href$='/consent/digest']"))
    keys.press(page.locator("button[name=answer][value=yes]"))
    expect(page).not_to_have_url(re.compile("/consent/digest$"))
    page.goto(f"{house.url}/consent")
    keys.press(page.locator("form[action$='/consent/digest/withdraw'] button"))
    expect(page.locator("a[href$='/consent/digest']")).to_be_visible()


def export(page: Page, house: Installation, keys: Keys) -> None:
    page.goto(f"{house.url}/data")
    keys.write(page.locator("form[action$='/data/export'] [name=password]"), PASSWORD)
    keys.press(page.locator("form[action$='/data/export'] button"))
    with page.expect_download() as download:
        keys.press(page.locator("main a[href*='/data/export/']"))
    assert download.value.suggested_filename.endswith(".zip")


def protect(page: Page, house: Installation, keys: Keys) -> None:
    """A second factor on and off, the way to a passkey, another password and back, all other browsers signed out."""
    page.goto(f"{house.url}/account/security")
    keys.press(page.locator("main a[href$='/security/app']"))
    keys.write(page.locator("#password"), PASSWORD)
    page.keyboard.press("Enter")
    secret = page.locator("code.code").inner_text().replace(" ", "")
    keys.write(page.locator("#code"), pyotp.TOTP(secret).now())
    keys.press(page.locator("main button[type=submit]"))
    keys.press(page.get_by_role("link", name="I have kept them"))
    keys.press(page.locator("main a[href$='/security/app/off']"))
    keys.write(page.locator("#password"), PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main a[href$='/security/app']")).to_be_visible()
    page.goto(f"{house.url}/account")
    other = PASSWORD + "!"
    for old, new in ((PASSWORD, other), (other, PASSWORD)):
        keys.write(page.locator("[name=old]"), old)
        keys.write(page.locator("[name=new]"), new)
        page.keyboard.press("Enter")
        expect(page.locator(".notice.good")).to_be_visible()
        page.goto(f"{house.url}/account")
    page.goto(f"{house.url}/account/security")
    keys.press(page.get_by_role("button", name="Sign out everywhere"))
    page.wait_for_url(re.compile(r"/(sign-in|$)"))


def leave_and_come_back(page: Page, house: Installation, keys: Keys) -> None:
    keys = arrive(page, house, "lena@demo.example")
    page.goto(f"{house.url}/data/delete")
    keys.reach(page.locator("input[name=when][value=now]"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=when][value=later]")).to_be_checked()
    keys.write(page.locator("#password"), PASSWORD)
    keys.press(page.get_by_role("button", name="Delete everything"))
    expect(page).to_have_url(re.compile("/erasure/"))
    keys.press(page.get_by_role("button", name="Take it back and keep my account"))
    expect(page).not_to_have_url(re.compile("/erasure/"))
    arrive(page, house, "lena@demo.example")
    page.goto(f"{house.url}/score")
    expect(page.locator(".number data").first).to_be_visible()


def test_data_protection_is_done_by_keys(demo: Installation, open_page: Open) -> None:
    page = open_page(locale="en-GB")
    keys = arrive(page, demo, DEMO_LOGIN["dpo"])
    page.goto(f"{demo.url}/desk")
    keys.press(page.get_by_role("link", name="Enter a request"))
    keys.choose(page.locator("#way"), "phone")
    keys.write(page.locator("#wish"), "Everything about me, please.")
    keys.write(page.locator("#email"), "kai@demo.example")
    keys.press(page.get_by_role("button", name="Enter", exact=True))
    expect(page.get_by_text("The clock runs.")).to_be_visible()
    keys.write(page.locator("#text"), "You find all of it under “My data”.")
    keys.press(page.get_by_role("button", name="Answer and close"))
    expect(page.get_by_text("closed on")).to_be_visible()
    page.goto(f"{demo.url}/desk/holds")
    keys.write(page.locator("#email"), "kai@demo.example")
    keys.choose(page.locator("#kind"), "scores")
    keys.write(page.locator("#reason"), "Lawsuit 7 O 12/26")
    # Each part of the day is a field of its own for keys, in an order that depends on the machine: not on this day.
    days = (datetime.now(UTC).date() + timedelta(days=ahead) for ahead in range(7, 90))
    until = next(day for day in days if day.day == day.month)
    keys.reach(page.locator("#until"))
    page.keyboard.type(until.strftime("%d%m%Y"))
    expect(page.locator("#until")).to_have_value(until.isoformat())
    keys.press(page.get_by_role("button", name="Ask for the hold"))
    keys.press(page.get_by_role("button", name="End it"))
    expect(page.get_by_text("The hold has ended.")).to_be_visible()


def test_scores_are_audited_by_keys(demo: Installation, open_page: Open) -> None:
    """An auditor who is new here draws a sample, has one score computed anew and writes down what they found."""
    page = open_page(locale="en-GB")
    keys = arrive(page, demo, new_auditor(demo))
    page.goto(f"{demo.url}/audit")
    keys.write(page.locator("#number"), "4711")
    keys.write(page.locator("#size"), "2")
    page.keyboard.press("Enter")
    keys.press(page.locator("main a[href*='/audit/sample/']"))
    keys.press(page.get_by_role("button", name="Compute anew"))
    expect(page.get_by_text("the other program computed the same score")).to_be_visible(timeout=30_000)
    keys.press(page.get_by_role("link", name="Write down a finding about it"))
    keys.write(page.locator("#text"), "The same score, computed anew.")
    keys.press(page.get_by_role("button", name="Write down"))
    expect(page.get_by_text("The same score, computed anew.")).to_be_visible()
