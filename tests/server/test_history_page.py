"""The page of how it went, the living page of building blocks, and answers that go out compressed."""

import gzip
import re
from datetime import timedelta

from flask.testing import FlaskClient

from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import agree, make_connection
from tests.server.browser import Browser
from workers.runtime.process import Process


def test_what_happened_is_numbered_in_the_drawing_and_told_beside_it(
    process: Process, ann: Browser, ann_id: str, clock: Clock
) -> None:
    assert ann.get("/score/history").path == "/score"
    assert ann.status == 200
    with process.working() as work:
        agree(work, ann_id)
        make_connection(work, ann_id, read_at=work.now)
        day = clock().date()
        make_score(work, ann_id, day - timedelta(days=1))
        make_score(work, ann_id, day, 41.0, preliminary=True)
    ann.get("/score/history")
    assert ann.says("You agreed: A score from your account on Bluesky")
    assert ann.says("Bluesky connected")
    # What happened on one day stands together.
    assert ann.page.count('<p class="when">') == len(set(re.findall(r'<time datetime="([\d-]+)">', ann.page)))
    [plain] = re.findall(r'<img src="(/score/history\.svg[^"]+)"', ann.page)
    marked = ann.get(plain.replace("&amp;", "&")).page
    without = ann.get("/score/history.svg?size=small").page
    assert marked.count("stroke-dasharray") > without.count("stroke-dasharray")
    assert re.search(r"<text[^>]*>1</text>", marked)
    assert not re.search(r"<text[^>]*>1</text>", without)


def test_the_living_page_shows_the_colours_of_both_themes(browser: Browser) -> None:
    page = browser.get("/design").page
    names = re.findall(r"<span class=\"small\">([a-z0-9-]+)<br>", page)
    assert len(names) == page.count('class="swatch"') > 30
    assert all(names.count(name) == 2 for name in set(names))
    assert "#f6f7f4" in page
    assert "popovertarget" in page


def test_texts_go_out_compressed_to_whoever_takes_them_so(client: FlaskClient) -> None:
    plain = client.get("/imprint")
    packed = client.get("/imprint", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b"</html>" in gzip.decompress(packed.data)
    assert len(packed.data) < len(plain.data) / 2


def test_static_files_are_compressed_and_known_again(client: FlaskClient) -> None:
    takes = {"Accept-Encoding": "gzip"}
    with client.get("/static/klarwert.css") as plain, client.get("/static/klarwert.css", headers=takes) as packed:
        assert gzip.decompress(packed.data) == plain.data
        tag = packed.headers["ETag"]
    with client.get("/static/klarwert.css", headers={**takes, "If-None-Match": tag}) as again:
        assert again.status_code == 304
    assert "Content-Encoding" not in client.get("/health", headers=takes).headers


def test_browsers_find_the_mark_of_files_that_are_no_pages(client: FlaskClient) -> None:
    assert client.get("/favicon.ico").headers["Location"].endswith("/static/mark.svg")
