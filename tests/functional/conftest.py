"""A real browser, and whole installations to look at with it."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FloatRect,
    Page,
    Request,
    sync_playwright,
)

from server.services.organisations import DEMO_LOGIN
from tests.functional.installation import Installation
from tests.networks.bluesky.fixtures import do_without

#: Pictures of every page that a test opened, to be looked at.
ARTEFACTS = Path(__file__).parents[1] / "artefacts"
#: Pixels; the inventory of everything that is stored has more than 50,000 on a phone.
TALLEST = 16_000
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        do_without("Chromium is not installed; bin/test installs Debian's where it may")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield chromium
        chromium.close()


class Watch:
    """Notes what a page must never do: ask another host, write an error to the console."""

    def __init__(self) -> None:
        self.foreign: list[str] = []
        self.errors: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Watches every page of a browser context."""
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", "localhost", None):
            self.foreign.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        # A form that was not filled in right is answered so; the browser calls that an error.
        if message.type == "error" and "status of 422" not in message.text:
            self.errors.append(f"{message.text} {message.location.get('url', '')}")


#: Each browser comes from an address of its own, as people do: tries are counted by address.
_comes_from = ({"X-Forwarded-For": f"198.51.100.{last}"} for last in cycle(range(1, 255)))


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a page in a browser of its own: `open_page(locale="en-GB", …)`; afterwards nothing foreign was asked."""
    watch = Watch()
    with ExitStack() as stack:

        def opened(**options: object) -> Page:
            usual = {"locale": "de-DE", "timezone_id": "UTC", "extra_http_headers": next(_comes_from)}
            context = browser.new_context(**{**usual, **options})  # type: ignore[arg-type]
            stack.callback(context.close)
            watch.over(context)
            page = context.new_page()
            page.set_default_timeout(30_000)
            stack.callback(picture, page, f"{request.node.name}-last")
            return page

        yield opened
    assert watch.foreign == []
    assert watch.errors == []


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The demo, made once for all tests that look at it: whoever changes something there leaves the rest as it was."""
    house = Installation(tmp_path_factory.mktemp("demo"), {"KLARWERT_DEMO": "true", "KLARWERT_PROXIES": "1"})
    house.start()
    yield house
    house.stop()


#: Cookies of those who signed in, by installation and address: whoever signs in too often has to wait.
_signed_in: dict[tuple[str, str], list[Any]] = {}


def sign_in(page: Page, house: Installation, who: str, language: str = "") -> None:
    """As somebody of the demo would, by role or address, the first time; in a language if one is named."""
    email = DEMO_LOGIN.get(who, who)
    if (house.url, email) in _signed_in:
        page.context.add_cookies(_signed_in[house.url, email])
        page.goto(f"{house.url}/imprint")
    else:
        page.goto(f"{house.url}/sign-in")
        page.fill("#email", email)
        page.fill("#password", DEMO_LOGIN["password"])
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        _signed_in[house.url, email] = page.context.cookies()
    if language:
        page.click(f"button[name=lang][value={language}]")


def new_auditor(house: Installation) -> str:
    """The address of an auditor who is new here: what the demo's own has drawn and seen, other tests change."""
    email = f"audit-{time.time_ns()}@demo.example"
    house.command("user", "add", email, "--password-stdin", "--role", "auditor", text=DEMO_LOGIN["password"])
    return email


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Starts an installation with settings: `install(KLARWERT_DEMO="true")`."""
    with ExitStack() as stack:

        def started(**settings: str) -> Installation:
            made = Installation(tmp_path, settings)
            made.start()
            stack.callback(made.stop)
            return made

        yield started


def picture(page: Page, name: str) -> None:
    """Keeps a picture of a page as an artefact; of a very long one the beginning, for Chromium may die of the whole."""
    ARTEFACTS.mkdir(exist_ok=True)
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    shown: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)}
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True, clip=shown)
