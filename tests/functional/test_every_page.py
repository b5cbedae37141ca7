"""Every page that somebody can reach, as every role: accessible in both languages and themes, whole on a phone too."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from server.services.organisations import DEMO_LOGIN
from tests.functional.conftest import picture, sign_in
from tests.functional.installation import Installation
from workers.catalogue import ALL

pytestmark = pytest.mark.slow

_LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
_START = ["/", "/privacy", "/methodology", "/imprint"]
ROLES = ("nobody", *(role for role in DEMO_LOGIN if role != "password"))
#: Pages of one kind that differ only in an id, a day, a number or a topic are looked at once.
_OWN = re.compile(r"[0-9a-f]{16,}|\d{4}-\d{2}-\d{2}|\d+|klarwert-[a-z-]+|(?<=topic=)[a-z-]+|(?<=/p/)[\w-]+")
#: So are those that differ only in the network, except for participants.
_NETWORK = re.compile(rf"(?<=/)(?:{'|'.join(ALL)})(?=/|$)")
_PHONE, _DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
#: A window of 1280 pixels with letters twice as large is one of 640; one of 320 is that of the criterion on reflow.
_NARROW = {"at 200 %": {"width": 640, "height": 450}, "at 320 px": {"width": 320, "height": 568}}
#: So much may move while a page is opened: nothing that an eye would see.
_STILL = 0.02
_RULES = {
    "light": {
        "resultTypes": ["violations"],
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # Only colours differ: everything else was looked at in the light.
    "dark": {
        "resultTypes": ["violations"],
        "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    },
}


def links(page: Page) -> list[str]:
    """Paths of this installation that a page leads to; files to download are no pages, mails are for somebody else."""
    if urlsplit(page.url).path == "/outbox":
        return []
    found = page.eval_on_selector_all("a[href]:not([download])", "all => all.map(one => one.href)")
    here = urlsplit(page.url).netloc
    return [
        f"{parts.path}?{parts.query}" if parts.query else parts.path
        for parts in map(urlsplit, found)
        if parts.netloc == here
    ]


def every_page(page: Page, house: Installation, start: list[str], *, networks: bool) -> Iterator[str]:
    """Opens every page that can be reached from some, one of each kind; its kind while it is open.

    With `networks` a page about another network is another kind.
    """
    waiting, seen = list(start), set()
    while waiting:
        path = waiting.pop(0)
        kind = _OWN.sub("*", path if networks else _NETWORK.sub("*", path))
        if kind in seen:
            continue
        seen.add(kind)
        answer = page.goto(house.url + path)
        assert answer is not None, path
        assert answer.status == 200, f"{path} answers {answer.status}"
        if "text/html" not in (answer.headers.get("content-type") or ""):
            continue
        # The list of pages is taken first: whoever gets the page may leave it.
        waiting += links(page)
        yield kind


def faults(page: Page, theme: str) -> list[str]:
    """What axe finds on a page, a line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("rules => axe.run(rules).then((found) => found.violations)", _RULES[theme])
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def look(page: Page, what: str) -> Any:
    """What a function of `looks.js` finds on a page."""
    return page.evaluate(f"(() => {{ {_LOOKS}; return {what}() }})()")


def by_hand(page: Page) -> list[str]:
    """What fails whoever uses keys, large type, a phone or a trembling hand (WCAG 1.4.4, 1.4.10, 2.4.7, 2.5.8)."""
    found = [*look(page, "focus"), *look(page, "targets")]
    for name, size in _NARROW.items():
        page.set_viewport_size(size)
        found += [f"{name}: {one}" for one in (*look(page, "cut"), *look(page, "targets"))]
    return found


@pytest.mark.timeout(1200)  # two minutes on a quiet machine, five times as long on a busy one
@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_accessible_in_both_languages_and_themes(
    demo: Installation, open_page: Callable[..., Page], role: str
) -> None:
    page = open_page(locale="de-DE", viewport=_DESK)
    if role != "nobody":
        sign_in(page, demo, role)
    wrong: list[str] = []
    for language in ("de", "en"):
        page.goto(f"{demo.url}/imprint")
        page.click(f"button[name=lang][value={language}]")
        pages = 0
        for kind in every_page(page, demo, _START, networks=role == "participant"):
            pages += 1
            said = f"{role} {language} {kind}"
            if (moved := look(page, "shift")) > _STILL:
                wrong.append(f"{said}: moved by {moved:.3f} while it opened")
            page.set_viewport_size(_DESK)
            if page.locator("h1").count() != 1:
                wrong.append(f"{said}: {page.locator('h1').count()} main headings")
            # A letter is in the language of whoever gets it.
            if not kind.endswith("/letter") and page.locator("html").get_attribute("lang") != language:
                wrong.append(f"{said}: another language")
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                wrong += [f"{said} {theme}: {fault}" for fault in faults(page, theme)]
                name = f"page-{role}{re.sub(r'[^a-z0-9]+', '-', kind)}-{language}-{theme}"
                if (language, theme) in (("de", "light"), ("en", "dark")):
                    picture(page, name)
            if language == "de":
                wrong += [f"{said}: {fault}" for fault in by_hand(page)]
                page.set_viewport_size(_PHONE)
                picture(page, f"page-{role}{re.sub(r'[^a-z0-9]+', '-', kind)}-phone")
            page.set_viewport_size(_DESK if language == "de" else _PHONE)
        assert pages >= 5
    assert wrong == []


def test_the_score_page_is_light_for_the_line(demo: Installation, open_page: Callable[..., Page]) -> None:
    page = open_page(viewport=_DESK)
    sign_in(page, demo, "participant")
    weight: dict[str, int] = {}

    def weigh(response: object) -> None:
        kind = response.headers.get("content-type", "")  # type: ignore[attr-defined]
        if kind.startswith(("text/html", "text/css", "text/javascript", "application/javascript")):
            weight[response.url] = int(response.request.sizes()["responseBodySize"])  # type: ignore[attr-defined]

    page.on("requestfinished", lambda request: weigh(request.response()))
    answer = page.goto(f"{demo.url}/score", wait_until="networkidle")
    assert answer is not None
    assert answer.headers["content-encoding"] == "gzip"
    assert weight
    assert sum(weight.values()) < 150_000, weight
    assert look(page, "shift") < _STILL
    for name in page.eval_on_selector_all(
        "link[rel=stylesheet], script[src]", "all => all.map(one => one.href || one.src)"
    ):
        assert "max-age=" in page.request.get(name).headers["cache-control"], name
