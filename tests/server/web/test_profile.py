"""Public pages: only by own choice, under an own name, away while paused, gone with the consent."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from privacy.base import Subject
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.server.browser import Browser
from tests.server.web.test_pages import check
from workers.models import Profile
from workers.runtime.process import Process


@pytest.fixture
def scored(process: Process, ann: Browser, clock: Clock) -> Browser:
    """Ann with a score of yesterday and a preliminary one of today."""
    with process.working() as work:
        mine = work.session.scalars(select(Subject.id)).one()
        for back, points in ((1, 41.6), (0, 80.0)):
            make_score(work, mine, clock.now.date() - timedelta(days=back), points, preliminary=back == 0)
    return ann


def opened(page: Browser, name: str = "Gartenzwerg") -> str:
    """Opens a page; its path."""
    page.agree("profile").get("/profile").post("/profile", name=name)
    assert page.says("Your page is open.")
    check(page)
    found = re.search(r"/p/[\w-]{16}(?=<)", page.page)
    assert found
    return found[0]


def test_a_page_shows_the_final_score_under_the_chosen_name_to_everybody(scored: Browser, browser: Browser) -> None:
    assert scored.get("/profile").says("You have no public page")
    assert 'href="/consent" aria-current="true"' in scored.page
    scored.post("/profile", name="Gartenzwerg")
    assert scored.status == 403
    path = opened(scored)
    browser.get(path)
    check(browser)
    assert browser.says("Gartenzwerg")
    assert browser.says("42 points")
    answer = browser.client.get(f"{path}.svg", headers={"Accept-Language": "en"})
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Gartenzwerg: 42 points of 100" in answer.get_data(as_text=True)
    scored.get("/profile").post("/profile", name="<b>Zwerg</b> & Co")
    assert "&lt;b&gt;Zwerg&lt;/b&gt; &amp; Co" in browser.client.get(f"{path}.svg").get_data(as_text=True)


def test_a_pause_hides_the_page_and_a_withdrawal_ends_it(scored: Browser, browser: Browser, process: Process) -> None:
    path = opened(scored)
    scored.get("/data").post("/data/pause", what="pause")
    assert browser.get(path).status == 404
    assert browser.client.get(f"{path}.svg").status_code == 404
    scored.post("/data/pause", what="go on")
    assert browser.get(path).status == 200
    scored.get("/consent").post("/consent/profile/withdraw")
    assert browser.get(path).status == 404
    with process.reading() as session:
        assert session.query(Profile).all() == []
    assert opened(scored) != path


@pytest.mark.parametrize("name", ["", " ", "x" * 61])
def test_a_name_is_looked_at(scored: Browser, name: str) -> None:
    scored.agree("profile").get("/profile").post("/profile", name=name)
    assert scored.status == 422
    check(scored)
