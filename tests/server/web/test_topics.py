"""The page of topics: asked first, each topic with its posts, rejected with one click, and nobody else's."""

import re
from datetime import timedelta

from sqlalchemy import select

from privacy.vocabulary import Purpose
from tests.factories.people import agree
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from workers.models import Connection, Post
from workers.runtime.process import Process
from workers.signals.store import address_of
from workers.signals.topics import give_topics
from workers.topics.taxonomy import own_giver

TEXTS = {"garden": "Mein Garten ist groß", "bread": "Heute #sauerteigbrot #fahrrad", "song": "Guten Morgen"}


def score(process: Process, subject_id: str) -> None:
    """Somebody whose posts were read and scored, and who agreed to topics."""
    with process.working() as work:
        make_scored(work, subject_id)
        agree(work, subject_id, Purpose.TOPICS)
        key = work.ring.person(subject_id)
        for post in work.session.scalars(select(Post).where(Post.subject_id == subject_id)).all():
            address = address_of(post, key)
            connection = work.session.get_one(Connection, post.connection_id)
            give_topics(work, key, connection, {address: TEXTS[address.rpartition("/")[2]]}, own_giver)


def offered(browser: Browser) -> list[str]:
    """Topics that can be rejected on the open page."""
    return re.findall(r'action="/topics/([\w-]+)/reject"', browser.page)


def test_whoever_was_never_asked_is_asked_first_and_a_no_is_remembered(ann: Browser) -> None:
    assert ann.get("/topics").path == "/consent/topics"
    ann.agree("topics", "no")
    assert ann.get("/topics").path == "/topics"
    assert ann.says("You have not allowed topics")


def test_before_the_first_score_there_are_no_topics(ann: Browser) -> None:
    ann.agree("topics")
    assert ann.get("/topics").says("No topics yet")


def test_a_yes_has_the_accounts_read_again_since_no_text_was_kept(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
        for connection in work.session.scalars(select(Connection)):
            connection.due_at = work.now + timedelta(days=1)
    ann.agree("topics")
    with process.reading() as session:
        due = session.scalars(select(Connection.due_at).where(Connection.subject_id == ann_id)).all()
    assert len(due) == 2
    assert all(moment is not None and moment <= process.clock() + timedelta(hours=1) for moment in due)


def test_each_topic_stands_with_its_points_and_the_posts_behind_it(process: Process, ann: Browser, ann_id: str) -> None:
    score(process, ann_id)
    ann.get("/explanation")
    assert 'href="/topics"' in ann.page
    assert set(offered(ann.get("/topics"))) == {"garden", "cycling", "bread"}
    posts = re.findall(r'href="(/explanation/post/\w+)"', ann.page)
    assert (len(posts), len(set(posts))) == (3, 2)
    assert "https://bluesky.example/mira/bread" in ann.page
    assert "/mira/song" not in ann.page
    assert ann.get(posts[0]).status == 200


def test_a_topic_is_rejected_with_one_click_and_can_be_taken_back(process: Process, ann: Browser, ann_id: str) -> None:
    score(process, ann_id)
    ann.get("/topics")
    assert ann.post("/topics/cycling/reject").says("Rejected. Your posts do not get this topic any more.")
    assert set(offered(ann)) == {"garden", "bread"}
    assert 'action="/topics/cycling/take-back"' in ann.page
    assert ann.post("/topics/cycling/take-back").says("Taken back.")
    assert "take-back" not in ann.page


def without_tokens(page: str) -> str:
    """A page without its forgery tokens, which are new every second."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def test_a_withdrawal_takes_the_topics_and_leaves_the_score(process: Process, ann: Browser, ann_id: str) -> None:
    score(process, ann_id)
    before = without_tokens(ann.get("/score").page)
    ann.post("/consent/topics/withdraw")
    assert ann.get("/topics").says("You have not allowed topics")
    assert offered(ann) == []
    assert ann.post("/topics/bread/reject").status == 404
    assert ann.post("/topics/bread/take-back").path == "/topics"
    assert without_tokens(ann.get("/score").page) == before


def test_a_topic_that_no_post_has_cannot_be_rejected(process: Process, ann: Browser, ann_id: str) -> None:
    score(process, ann_id)
    assert ann.post("/topics/chess/reject").status == 404


def test_nobody_sees_or_changes_the_topics_of_another(
    process: Process, ann: Browser, ann_id: str, browser: Browser
) -> None:
    score(process, ann_id)
    assert browser.get("/topics").path == "/sign-in"
    ben = browser.join("ben@garten.test")
    ben.agree("topics")
    assert ben.get("/topics").says("No topics yet")
    assert ben.post("/topics/bread/reject").status == 404
    assert "bread" in offered(ann.get("/topics"))


def test_the_page_is_german_for_germans_and_topics_of_before_an_own_table_keep_their_names(
    process: Process, ann: Browser, ann_id: str
) -> None:
    score(process, ann_id)
    ann.get("/topics")
    ann.post("/language", lang="de", next="/topics")
    assert ann.get("/topics").says("Wovon deine Beiträge handeln")
    assert ann.says("Radfahren")
    table = process.settings.topics_table
    table.write_text("slug\tname_en\tname_de\tparent\nbread\tLoaves\tLaibe\t\n", encoding="utf-8")
    assert ann.get("/topics").says("Laibe")
    assert ann.says("Radfahren")
