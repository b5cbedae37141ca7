"""The auditor's room in a real browser: a drawn score is computed anew by a worker, and its person sees who looked."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import new_auditor, sign_in
from tests.functional.installation import Installation

pytestmark = pytest.mark.slow
#: More scores than the demo has of a day.
EVERYBODY = "20"


def test_a_drawn_score_is_checked_and_its_person_sees_it(demo: Installation, open_page: Callable[..., Page]) -> None:
    person = open_page(locale="en-GB")
    sign_in(person, demo, "participant", "en")
    person.goto(f"{demo.url}/data")
    drawn = person.get_by_role("row").filter(has_text="Drawn at random to be checked")
    before = drawn.count()
    page = open_page(locale="en-GB")
    sign_in(page, demo, new_auditor(demo), "en")
    page.goto(f"{demo.url}/audit")
    page.fill("#number", "4711")
    page.fill("#size", EVERYBODY)
    page.keyboard.press("Enter")
    page.locator("tr", has_text="not yet").first.locator("a").click()
    page.get_by_role("button", name="Compute anew").click()
    # The page looks again by itself until the worker has answered.
    expect(page.get_by_text("the other program computed the same score")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Open the explanation").click()
    expect(page.get_by_role("heading", name="Step by step")).to_be_visible()
    page.get_by_role("link", name="Post 1 on").click()
    expect(page.get_by_role("heading", name="Every signal")).to_be_visible()
    assert "demo.example/" not in page.content()
    with page.expect_download() as download:
        page.goto(f"{demo.url}/audit")
        page.locator("a[href*='/audit/sample/']").first.click()
        page.get_by_role("button", name="Download the proof").click()
    assert download.value.suggested_filename.startswith("klarwert-proof-")
    page.goto(f"{demo.url}/audit")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("holds").first).to_be_visible()

    person.reload()
    expect(drawn).to_have_count(before + 1)


def test_the_organisation_answers_a_finding(demo: Installation, open_page: Callable[..., Page]) -> None:
    auditor = open_page(locale="en-GB")
    sign_in(auditor, demo, "auditor", "en")
    auditor.goto(f"{demo.url}/audit/findings")
    auditor.get_by_label("What did you find?").fill("Where are hostile answers of networks tried?")
    auditor.get_by_role("button", name="Write down").click()
    page = open_page(locale="en-GB")
    sign_in(page, demo, "admin", "en")
    page.goto(f"{demo.url}/organisation/findings")
    # The demo has open findings of its own, and so may other tests.
    finding = page.get_by_role("article").filter(has_text="Where are hostile answers")
    finding.get_by_label("Your answer").fill("In tests/workers/networks/test_door.py.")
    finding.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Answered, and noted in the log.")).to_be_visible()
    auditor.reload()
    expect(auditor.get_by_text("In tests/workers/networks/test_door.py.")).to_be_visible()
