"""The main job as a person does it: sign up, agree, connect, prove, watch, understand, withdraw, download, leave."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Open, picture
from tests.functional.installation import ORGANISATION, Installation
from tests.functional.keys import Keys
from tests.networks.bluesky.expected import expected_signals
from tests.networks.bluesky.network import BlueskyNetwork
from tests.networks.bluesky.scenario import OPTED_OUT_PARTICIPANT, PARTICIPANT, main_job_scenario
from tests.workers.networks.mastodon_people import plant
from tests.workers.networks.mastodon_server import MastodonServer
from workers.scoring.score import score
from workers.scoring.signals import Signal, Signals

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

EMAIL = "mira@beispiel.example"
PASSWORD = "eine ruhige Wiese am Bach"
MINUTE = 60_000


def sign_up(page: Page, house: Installation, email: str = EMAIL) -> None:
    """By keys alone, as everything until an account is named."""
    keys = Keys(page)
    page.goto(f"{house.url}/sign-up")
    keys.write(page.locator("[name=year]"), "1990")
    keys.write(page.locator("[name=email]"), email)
    keys.write(page.locator("[name=password]"), PASSWORD)
    keys.press(page.locator("main form [type=submit]"))
    page.goto(house.wait_for_link(email, "/confirm/"))
    keys.write(page.locator("[name=password]"), PASSWORD)
    keys.press(page.locator("main form [type=submit]"))
    expect(page).to_have_url(re.compile("/consent/scoring/choose"))


def connect(page: Page, house: Installation, network: str, typed: str) -> str:
    """Says yes to a network and names an account, by keys; gives the code to show there."""
    keys = Keys(page)
    page.goto(f"{house.url}/consent/scoring/{network}")
    keys.press(page.locator("button[name=answer][value=yes]"))
    expect(page).to_have_url(re.compile(f"/connections/new/{network}"))
    keys.write(page.locator("[name=typed]"), typed)
    keys.press(page.locator("main form [type=submit]"))
    page.wait_for_selector("code.code", timeout=MINUTE)
    return page.locator("code.code").first.inner_text().strip()


def prove(page: Page) -> None:
    """Has the code looked for and waits until everything is read and scored."""
    picture(page, "connection-code")
    Keys(page).press(page.locator("form[action$='/check'] button"))
    page.wait_for_url("**/score", timeout=MINUTE)  # the page leads there by itself as soon as the score is made


def shown_score(page: Page) -> float:
    """The number on the score page."""
    return float(page.locator(".number data").first.get_attribute("value") or "nan")


def score_of(expected: list[dict[str, Any]], day: date) -> float:
    rows = [
        Signal("bluesky", one["kind"], date.fromisoformat(one["day"]), one["actor"], one["count"], post=one["post"])
        for one in expected
    ]
    return score(Signals.from_rows(rows), day, {}).score


def test_from_sign_up_to_an_explained_score_and_out_again(
    bluesky_network: BlueskyNetwork, install: Callable[..., Installation], open_page: Open
) -> None:
    now = datetime.now(UTC)
    scenario = main_job_scenario(now.date(), suffix="f")
    seeded = bluesky_network.seed(scenario)
    with MastodonServer() as mastodon:
        plant(mastodon, now)
        house = install(
            **ORGANISATION,
            KLARWERT_BLUESKY_APPVIEW=bluesky_network.appview,
            KLARWERT_ALLOWED_ORIGINS=f"{bluesky_network.appview} {mastodon.origin}",
        )
        page = open_page()
        sign_up(page, house)

        # Bluesky, proven by a code in the profile's description.
        code = connect(page, house, "bluesky", seeded.handles[PARTICIPANT])
        seeded.set_bio(PARTICIPANT, f"Garten, Räder, Radio. {code}")
        prove(page)
        expected = score_of(expected_signals(scenario, PARTICIPANT, now.date()), now.date())
        assert abs(shown_score(page) - expected) < 1e-9
        picture(page, "score-bluesky")

        # Mastodon, proven by a code in the profile's note; networks add up.
        code = connect(page, house, "mastodon", f"@mira@{mastodon.host}")
        mastodon.person("mira").note = f"<p>Garten</p><p>{code}</p>"
        prove(page)
        both = shown_score(page)
        assert both > expected
        picture(page, "score-both")
        page.goto(f"{house.url}/explanation")
        assert "Mastodon" in page.inner_text("main")
        picture(page, "explanation")
        page.locator("main a[href*='/explanation/post/']").first.click()
        picture(page, "explanation-post")

        # Withdrawing one network takes what it gave along and leaves the other.
        page.goto(f"{house.url}/consent")
        page.click("form[action*='/consent/scoring/mastodon/withdraw'] button")
        wait_for_score(page, house, expected)
        picture(page, "consents")

        archive = download(page, house)
        assert archive.testzip() is None
        held = {kind: json.loads(archive.read(f"json/{kind}.json")) for kind in ("account", "connections", "signals")}
        assert held["account"][0]["email"] == EMAIL
        assert {row["network"] for row in held["connections"]} == {"bluesky"}
        assert len(held["signals"]) == len(expected_signals(scenario, PARTICIPANT, now.date()))

        leave(page, house)
        assert_nothing_is_left(house, [EMAIL, code, seeded.handles[PARTICIPANT], seeded.dids[PARTICIPANT]])


def wait_for_score(page: Page, house: Installation, expected: float) -> None:
    """A withdrawal has the score made anew by a worker: look until it is there."""
    for _ in range(100):
        page.goto(f"{house.url}/score")
        if page.locator(".number data").count() and abs(shown_score(page) - expected) < 1e-9:
            return
        page.wait_for_timeout(200)
    raise AssertionError("the score was not made anew")


def download(page: Page, house: Installation) -> zipfile.ZipFile:
    page.goto(f"{house.url}/data")
    picture(page, "data")
    page.fill("form[action$='/data/export'] [name=password]", PASSWORD)
    page.click("form[action$='/data/export'] button")
    with page.expect_download() as waiting:
        page.locator("main a[href*='/data/export/']").click()  # it comes by itself as soon as the file is made
    return zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes()))


def leave(page: Page, house: Installation) -> None:
    page.goto(f"{house.url}/data/delete")
    page.fill("[name=password]", PASSWORD)
    page.click("form[action$='/data/delete'] button")
    expect(page).to_have_url(re.compile("/erasure/"))
    page.goto(f"{house.url}/score")
    expect(page).to_have_url(re.compile("/sign-in"))
    for _ in range(200):
        if not any((house.data / "outbox").iterdir()):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the erasure did not end")


def assert_nothing_is_left(house: Installation, tokens: list[str]) -> None:
    """Every byte that the installation keeps, once everything has stopped, and every line it logged (at DEBUG)."""
    house.stop()
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        content = path.read_bytes()
        for token in tokens:
            assert token.encode() not in content, f"{path.name} still names the person"


def test_an_account_that_hides_from_strangers_is_refused_with_a_sentence(
    bluesky_network: BlueskyNetwork, install: Callable[..., Installation], open_page: Open
) -> None:
    seeded = bluesky_network.seed(main_job_scenario(datetime.now(UTC).date(), suffix="g"))
    house = install(
        **ORGANISATION,
        KLARWERT_BLUESKY_APPVIEW=bluesky_network.appview,
        KLARWERT_ALLOWED_ORIGINS=bluesky_network.appview,
    )
    page = open_page(locale="en-GB")
    sign_up(page, house)
    for typed in (seeded.handles[OPTED_OUT_PARTICIPANT], "nobody-at-all.test"):
        page.goto(f"{house.url}/consent/scoring/bluesky")
        if page.locator("button[name=answer][value=yes]").count():
            page.click("button[name=answer][value=yes]")
        page.goto(f"{house.url}/connections/new/bluesky")
        page.fill("[name=typed]", typed)
        page.click("main form [type=submit]")
        page.wait_for_selector(".notice.bad", timeout=MINUTE)
        assert len(page.inner_text(".notice.bad")) > 20
