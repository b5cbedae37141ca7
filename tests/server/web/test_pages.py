"""Every page in both languages, for everybody who may see it: whole, safe, and without anything inline."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.app import create_app
from server.models import Role
from server.services import accounts
from server.web.pages import asset
from tests.factories.people import make_connection
from tests.server.browser import Browser
from workers.runtime.process import Process

PUBLIC = ["/", "/imprint", "/privacy", "/methodology", "/sign-up", "/sign-in", "/forgot", "/confirm/x", "/nonsense"]
OWN = [
    "/consent", "/consent/scoring/choose", "/consent/scoring/bluesky", "/consent/scoring/mastodon",
    "/consent/recognition", "/consent/topics", "/topics", "/connections", "/connections/new/bluesky", "/account",
    "/organisation",
]  # fmt: skip


class Reader(HTMLParser):
    """What a page has: ids, labels, headings, targets, and anything inline that must not be there."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.fors: list[str] = []
        self.levels: list[int] = []
        self.inputs: list[str] = []
        self.described: list[str] = []
        self.elsewhere: list[str] = []
        self.inline: list[str] = []
        self._script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        self.ids += [have["id"] or ""] if "id" in have else []
        self.fors += [have["for"] or ""] if tag == "label" else []
        self.levels += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        hidden = have.get("type") == "hidden" or "hidden" in have
        self.inputs += [have.get("id") or "?"] if tag in ("input", "textarea") and not hidden else []
        self.described += (have.get("aria-describedby") or "").split()
        self.inline += [name for name in have if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag == "style" or (tag == "script" and not have.get("src")) else []
        source = have.get("src") or (have.get("href") if tag == "link" else None) or have.get("srcset") or ""
        self.elsewhere += [source] if re.match(r"(https?:)?//", source) else []


def check(browser: Browser) -> None:
    page = Reader(browser.page)
    assert page.inline == []
    assert page.elsewhere == []
    assert page.levels[0] == 1
    assert page.levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.levels, page.levels[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert set(page.inputs) <= set(page.fors)
    assert set(page.described) <= set(page.ids)
    assert "%(" not in browser.page
    assert f'<html lang="{browser.language}">' in browser.page


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_whole(new_browser: Callable[..., Browser], path: str, language: str) -> None:
    check(new_browser(language).get(path))


@pytest.mark.parametrize("language", ["de", "en"])
def test_own_pages_are_whole(sign_up: Callable[..., Browser], process: Process, language: str) -> None:
    ann = sign_up("ann@garten.test", language)
    with process.working() as work:
        accounts.set_role(work, "ann@garten.test", Role.ADMIN)
    ann.agree()
    ann.post("/connections/new/bluesky", typed="ann.garten.test")
    for path in [*OWN, ann.path]:
        assert ann.get(path).status == 200, path
        check(ann)


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in", "/forgot"])
def test_pages_with_errors_are_whole(browser: Browser, path: str) -> None:
    check(browser.get(path).post(path))


def test_german_pages_have_no_english_left(new_browser: Callable[..., Browser]) -> None:
    browser = new_browser("de")
    for path in PUBLIC:
        assert not re.search(r"\b(the|your|you|and|with)\b", _text(browser.get(path).page)), path


def _text(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page.split("</head>")[1]).replace("English", "")


def test_every_answer_forbids_what_the_pages_do_not_need(client: FlaskClient, app: Flask) -> None:
    for path in ("/", "/nonsense", "/health", "/static/klarwert.css"):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Robots-Tag"] == "noindex"


def test_pages_are_kept_by_nobody_and_static_files_for_long(app: Flask, client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"
    with app.test_request_context():
        address = asset("klarwert.css")
    with client.get(address) as answer:
        assert "max-age=2592000" in answer.headers["Cache-Control"]
    assert re.search(r"\?v=\w{10}$", address)


def test_only_https_is_promised_for_the_future_where_people_use_it(process: Process) -> None:
    process.settings = replace(process.settings, public_url="https://klarwert.test")
    answer = create_app(process).test_client().get("/", base_url="https://klarwert.test")
    assert answer.headers["Strict-Transport-Security"]
    assert "Secure" in answer.headers["Set-Cookie"]


def test_every_page_with_a_state_wants_a_token(app: Flask, client: FlaskClient) -> None:
    for path in _posts(app):
        # Other websites send webmentions, mailboxes end weekly mails: by nobody's session, a forged form is of no use.
        expected = {"/webmention/x": (404,), "/digest/x": (200,)}.get(path, (302, 400))
        assert client.post(path).status_code in expected, path


def _posts(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if rule.methods and "POST" in rule.methods:
            yield re.sub(r"<[^>]+>", "x", rule.rule)


def test_the_menu_marks_where_one_is(ann: Browser, process: Process, ann_id: str) -> None:
    with process.working() as work:
        page = f"/connections/{make_connection(work, ann_id).id}"
    assert 'href="/connections" aria-current="page"' in ann.get("/connections").page
    assert 'href="/connections" aria-current="true"' in ann.get(page).page


def test_pages_can_be_behind_a_proxy_that_is_named(process: Process) -> None:
    process.settings = replace(process.settings, proxies=1)
    client = create_app(process).test_client()
    answer = client.post("/language", headers={"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"})
    assert answer.status_code == 400
