"""Every place is known: those the verbs go through, and all files, Redis keys, log fields and cookies that arise."""

import logging
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from privacy import redact
from privacy.holdings import Spot
from privacy.vocabulary import Medium
from server.app import create_app
from tests.conftest import ORGANISATION
from workers.jobs import expire
from workers.jobs.traffic import SharedTraffic
from workers.kept import BackupFolder, JournalPlace
from workers.mail import Outbox
from workers.places import SPOTS, Vault, holdings
from workers.runtime.process import Process
from workers.runtime.settings import read
from workers.schedule import send_due

ROOT = Path(__file__).parents[2]


def declared(medium: Medium) -> list[str]:
    return [spot.where for spot in SPOTS if spot.medium is medium]


def undeclared(medium: Medium, names: set[str], process: Process | None = None) -> set[str]:
    """What no spot and no place declares."""
    patterns = declared(medium) + ([place.where for place in holdings(process).places] if process else [])
    return {name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)}


def test_the_outbox_is_a_place_of_personal_data(process: Process) -> None:
    places = holdings(process).places
    [outbox] = [place for place in places if isinstance(place, Outbox)]
    assert outbox.folder == process.settings.outbox
    assert any(isinstance(place, Vault) for place in places)
    assert len({place.where for place in places}) == len(places)


def test_backups_and_the_journal_are_places_that_go_in_time_and_not_by_an_erasure(process: Process) -> None:
    places = [place for place in holdings(process).places if isinstance(place, BackupFolder | JournalPlace)]
    assert [place.holds.kind for place in places] == ["backups of data", "backups of keys", "journal"]
    assert {place.holds.rule.days for place in places if place.holds.rule} == {process.settings.backup_days}
    assert [place.erase("somebody") for place in places] == [0, 0, 0]
    assert [place.export("somebody") for place in places] == [[], [], []]


def test_no_spot_is_declared_twice() -> None:
    assert len({(spot.medium, spot.where) for spot in SPOTS}) == len(SPOTS)


def test_every_key_that_a_day_leaves_in_redis_is_declared(process: Process) -> None:
    client = create_app(process).test_client()
    client.get("/sign-in")
    client.post("/sign-in", data={"email": "a@b.example"})
    traffic = SharedTraffic(process)
    with traffic.turn("https://netz.example"):
        seen = {key.decode() for key in process.redis.scan_iter()}
    traffic.hold("https://netz.example", process.clock().replace(year=2027))
    send_due(process)
    expire("2026-11-22")
    process.queue.send("expire", "2026-11-23")
    seen |= {key.decode() for key in process.redis.scan_iter()}
    assert len({key.split(":")[0] for key in seen}) >= 2
    assert undeclared(Medium.REDIS, seen) == set()


def test_every_family_of_keys_in_the_code_is_declared() -> None:
    found = set()
    for floor in ("privacy", "workers", "server"):
        for path in (ROOT / floor).rglob("*.py"):
            found |= set(re.findall(r'"(klarwert:[a-z:]+)', path.read_text(encoding="utf-8")))
    families = {name.rstrip(":") for name in found} - {spot.where for spot in SPOTS}
    patterns = declared(Medium.REDIS)
    assert families
    assert {name for name in families if not any(pattern.startswith(name) for pattern in patterns)} == set()


def test_every_path_of_the_settings_is_declared(process: Process) -> None:
    settings = read({"KLARWERT_DATA": "/nowhere/data"})
    parts = [name for name in dir(settings) if isinstance(getattr(settings, name), Path)]
    paths = {str(getattr(settings, name).relative_to(settings.data)) for name in parts} - {"."}
    stores = {settings.database, settings.keyring, settings.ledger}
    paths |= {store.removeprefix(f"sqlite:///{settings.data}/") for store in stores}
    assert {"outbox", "klarwert.sqlite", "keys/keyring.sqlite"} <= paths
    assert undeclared(Medium.FOLDER, {path if "." in path else f"{path}/x" for path in paths}, process) == set()


def test_every_file_of_an_installation_is_declared(process: Process) -> None:
    process.ledger.publish(process.clock())
    process.settings.outbox.mkdir()
    (process.settings.outbox / "someone").mkdir()
    files = {
        str(path.relative_to(process.settings.data)) for path in process.settings.data.rglob("*") if path.is_file()
    }
    assert len(files) >= 3
    assert undeclared(Medium.FOLDER, files, process) == set()


def test_every_field_of_a_log_line_is_declared() -> None:
    before = (logging.getLogRecordFactory(), logging.root.handlers[:], logging.root.level)
    levels = {name: logging.getLogger(name).level for name in redact.OURS}
    try:
        redact.set_up()
        formats = {handler.formatter._fmt for handler in logging.root.handlers if handler.formatter}
    finally:
        logging.setLogRecordFactory(before[0])
        logging.root.handlers[:] = before[1]
        logging.root.setLevel(before[2])
        logging.captureWarnings(capture=False)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    fields = {field for text in formats for field in re.findall(r"%\((\w+)\)s", str(text))}
    assert fields == set(declared(Medium.LOG))


def test_every_cookie_is_declared(process: Process) -> None:
    client = create_app(process).test_client()
    client.get("/sign-in")
    names = {name for _, _, name in client._cookies}
    assert names
    assert undeclared(Medium.COOKIE, names) == set()


@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: spot.where)
def test_a_spot_that_is_about_people_says_how_long(spot: Spot) -> None:
    if spot.holds is not None and spot.holds.about.value != "nobody":
        assert spot.holds.rule is not None or spot.holds.erased.value == "last"
    assert ORGANISATION.complete
