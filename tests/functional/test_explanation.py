"""The explanation in a real browser: switches with and without a script, sliders, and a dispute from the button on."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Open, picture, sign_in
from tests.functional.installation import Installation

pytestmark = pytest.mark.slow
PHONE = {"width": 390, "height": 844}


def terms(page: Page) -> list[Decimal]:
    """The numbers of the line of the outcome: as it is, the difference, what it would be."""
    line = page.locator("#outcome .sum-line")
    expect(line).to_be_visible()  # a click does not wait for the page that it opens
    signs = [sign.strip() for sign in line.locator(".sign").all_inner_texts()]
    numbers = [Decimal(text.replace(",", ".")) for text in line.locator("b").all_inner_texts()]
    return [-number if sign == "−" else number for sign, number in zip(signs, numbers, strict=True)]


def test_a_switch_shows_the_recomputed_score_at_once(demo: Installation, open_page: Open) -> None:
    page = open_page()
    sign_in(page, demo, "participant")
    page.goto(f"{demo.url}/explanation")
    expect(page.locator("#outcome .sum-line")).to_have_count(0)
    expect(page.locator(".compute")).to_be_hidden()
    page.get_by_label("Mastodon", exact=True).check()
    expect(page.locator("#outcome .sum-line")).to_be_visible()
    now, less, then = terms(page)
    assert now + less == then
    assert less < 0
    assert "network=mastodon" in page.url, "the address can be kept and sent"
    table = page.locator("section[aria-labelledby=networks] tr", has_text="Mastodon").locator("td").last
    assert Decimal(table.inner_text().replace(",", ".")) == then
    page.get_by_label("Mastodon", exact=True).uncheck()
    expect(page.locator("#outcome .sum-line")).to_have_count(0)
    picture(page, "explanation-switches")


def test_a_slider_and_its_number_say_the_same(demo: Installation, open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    sign_in(page, demo, "participant")
    page.goto(f"{demo.url}/explanation")
    slider = page.locator("#days + input[type=range]")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#days")).to_have_value("30")
    expect(page.locator("#outcome .sum-line")).to_be_visible()
    page.wait_for_url(lambda url: "days=30" in url)
    expected = page.locator("section[aria-labelledby=ahead] tr", has_text="30").first.locator("td").inner_text()
    expect(page.locator("#outcome .whole b")).to_have_text(expected)
    page.fill("#days", "7")
    expect(slider).to_have_value("7")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out on a phone"
    picture(page, "explanation-phone")


def test_without_a_script_the_same_form_gives_the_same_answer(demo: Installation, open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, demo, "participant")
    page.goto(f"{demo.url}/explanation")
    page.get_by_label("Bluesky", exact=True).check()
    page.fill("#people", "25")
    page.select_option("#more", "repost")
    expect(page.locator("input[type=range]")).to_have_count(0)
    page.locator(".compute button").click()
    now, change, then = terms(page)
    assert now + change == then
    expect(page.get_by_label("Bluesky", exact=True)).to_be_checked()
    expect(page.locator("#people")).to_have_value("25")


def test_a_dispute_goes_from_the_button_to_the_decision_and_back(demo: Installation, open_page: Open) -> None:
    page = open_page(locale="en-GB")
    sign_in(page, demo, "participant", "en")
    page.goto(f"{demo.url}/explanation")
    page.locator("section[aria-labelledby=posts] a", has_text="Dispute").first.click()
    page.fill("#reason", "This is not my post")
    page.get_by_role("button", name="Dispute it").click()
    expect(page.get_by_text("It does not count any more").first).to_be_visible()
    expect(page.get_by_text("waits for a decision")).to_be_visible()
    picture(page, "disputes")
    admin = open_page(locale="en-GB")
    sign_in(admin, demo, "admin", "en")
    admin.goto(f"{demo.url}/organisation/disputes")
    admin.locator("main table a").first.click()
    expect(admin.get_by_text("This is not my post")).to_be_visible()
    admin.fill("#answer", "It stands under your name")
    picture(admin, "dispute-to-decide")
    admin.get_by_role("button", name="It was right: it counts again").click()
    page.reload()
    expect(page.get_by_text("rejected: it counts again")).to_be_visible()
    expect(page.get_by_text("It stands under your name")).to_be_visible()
