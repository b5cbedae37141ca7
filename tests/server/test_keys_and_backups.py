"""The commands for keys and backups, as an operator types them, and a master key that is changed meanwhile."""

import base64
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner, Result
from redis import Redis
from sqlalchemy import update

from privacy.base import Subject
from server.cli import main
from server.running import redis_for
from server.services import accounts
from tests.functional.installation import ORGANISATION, Installation
from workers import jobs
from workers.models import Bucket
from workers.runtime.process import Process, bind
from workers.runtime.settings import read

EMAIL = "ann@garten.test"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of its own, named by the environment, with somebody in it."""
    for name in [name for name in os.environ if name.startswith("KLARWERT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KLARWERT_DATA", str(tmp_path / "data"))
    assert klarwert("user", "add", EMAIL).exit_code == 0
    return tmp_path


def klarwert(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def process(home: Path) -> Iterator[Process]:
    made = Process(read())
    bind(made)
    yield made
    made.close()


def subject_of(process: Process, email: str = EMAIL) -> str | None:
    with process.reading() as session:
        account = accounts.by_email(session, process.ring, email)
    return account.subject_id if account else None


def erase(process: Process, subject_id: str) -> None:
    """Has somebody erased by an installation that runs, which is stopped again."""
    with redis_for(process.settings):
        jobs.erase(subject_id)
        process.close()


def written(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output.splitlines()[0].partition(": ")[0]


def restore_and_stop(place: str) -> None:
    """Puts a backup back, and is stopped before the replay."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.cli.backup.replay", stopped)
        told = klarwert("backup", "restore", place)
    assert told.output.startswith("restored: ")
    assert told.output.endswith("Aborted!\n")


#: Commands that serve, read, score, tell or copy nothing of people, or that a restored database needs.
WITHOUT_PEOPLE = {
    "backup replay", "backup restore", "backup verify", "demo", "keys backup", "keys pair", "keys restore",
    "keys rotate", "keys status", "log verify", "privacy check-export", "topics check", "topics import", "verify",
}  # fmt: skip
#: What the others are typed with.
WORDS = {
    "score": ("--day", "2026-11-21"),
    "explain": ("--subject", "somebody"),
    "objection add": ("bluesky", "ann.test"),
    "user add": (EMAIL,),
    "user role": (EMAIL, "dpo"),
    "user factor-off": (EMAIL,),
}


def names(group: click.Group) -> set[str]:
    """All commands as they are typed."""
    found: set[str] = set()
    for name, command in group.commands.items():
        found |= {f"{name} {below}" for below in names(command)} if isinstance(command, click.Group) else {name}
    return found


def test_from_backup_over_erasure_to_restore_and_start(
    home: Path, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = written(klarwert("backup", "create"))
    assert klarwert("backup", "verify", place).output.startswith("whole: ")
    gone = subject_of(process)
    assert gone is not None
    erase(process, gone)
    restore_and_stop(place)
    monkeypatch.setenv("KLARWERT_FIREHOSE", "ws://127.0.0.1:9")
    for command in sorted(names(main) - WITHOUT_PEOPLE):
        refused = klarwert(*command.split(), *WORDS.get(command, ()))
        assert refused.exit_code == 1, command
        assert "this database is older than its journal and lacks 1 × erasure" in refused.output, command
        assert "klarwert backup replay" in refused.output
    assert klarwert("backup", "replay").output.endswith("replayed: 1 × erasure\n")
    assert klarwert("migrate").exit_code == 0
    assert subject_of(process) is None
    assert klarwert("backup", "replay").output.endswith("replayed: nothing was missing\n")


def test_restoring_replays_at_once(home: Path, process: Process) -> None:
    place = written(klarwert("backup", "create"))
    gone = subject_of(process)
    assert gone is not None
    erase(process, gone)
    done = klarwert("backup", "restore", place)
    assert "replayed: 1 × erasure" in done.output
    with process.reading() as session:
        assert session.get(Subject, gone) is None


def test_a_database_without_its_vault_ends_the_replay_with_a_sentence(home: Path, process: Process) -> None:
    gone = subject_of(process)
    assert gone is not None
    place = written(klarwert("backup", "create"))
    erase(process, gone)
    with process.working() as work:  # as a copy of the database names it, whose vault is another one
        work.session.execute(update(Bucket).where(Bucket.number == 0).values(file="00000-9-gone"))
    restore_and_stop(place)
    with process.working() as work:
        work.session.execute(update(Bucket).where(Bucket.number == 0).values(file="00000-9-gone"))
    process.close()
    told = klarwert("backup", "replay")
    assert told.exit_code == 1
    replayed, lacks = told.output.splitlines()[-2:]
    assert replayed == "replayed: 1 × erasure"
    assert lacks.startswith("Error: the vault (KLARWERT_VAULT) lacks the files of buckets 0: put back the vault")
    assert lacks.endswith("Until then their people keep their last score")
    assert klarwert("migrate").exit_code == 0
    again = klarwert("backup", "replay", "--vault-lost")
    assert again.exit_code == 0
    said, replayed = again.output.splitlines()[-2:]
    assert said == "buckets that begin anew: 0. Their people keep their last score until their accounts are read"
    assert replayed == "replayed: nothing was missing"
    assert "every file of the vault is there and whole" in klarwert("backup", "replay", "--vault-lost").output


def test_what_is_no_backup_is_refused_with_a_sentence(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter"
    file.write_text("hello")
    for command in ("verify", "restore"):
        refused = klarwert("backup", command, str(file))
        assert (refused.exit_code, refused.output) == (
            1,
            "Error: this is not a backup of Klarwert, or one of a newer version\n",
        )
    assert klarwert("backup", "verify", str(tmp_path / "nothing")).exit_code == 2


def test_a_whole_machine_is_lost_and_comes_back(home: Path, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    private = home / "private"
    setting = klarwert("keys", "pair", str(private)).output
    assert klarwert("keys", "pair", str(private)).exit_code == 1
    assert klarwert("keys", "backup").exit_code == 1
    name, _, value = setting.strip().partition("=")
    monkeypatch.setenv(name, value)
    data, keys = Path(written(klarwert("backup", "create"))), Path(written(klarwert("keys", "backup")))
    ledger = process.settings.data / "keys" / "ledger.sqlite"
    process.ledger.close()
    process.journal.close()
    process.close()
    kept = ledger.read_bytes() if not ledger.with_name("ledger.sqlite-wal").exists() else None
    assert kept is not None
    new = home / "new"
    monkeypatch.setenv("KLARWERT_DATA", str(new / "data"))
    (new / "data" / "keys").mkdir(parents=True)
    (new / "data" / "keys" / "ledger.sqlite").write_bytes(kept)
    assert klarwert("keys", "restore", str(keys), "--private-key", str(private)).exit_code == 0
    done = klarwert("backup", "restore", str(data))
    assert done.exit_code == 0, done.output
    assert klarwert("migrate").exit_code == 0
    fresh = Process(read())
    assert subject_of(fresh) is not None
    fresh.close()


def test_the_state_of_keys_is_told_without_anybody_in_it(home: Path, process: Process) -> None:
    process.make_sure()
    told = klarwert("keys", "status").output
    assert re.search(r"^master key [0-9a-f]{16} \(the one that counts\): \d+ instance, 1 person$", told, re.MULTILINE)
    assert "erasures under way: 0\nnewest key backup: none\n" in told
    subject_id = subject_of(process)
    assert subject_id is not None
    assert subject_id not in told


@pytest.mark.slow
@pytest.mark.parametrize("where", ["file", "environment"])
def test_the_master_key_is_changed_while_everything_runs(tmp_path: Path, where: str) -> None:
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    # In the environment, all processes were restarted with both; the new one comes first.
    house = Installation(tmp_path, {**ORGANISATION, **({"KLARWERT_MASTER_KEY": old} if where == "environment" else {})})
    house.command("user", "add", EMAIL, "--role", "admin")
    if where == "environment":
        house.environment["KLARWERT_MASTER_KEY"] = f"{new} {old}"
    house.start()
    try:
        ask_reset(house, EMAIL)
        before = house.wait_for_link(EMAIL, "/reset/")
        told = house.command("keys", "rotate")
        assert "keys wrapped anew" in told
        # Web (sealing) and worker (opening) go on with the new key; nobody was restarted.
        ask_reset(house, EMAIL)
        deadline = time.monotonic() + 30
        while len(set(house.links(EMAIL))) < 2:
            assert time.monotonic() < deadline, house.log.read_text()[-3000:]
            time.sleep(0.1)
        assert before in house.links(EMAIL)
        assert "failed" not in house.log.read_text()
    finally:
        house.stop()
    if where == "environment":
        house.environment["KLARWERT_MASTER_KEY"] = new
    assert "erasures under way: 0" in house.command("keys", "status")
    assert house.command("keys", "status").count("master key") == 1


def ask_reset(house: Installation, email: str) -> None:
    """Asks for a mail as a browser does."""
    with httpx.Client(base_url=house.url) as browser:
        page = browser.get("/forgot").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        answer = browser.post("/forgot", data={"csrf_token": token[1], "email": email})
        assert answer.status_code in (200, 302)


@pytest.mark.slow
def test_nothing_is_restored_under_a_running_installation(tmp_path: Path) -> None:
    house = Installation(tmp_path, dict(ORGANISATION))
    house.start()
    try:
        place = house.command("backup", "create").partition(": ")[0]
        redis = Redis.from_url(f"unix://{house.data / 'redis' / 'redis.sock'}")
        deadline = time.monotonic() + 30
        while not redis.exists("klarwert:schedule:leader"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for command in (("restore", place), ("replay",)):
            with pytest.raises(subprocess.CalledProcessError) as refused:
                house.command("backup", *command)
            assert "Klarwert is running: stop all its processes first" in refused.value.stderr
    finally:
        house.stop()
    assert "restored: " in house.command("backup", "restore", place)
