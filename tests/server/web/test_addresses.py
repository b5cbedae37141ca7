"""Made-up addresses: whatever stands in a path or behind its question mark, no page ends in an error of ours."""

import random
import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote

import pytest
from flask import Flask

from server.models import Role
from server.services import accounts
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from workers.runtime.process import Process

#: Everything that a page reads from its address, and some that none does.
NAMES = (
    "page", "next", "what", "typed", "form", "post", "signal", "topic", "old", "size", "since", "theme", "of",
    "network", "kind", "week", "lent", "people", "more", "again", "days", "nothing",
)  # fmt: skip
VALUES = (
    "0", "-1", "1", "9" * 30, "1e9", "NaN", "inf", "²", "٣", "true", "x", "\x00", "\x7f\x1b[2J", "'\"<b>", "../../etc",
    "//evil.example", "javascript:1", "a" * 5000, "2026-13-45", "9999-12-31", "0001-01-01", "-2147483649", "%00",
    "\u202e", "\U0001f600", "1,2", "[]", "{}", "null", "f" * 32, "bluesky", "scoring",
)  # fmt: skip
TIMES = 3


@pytest.mark.parametrize("role", Role)
def test_no_address_breaks_a_page(app: Flask, ann: Browser, ann_id: str, process: Process, role: Role) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
        accounts.set_role(work, "ann@garten.test", role)
    assert _broken(app, ann) == []


def test_no_address_breaks_a_page_for_strangers(app: Flask, browser: Browser) -> None:
    assert _broken(app, browser) == []


def _broken(app: Flask, browser: Browser) -> list[str]:
    return [one for one in _addresses(app) if browser.get(one).status >= HTTPStatus.INTERNAL_SERVER_ERROR]


def _addresses(app: Flask) -> Iterator[str]:
    """Other ones in every run; the seed that the run prints makes them again."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            for _ in range(TIMES):
                path = re.sub(r"<[^>]+>", lambda _: quote(random.choice(VALUES), safe=""), rule.rule)
                wanted = "&".join(f"{name}={quote(random.choice(VALUES))}" for name in random.sample(NAMES, 6))
                yield f"{path}?{wanted}"
