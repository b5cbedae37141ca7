"""The pages of the score: the number, the sums before one's eyes, every signal, the charts; and nobody else's."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy import select

from server.services.explanations import POSTS_A_PAGE
from tests.factories.days import publish
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.scores import make_post, make_scored
from tests.server.browser import Browser
from workers.models import Connection, Post, Score
from workers.models.connection import State
from workers.results import store_score
from workers.runtime.process import Process

PAGES = ("/score", "/explanation", "/explanation/followers", "/data", "/data/delete", "/certificate")


@pytest.fixture
def connections(process: Process, ann_id: str) -> dict[str, Connection]:
    """Ann has a score."""
    with process.working() as work:
        return make_scored(work, ann_id)


def text(page: str) -> str:
    """What a page says, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def post_links(page: str) -> list[str]:
    return re.findall(r'href="(/explanation/post/\w+)"', page)


def test_whoever_is_not_signed_in_is_asked_to(browser: Browser) -> None:
    for path in (*PAGES[:-1], "/score/history.svg", "/score/shares.svg", "/explanation/post/x"):
        assert browser.get(path).path == "/sign-in"


def test_without_a_score_the_page_says_what_comes_next(process: Process, ann: Browser, ann_id: str) -> None:
    assert "Decide now" in ann.get("/score").page
    with process.working() as work:
        agree(work, ann_id)
    assert "Connect an account" in ann.get("/score").page
    with process.working() as work:
        connection = make_connection(work, ann_id, state=State.CLAIMED)
    assert f'href="/connections/{connection.id}"' in ann.get("/score").page
    assert ann.says("One step is missing")
    with process.working() as work:
        work.session.get_one(Connection, connection.id).state = State.PROVEN.value
    assert ann.get("/score").says("Your score is being made")
    assert ann.get("/explanation").path == "/score"
    for path in ("/explanation/followers", "/score/history.svg", "/score/shares.svg"):
        assert ann.get(path).status == 404


def test_the_score_has_its_unit_and_day_and_is_marked_preliminary(
    process: Process, ann: Browser, connections: dict[str, Connection]
) -> None:
    with process.reading() as session:
        score = session.query(Score).order_by(Score.day.desc()).first()
    assert score is not None
    ann.get("/score")
    assert ann.says(f"{score.score:.1f} points, on a scale from 1 to 100 for 22 November 2026 preliminary")
    assert ann.says("points less than on 21 November 2026") or ann.says("points more than on 21 November 2026")
    assert ann.says("Preliminary: this day has not ended yet. It ends on 23/11/2026, 01:00 CET")
    assert ann.page.count('<img src="/score/') == 3
    assert len(post_links(ann.page)) == 3
    assert "https://mastodon.example/mira/song" in ann.page


def test_the_sum_on_the_page_adds_up(ann: Browser, connections: dict[str, Connection]) -> None:
    page = ann.get("/explanation").page
    line = page[page.index('class="sum-line"') :]
    line = line[: line.index("</p>")]
    terms = re.findall(r'class="sign">(.?)</span> <b>([\d.]+)</b>', line)
    total = sum(Decimal(number) * (-1 if sign == "−" else 1) for sign, number in terms[:-1])
    assert terms[-1] == ("=", str(total))
    assert [sign for sign, _ in terms[:2]] == ["", "+"]


def test_the_tables_of_the_explanation_add_up(ann: Browser, connections: dict[str, Connection]) -> None:
    page = ann.get("/explanation").page
    tables = [part for part in page.split("<table>")[1:] if "Everybody's first point" in unescape(part)]
    assert len(tables) == 4
    for table in tables:
        rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in table.split("<tr")[2:]]
        numbers = [
            Decimal(next(cell for cell in row if re.match(r"[+−]?\d+\.\d\d$", cell)).replace("−", "-")) for row in rows
        ]
        assert sum(numbers[:-1]) == numbers[-1]


def test_the_explanation_says_everything_that_it_has_to(ann: Browser, connections: dict[str, Connection]) -> None:
    ann.get("/explanation")
    for sentence in (
        "In 5 of 13 weeks somebody reacted to you: that counts 62%.",
        "These weights are a judgement of ours",
        "its root counts, too",
        "What the score does not mean",
        "work, credit, insurance or a flat",
        "Only you. This Klarwert hands scores to nobody.",
        "klarwert-1",
        "hallo@beispiel.example",
        "nothing new comes for 30 days",
        "10 more people each react once today: Repost",
        "Last reading none yet",
    ):
        assert ann.says(sentence), sentence


def test_every_signal_of_a_post_is_shown(ann: Browser, connections: dict[str, Connection]) -> None:
    for path in post_links(ann.get("/score").page):
        assert ann.get(path).status == 200
        assert ann.says("Score without it")
    assert "garden" in ann.get(post_links(ann.get("/score").page)[1]).page
    assert ann.says("Reply × 2")
    assert ann.says("Person 1")
    ann.get(post_links(ann.get("/score").page)[0])
    assert ann.says("only a number is public")
    assert ann.get("/explanation/followers").says("Followers × 1,234")


def test_nobody_sees_a_post_of_somebody_else(
    process: Process, ann: Browser, connections: dict[str, Connection]
) -> None:
    with process.working() as work:
        other = make_subject(work)
        theirs = make_scored(work, other.id)["mastodon"]
        post = work.session.scalar(select(Post.id).where(Post.connection_id == theirs.id))
    assert ann.get(f"/explanation/post/{post}").status == 404
    assert ann.get("/explanation/post/none").status == 404


def test_many_posts_and_signals_come_in_pages(
    process: Process, ann: Browser, ann_id: str, connections: dict[str, Connection]
) -> None:
    with process.working() as work:
        for number in range(POSTS_A_PAGE):
            make_post(work, connections["bluesky"], f"more{number}", [("like", 50 + number, 5, 1)])
        make_post(work, connections["bluesky"], "famous", [("like", 100 + number, 1, 1) for number in range(150)])
        store_score(work, ann_id, work.today)
    ann.get("/explanation")
    assert ann.says("Page 1 of 2 Next")
    assert ann.says("4 posts on other pages")
    famous = post_links(ann.page)[0]
    ann.get("/explanation?page=2")
    assert ann.says("Back Page 2 of 2")
    assert len(post_links(ann.page)) == 4
    assert ann.get(famous).says("Person 100")
    assert not ann.says("Person 101")
    assert ann.get(f"{famous}?page=2").says("Person 150")
    for wrong in (f"{famous}?page=3", f"{famous}?page=0", "/explanation?page=3", "/explanation?page=x"):
        assert ann.get(wrong).status == 404


def test_a_score_that_is_out_of_date_says_so(
    process: Process, ann: Browser, connections: dict[str, Connection]
) -> None:
    assert not ann.get("/explanation").says("just being made anew")
    with process.working() as work:
        make_post(work, connections["bluesky"], "new", [("quote", 9, 0, 1)])
    assert ann.get("/explanation").says("The score is just being made anew")


def test_a_silent_time_is_shown_as_what_it_is(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        agree(work, ann_id)
        make_connection(work, ann_id, read_at=work.now)
        store_score(work, ann_id, work.today - timedelta(days=1))
        publish(work, work.today - timedelta(days=1))
    assert ann.get("/score").says("1.0 points, on a scale from 1 to 100 for 21 November 2026")
    assert ann.says("nobody reacted in public")
    assert ann.get("/explanation").says("So your score is 1: everybody's first point.")
    assert ann.says("No post of yours had a public reaction")
    assert ann.get("/explanation/followers").says("0 signals gave 0.00 points")


@pytest.mark.parametrize(
    "query", ["", "?theme=dark", "?size=small", "?of=kinds", "?theme=dark&size=small&of=kinds&x=1"]
)
def test_charts_are_pictures_that_a_browser_keeps(ann: Browser, connections: dict[str, Connection], query: str) -> None:
    for name in ("history", "shares"):
        first = ann.client.get(f"/score/{name}.svg{query}")
        assert first.mimetype == "image/svg+xml"
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert first.data.startswith(b"<svg")
        again = ann.client.get(f"/score/{name}.svg{query}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_a_chart_that_is_not_drawn_is_not_there(ann: Browser, connections: dict[str, Connection]) -> None:
    for query in ("theme=pink", "size=huge", "of=friends"):
        assert ann.get(f"/score/shares.svg?{query}").status == 404


@pytest.mark.parametrize("language", ["de", "en"])
def test_pages_have_a_strict_policy_and_nothing_inline(
    process: Process, ann: Browser, connections: dict[str, Connection], language: str
) -> None:
    ann.get("/score")
    ann.post("/language", lang=language, next="/score")
    paths = [*PAGES, post_links(ann.page)[0]]
    for path in paths:
        answer = ann.client.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200, path
        assert f'<html lang="{language}">' in page
        assert "unsafe-" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|<script(?![^>]* src=)|\son\w+=", page), path
        assert page.count("<h1") == 1


def test_a_german_page_writes_numbers_and_dates_as_germans_do(ann: Browser, connections: dict[str, Connection]) -> None:
    ann.get("/score")
    ann.post("/language", lang="de", next="/score")
    page = text(ann.get("/score").page)
    assert "22. November 2026" in page
    assert re.search(r"\d\d,\d Punkte", page)
