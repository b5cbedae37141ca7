"""Backups of keys and the change of the master key, as an installation does them."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from privacy.backup import BackupError
from privacy.keyring import KeyGoneError, KeyRing, WrongMasterKeyError
from privacy.ledger import LogEntry
from tests.conftest import Clock
from tests.factories.people import make_subject
from workers import backups, jobs, key_backups, rotation
from workers.runtime import master_file
from workers.runtime.process import Process
from workers.runtime.settings import SettingsError, read


@pytest.fixture
def private(tmp_path: Path) -> Path:
    return tmp_path / "private.key"


@pytest.fixture
def house(process: Process, private: Path) -> Process:
    """An installation that has a recipient for its key backups."""
    public = key_backups.make_pair(private)
    process.settings = replace(process.settings, backup_recipient=bytes.fromhex(public))
    return process


def person(process: Process) -> str:
    with process.working() as work:
        return make_subject(work).id


def lose(process: Process) -> None:
    """The key ring burns."""
    process.close()
    for path in (process.settings.data / "keys").glob("keyring.sqlite*"):
        path.unlink()


def restore(process: Process, place: Path, private: Path) -> int:
    return key_backups.restore(process.settings, process.clock(), place, private)


def test_lost_keys_come_back_with_the_private_key(house: Process, private: Path) -> None:
    somebody = person(house)
    sealed = house.ring.person(somebody).seal("place", "text")
    place, count = key_backups.create(house)
    assert count == len(list(house.ring.everything()))
    assert stat.S_IMODE(private.stat().st_mode) == stat.S_IMODE(place.stat().st_mode) == 0o600
    lose(house)
    assert restore(house, place, private) == count
    house.make_sure()
    assert house.ring.person(somebody).open("place", sealed) == "text"


def test_the_keys_cannot_be_read_in_the_file(house: Process) -> None:
    person(house)
    place, _ = key_backups.create(house)
    held = place.read_bytes()
    for one in house.ring.everything():
        assert one.key not in held
        assert one.name.encode() not in held


def test_the_key_of_who_was_erased_stays_gone(house: Process, private: Path) -> None:
    gone, other = person(house), person(house)
    place, _ = key_backups.create(house)
    jobs.erase(gone)
    assert restore(house, place, private) == 0
    lose(house)
    restore(house, place, private)
    assert house.ring.person(other)
    with pytest.raises(KeyGoneError):
        house.ring.person(gone)


def test_another_private_key_opens_nothing(house: Process, tmp_path: Path) -> None:
    place, _ = key_backups.create(house)
    other = tmp_path / "other"
    key_backups.make_pair(other)
    with pytest.raises(BackupError, match="private key does not open"):
        restore(house, place, other)
    other.write_text("nonsense")
    with pytest.raises(BackupError, match="no private key"):
        restore(house, place, other)
    with pytest.raises(FileExistsError):
        key_backups.make_pair(other)


def test_a_damaged_key_backup_puts_nothing_back(house: Process, private: Path) -> None:
    person(house)
    place, _ = key_backups.create(house)
    whole = place.read_bytes()
    lose(house)
    for spot in (len(whole) - 1, len(whole) - 40):
        place.write_bytes(whole[:spot] + bytes([whole[spot] ^ 1]) + whole[spot + 1 :])
        with pytest.raises(BackupError):
            restore(house, place, private)


def test_a_key_backup_has_the_age_of_backups(house: Process, private: Path, clock: Clock) -> None:
    place, _ = key_backups.create(house)
    clock.go(days=31)
    with pytest.raises(BackupError, match="older than 30 days"):
        restore(house, place, private)
    jobs.expire(clock().date().isoformat())
    assert not place.exists()


def test_backups_of_data_and_of_keys_are_not_mixed_up(house: Process, private: Path) -> None:
    import migrations

    data, _ = backups.create(house, migrations, house.settings.backups)
    keys, _ = key_backups.create(house)
    assert data.parent != keys.parent
    with pytest.raises(BackupError, match="of data, not of keys"):
        restore(house, data, private)
    with pytest.raises(BackupError):
        backups.verify(house.ring, keys)


def test_without_a_recipient_there_is_a_sentence(process: Process) -> None:
    with pytest.raises(SettingsError, match="KLARWERT_BACKUP_RECIPIENT is not set"):
        key_backups.create(process)


# The change of the master key.


@pytest.fixture
def with_file(process: Process) -> Process:
    """An installation whose master key is in the file."""
    file = process.settings.data / "keys" / "master.key"
    master_file.make(file)
    process.settings = replace(
        read({"KLARWERT_DATA": str(process.settings.data), "KLARWERT_REDIS": process.settings.redis}),
        organisation=process.settings.organisation,
    )
    return process


def noted(process: Process) -> list[str]:
    with process.reading() as session:
        entries = [json.loads(entry) for entry in session.scalars(select(LogEntry.entry))]
    return [entry["master"] for entry in entries if entry["type"] == "key rotation"]


def test_a_key_in_the_file_is_changed_while_others_run(with_file: Process) -> None:
    process = with_file
    somebody = person(process)
    file = process.settings.data / "keys" / "master.key"
    before = file.read_bytes()
    running = Process(process.settings, process.clock)
    assert running.ring.person(somebody)
    assert rotation.rotate(process) == len(list(process.ring.everything()))
    after = file.read_bytes()
    assert after != before
    assert len(after.split()) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for each in (running, process, Process(read({"KLARWERT_DATA": str(process.settings.data)}), process.clock)):
        assert each.ring.person(somebody)
        assert person(each)
        each.close()
    assert noted(process) == [process.settings.masters().first] or len(noted(process)) == 1
    with pytest.raises(WrongMasterKeyError):
        KeyRing(process.settings.keyring, process.settings.master_keys[0])


@pytest.mark.parametrize(
    "step", ["privacy.keyring.KeyRing.rotate", "workers.rotation._note", "workers.runtime.master_file.end"]
)
def test_a_change_killed_anywhere_goes_on_with_the_same_key(with_file: Process, step: str) -> None:
    process = with_file
    somebody = person(process)
    file = process.settings.data / "keys" / "master.key"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step, killed)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(process)
    new = file.read_bytes().split()[0]
    assert len(file.read_bytes().split()) == 2
    started = Process(read({"KLARWERT_DATA": str(process.settings.data)}), process.clock)
    assert started.ring.person(somebody)
    rotation.rotate(started)
    assert file.read_bytes().split() == [new]
    assert len(noted(started)) == 1
    assert process.ring.person(somebody)
    started.close()


def test_a_key_in_the_environment_needs_both(process: Process) -> None:
    somebody = person(process)
    with pytest.raises(SettingsError, match="the new key and, after a space, the old one"):
        rotation.rotate(process)
    new = os.urandom(32)
    told = Process(replace(process.settings, master_keys=(new, *process.settings.master_keys)), process.clock)
    rotation.rotate(told)
    assert told.ring.person(somebody)
    told.close()
    alone = Process(replace(process.settings, master_keys=(new,)), process.clock)
    assert alone.ring.person(somebody)
    alone.close()
