"""Pausing with one click, and correcting what is wrong."""

from tests.factories.scores import make_scored
from tests.server.browser import Browser
from workers.runtime.process import Process


def test_one_click_pauses_and_one_goes_on(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    ann.get("/data").post("/data/pause", what="pause")
    assert ann.says("Paused. From now on nothing is read")
    assert ann.says("Paused since 22 November 2026.")
    ann.get("/score")
    assert ann.says("paused since 22 Nov 2026")
    assert ann.get("/explanation").status == 200
    assert ann.get("/consent").says("Withdraw")
    ann.get("/data").post("/data/pause", what="go on")
    assert ann.says("It goes on")
    assert not ann.get("/score").says("paused since")


def test_while_somebody_pauses_comparison_and_offers_say_why_there_is_nothing(ann: Browser) -> None:
    ann.agree("comparison").agree("perks").get("/data").post("/data/pause", what="pause")
    assert ann.get("/comparison").says("Until you go on, your score is in no average")
    assert ann.get("/offers").says("You have paused: no offer is shown until you go on.")
    ann.get("/data").post("/data/pause", what="go on")
    assert ann.get("/comparison").says("There is no average today")
    assert ann.get("/offers").says("At present there is no offer that fits.")


def test_the_page_says_where_each_thing_is_corrected(ann: Browser) -> None:
    ann.get("/data")
    for path in ("/account", "/connections", "/topics", "/explanation"):
        assert f'href="{path}"' in ann.page
    assert ann.says("A human looks at it: datenschutz@beispiel.example.")


def test_who_is_not_signed_in_pauses_nothing(ann: Browser) -> None:
    ann.post("/sign-out")
    assert ann.post("/data/pause", what="pause").path == "/sign-in"
