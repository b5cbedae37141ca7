"""The switches of the explanation without a script: a form whose answer is recomputed, and its part for a script."""

import re

import pytest

from server.services.explanations import explain_day
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from workers.runtime.process import Process
from workers.scoring.explain import Explanation


@pytest.fixture
def told(process: Process, ann: Browser, ann_id: str) -> Explanation:
    with process.working() as work:
        make_scored(work, ann_id)
        return explain_day(work.session, ann_id, work.today)


def outcome(browser: Browser, query: str) -> str:
    """The recomputed score on the page."""
    browser.get(f"/explanation?{query}")
    box = browser.page[browser.page.index('id="outcome"') :]
    return re.findall(r"<b>([\d.]+)</b>", box[: box.index("<form")])[-1]


def test_each_switch_shows_the_recomputed_score(ann: Browser, told: Explanation) -> None:
    for name, parts in (("network", told.networks), ("kind", told.kinds), ("post", told.posts), ("week", told.weeks)):
        for part in parts:
            assert outcome(ann, f"{name}={part.label}") == f"{part.without:.2f}", (name, part.label)
            assert f'value="{part.label}" checked' in ann.page


def test_what_may_come_is_recomputed_too(ann: Browser, told: Explanation) -> None:
    assert outcome(ann, "days=7") == f"{told.forward(7):.2f}"
    assert outcome(ann, "people=10&more=repost") == f"{told.with_more('repost', 10):.2f}"
    assert float(outcome(ann, "again=bluesky")) > told.total.score


def test_several_wishes_hold_together(ann: Browser, told: Explanation) -> None:
    gone = (told.frame.signals.kind == 0) | (
        told.frame.signals.network == told.frame.signals.networks.index("mastodon")
    )
    assert outcome(ann, "kind=like&network=mastodon") == f"{told.without(gone).score:.2f}"
    assert ann.says("signals are left out.")


def test_the_line_of_the_outcome_adds_up(ann: Browser, told: Explanation) -> None:
    ann.get("/explanation?network=bluesky")
    box = ann.page[ann.page.index('id="outcome"') :]
    now, less, then = (float(number) for number in re.findall(r"<b>([\d.]+)</b>", box)[:3])
    assert now - less == pytest.approx(then)


def test_without_a_wish_the_page_says_what_to_do(ann: Browser, told: Explanation) -> None:
    for query in ("", "people=&days=&again=", "days=0"):
        ann.get(f"/explanation?{query}")
        assert ann.says("Switch something off, or choose a number")


def test_what_nobody_has_changes_nothing(ann: Browser, told: Explanation) -> None:
    for query in ("network=nowhere", "post=x", "kind=applause", "again=nowhere"):
        assert outcome(ann, query) == f"{told.total.score:.2f}"


@pytest.mark.parametrize("query", ["days=-1", "days=many", "days=1000000", "people=1e9", "more=audience", "week=x"])
def test_numbers_that_make_no_sense_are_no_page(ann: Browser, told: Explanation, query: str) -> None:
    assert ann.get(f"/explanation?{query}").status == 404


def test_a_script_gets_the_outcome_alone(ann: Browser, told: Explanation) -> None:
    answer = ann.client.get("/explanation?network=bluesky", headers={"X-Part": "outcome", "Accept-Language": "en"})
    page = answer.get_data(as_text=True)
    assert "<html" not in page
    without = next(part.without for part in told.networks if part.label == "bluesky")
    assert f"<b>{without:.2f}</b>" in page


def test_the_words_are_there_that_everybody_understands(ann: Browser, told: Explanation) -> None:
    ann.get("/explanation?week=0")
    for sentence in (
        "together with the first point, which everybody has, they add up to it.",
        "“Without it” is the score that would be left",
        "It can be more than the points when a whole week falls empty.",
    ):
        assert ann.says(sentence), sentence
    assert ann.says("of 13 weeks then: that counts")
