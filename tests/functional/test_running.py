"""`klarwert run`: starts everything, survives the death of a part, stops in order, and leaves nothing running."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.functional.installation import ORGANISATION, Installation

pytestmark = pytest.mark.slow


def parts_of(house: Installation) -> dict[int, str]:
    """The living processes of an installation (Linux): number to command line."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"KLARWERT_DATA={house.data}\0".encode() in path.read_bytes():
                found[int(path.parent.name)] = (path.parent / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return {number: line for number, line in found.items() if number != house.process.pid and line}


def wait_until(true: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def is_healthy(house: Installation) -> bool:
    try:
        return httpx.get(f"{house.url}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_stopping_ends_every_part_and_starting_again_finds_everything(install: Callable[..., Installation]) -> None:
    house = install(**ORGANISATION)
    assert "Made an account" in house.command("user", "add", "--role", "admin", "chef@beispiel.example")
    assert f"KLARWERT_DATA={house.data} " in house.log.read_text()
    assert "user add --role admin" in house.log.read_text()
    assert f"mails are not sent, they lie in {house.data / 'outbox'}" in house.log.read_text()
    assert len(parts_of(house)) >= 5
    assert house.stop() == 0
    assert parts_of(house) == {}
    house.start()
    assert "already" in house.command("user", "add", "--role", "admin", "chef@beispiel.example")


def test_a_part_that_is_killed_is_started_again(install: Callable[..., Installation]) -> None:
    house = install(**ORGANISATION)
    before = parts_of(house)
    web = [number for number, line in before.items() if " web " in line]
    workers = [number for number, line in before.items() if " worker " in line]
    for number in (*web, *workers):
        os.kill(number, signal.SIGKILL)
    wait_until(lambda: is_healthy(house) and not set(before) <= set(parts_of(house)))
    wait_until(lambda: sum(" worker " in line for line in parts_of(house).values()) >= 2)


def test_nothing_is_left_running_when_the_command_itself_is_killed(install: Callable[..., Installation]) -> None:
    house = install(**ORGANISATION)
    house.process.kill()
    house.process.wait()
    wait_until(lambda: not any("server.cli" in line for line in parts_of(house).values()))
    house.start()  # an orphaned Redis is ended first, and its jobs are taken over
    assert is_healthy(house)


def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(install: Callable[..., Installation]) -> None:
    house = install(**ORGANISATION)
    second = Installation(house.folder, house.settings)
    second.log = house.folder / "second"
    with pytest.raises(RuntimeError, match="runs already"):
        second.start()


def test_without_an_organisation_sign_up_is_closed_and_says_so(install: Callable[..., Installation]) -> None:
    house = install()
    page = httpx.get(f"{house.url}/sign-up", headers={"Accept-Language": "en"})
    assert page.status_code in (200, 403)
    assert "<form" not in page.text.split("<main", 1)[1].split("</main>", 1)[0]
