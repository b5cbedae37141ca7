"""Every page that somebody can reach, as every role: accessible in both languages and themes, whole on a phone too."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from server.services.organisations import DEMO_LOGIN
from tests.functional.conftest import picture
from tests.functional.installation import Installation
from workers.catalogue import ALL

pytestmark = pytest.mark.slow

_START = ["/", "/privacy", "/methodology", "/imprint"]
ROLES = ("nobody", *(role for role in DEMO_LOGIN if role != "password"))
#: Pages of one kind that differ only in an id, a day, a number or a topic are looked at once.
_OWN = re.compile(r"[0-9a-f]{16,}|\d{4}-\d{2}-\d{2}|\d+|klarwert-[a-z-]+|(?<=topic=)[a-z-]+|(?<=/p/)[\w-]+")
#: So are those that differ only in the network, except for participants.
_NETWORK = re.compile(rf"(?<=/)(?:{'|'.join(ALL)})(?=/|$)")
_PHONE, _DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
_RULES = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    # Only colours differ: everything else was looked at in the light.
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The demo, made once for all roles."""
    house = Installation(tmp_path_factory.mktemp("demo"), {"KLARWERT_DEMO": "true"})
    house.start()
    yield house
    house.stop()


def sign_in(page: Page, house: Installation, role: str) -> None:
    """As somebody of the demo would."""
    page.goto(f"{house.url}/sign-in")
    page.fill("#email", DEMO_LOGIN[role])
    page.fill("#password", DEMO_LOGIN["password"])
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def links(page: Page) -> list[str]:
    """Paths of this installation that a page leads to; files to download are no pages."""
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
    found = Axe().run(page, options=_RULES[theme]).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def overflow(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.mark.timeout(600)
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
            if page.locator("h1").count() != 1:
                wrong.append(f"{said}: {page.locator('h1').count()} main headings")
            if page.locator("html").get_attribute("lang") != language:
                wrong.append(f"{said}: another language")
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                wrong += [f"{said} {theme}: {fault}" for fault in faults(page, theme)]
                name = f"page-{role}{re.sub(r'[^a-z0-9]+', '-', kind)}-{language}-{theme}"
                if (language, theme) in (("de", "light"), ("en", "dark")):
                    picture(page, name)
            page.set_viewport_size(_PHONE)
            if over := overflow(page):
                wrong.append(f"{said}: {over} px too wide on a phone")
            if language == "de":
                picture(page, f"page-{role}{re.sub(r'[^a-z0-9]+', '-', kind)}-phone")
            page.set_viewport_size(_DESK)
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
    shift = page.evaluate(
        "new Promise(done => {let sum = 0; "
        "new PerformanceObserver(list => {for (const one of list.getEntries()) sum += one.value})"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300)})"
    )
    assert shift < 0.02
    for name in page.eval_on_selector_all(
        "link[rel=stylesheet], script[src]", "all => all.map(one => one.href || one.src)"
    ):
        assert "max-age=" in page.request.get(name).headers["cache-control"], name
