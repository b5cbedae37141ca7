"""Bringing an archive on pages: asked first, encrypted while it arrives, read by a worker, shown beside the score."""

import io
import random
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from server.services import archives
from server.web.archive_sentences import HOW, WHY
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from tests.workers.archives.making import packed, tweet, tweets, x_archive
from workers.archives.found import BROUGHT, Why
from workers.archives.reading import READERS
from workers.jobs import read_archive
from workers.models import Archive
from workers.runtime.process import Process


def data(process: Process) -> bytes:
    return x_archive(tweet(1, process.clock().date() - timedelta(days=5), "40", "4"))


def upload(browser: Browser, content: bytes, network: str = "x", token: str | None = None, **more: object) -> Browser:
    """Chooses a file on the open page and sends it."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"/archives/{network}").page)
    form = {"csrf_token": token if token is not None else (found[1] if found else ""), **more}
    form["file"] = (io.BytesIO(content), "archive.zip")
    sent = browser.client.post(
        f"/archives/{network}", data=form, content_type="multipart/form-data", follow_redirects=True,
        headers={"Accept-Language": browser.language},
    )  # fmt: skip
    return browser._see(sent)


def work_off(process: Process) -> None:
    """What the worker does."""
    with process.reading() as session:
        ids = [row.id for row in session.query(Archive)]
    for archive_id in ids:
        read_archive(archive_id)


def files(process: Process) -> list[Path]:
    return [path for path in process.settings.archives.rglob("*") if path.is_file()]


def test_an_archive_of_many_pieces_arrives_whatever_bytes_it_is_made_of(ann: Browser, process: Process) -> None:
    ann.agree("archives/x")
    day = process.clock().date() - timedelta(days=5)
    pictures = {f"data/tweets_media/{n}.jpg": random.Random(n).randbytes(400_000) + b"\r\n" * 40_000 for n in range(4)}
    upload(ann, packed({"data/tweets.js": tweets(tweet(1, day, "40", "4")), **pictures}))
    assert ann.says("The file is being read.")
    work_off(process)
    assert ann.get("/archives/x").says("Posts of the last 13 weeks 1")


def test_every_network_that_can_be_brought_has_a_reader_and_steps() -> None:
    assert set(BROUGHT) == set(READERS) == set(HOW)
    assert set(WHY) == set(Why)


def test_the_text_comes_first_and_a_no_leads_nowhere_else(ann: Browser, process: Process) -> None:
    assert ann.get("/archives/x").path == "/consent/archives/x"
    assert ann.says("May Verein Beispiel e. V. work out a number of its own from your archive of X?")
    ann.agree("archives/x", "no")
    assert ann.get("/archives/x").path == "/consent/archives/x"
    upload(ann, data(process))
    assert files(process) == []


def test_an_archive_is_read_and_stands_beside_the_score_and_never_in_it(
    ann: Browser, ann_id: str, process: Process
) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    before = re.findall(r'<data value="([\d.]+)">', ann.get("/score").page)
    assert ann.agree("archives/x").path == "/archives/x"
    upload(ann, data(process))
    assert ann.says("The file is being read.")
    [waiting] = files(process)
    assert b"favorite_count" not in waiting.read_bytes()
    assert b"PK" not in waiting.read_bytes()[:2]
    work_off(process)
    assert files(process) == []
    ann.get("/archives/x")
    assert ann.says("Brought by you, not checked")
    assert ann.says("not checked")
    after = re.findall(r'<data value="([\d.]+)">', ann.get("/score").page)
    assert after[0] == before[0]
    assert ann.says("Brought by you: X")
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    ("network", "content", "sentence"),
    [
        ("x", b"no archive at all", "This file is no ZIP archive and no table."),
        ("linkedin", packed({"Reactions.csv": "", "Shares.csv": ""}), "none that you received"),
        ("google_plus", packed({"Takeout/Google+ Stream/Posts/1.json": "{}"}), "Google+ was closed in 2019"),
        ("instagram", packed({"your_instagram_activity/media/posts_1.json": "[]"}), "only for professional accounts"),
    ],
)
def test_what_holds_nothing_that_counts_is_said_honestly(
    ann: Browser, process: Process, network: str, content: bytes, sentence: str
) -> None:
    ann.agree(f"archives/{network}")
    upload(ann, content, network)
    work_off(process)
    assert ann.get(f"/archives/{network}").says(sentence)
    assert ann.says("The file is destroyed.")


def test_without_the_token_of_the_form_nothing_stays(ann: Browser, process: Process) -> None:
    ann.agree("archives/x")
    upload(ann, data(process), token="forged")
    assert files(process) == []
    with process.reading() as session:
        assert session.query(Archive).all() == []


def test_a_form_without_a_file_or_with_two_keeps_nothing(ann: Browser, process: Process) -> None:
    ann.agree("archives/x")
    upload(ann, b"")
    assert ann.says("Please choose a file first.")
    upload(ann, data(process), second=(io.BytesIO(b"x"), "b.zip"))
    assert files(process) == []


def test_a_file_beyond_the_limit_is_refused_and_nothing_of_it_stays(
    ann: Browser, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.archives.MOST_BYTES", 200_000)
    ann.agree("archives/x")
    upload(ann, b"x" * 300_000)
    assert ann.says("This file is too large.")
    assert files(process) == []


def test_a_file_larger_than_any_form_is_taken(ann: Browser, process: Process) -> None:
    ann.agree("archives/x")
    upload(ann, b"x" * 3_000_000)
    assert [path.stat().st_size > 3_000_000 for path in files(process)] == [True]


def test_nobody_sees_or_sends_for_somebody_else(
    ann: Browser, process: Process, new_browser: Callable[..., Browser]
) -> None:
    ann.agree("archives/x")
    upload(ann, data(process))
    work_off(process)
    ben = new_browser().join("ben@garten.test")
    assert not ben.get("/archives").says("not checked")
    assert new_browser().get("/archives/x").path == "/sign-in"
    assert ben.get("/archives/mastodon").status == 404


def test_what_came_of_it_can_be_deleted_and_the_yes_withdrawn(ann: Browser, process: Process) -> None:
    ann.agree("archives/x")
    upload(ann, data(process))
    work_off(process)
    assert ann.get("/archives/x").post("/archives/x/remove").says("Deleted: everything that came from this file.")
    upload(ann, data(process))
    assert ann.get("/consent").post("/consent/archives/x/withdraw").says("Withdrawn.")
    with process.reading() as session:
        assert session.query(Archive).all() == []
    assert ann.post("/archives/mastodon/remove").status == 404


def test_the_page_says_what_cannot_be_read_at_all(ann: Browser) -> None:
    ann.get("/archives")
    for title in ("LinkedIn", "Google+", "Threads", "TikTok", "XING"):
        assert ann.says(title)
    assert ann.says("XING has no interface")


def test_the_limit_is_the_one_the_page_names() -> None:
    assert archives.MOST_BYTES == 1_000_000_000
