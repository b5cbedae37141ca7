"""Backups: all that a database has, on either kind of database; put back as a whole or not at all."""

import base64
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

import migrations
from privacy.backup import BackupError
from privacy.base import Base, models
from privacy.keyring import KeyRing, WrongMasterKeyError
from privacy.store import writing
from tests.conftest import Clock
from tests.privacy.rows import fill
from workers import backups
from workers.models import Bucket
from workers.runtime.process import Process, utc_now

Rows = dict[str, list[Any]]
#: Restores until it is killed at the n-th row set.
RESTORE = """
import os, signal, sys
from pathlib import Path
import migrations, server.processes
from privacy.store import writing
from workers import backups
from workers.models import Bucket
from workers.runtime.process import Process
from workers.runtime.settings import read
step, file = int(sys.argv[1]), Path(sys.argv[2])
real, seen = backups.value_of, 0
def value(plain):
    global seen
    seen += 1
    if seen == step:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(plain)
backups.value_of = value
backups.restore(Process(read()), migrations, file)
print(seen)
"""


def everything(process: Process) -> Rows:
    """Every row of every table."""
    with process.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all()))
            for table in (Base.metadata.tables[model.__tablename__] for model in models())
        }


def people(process: Process, *names: str) -> None:
    with process.working() as work:
        fill(work, *names)
        for name in work.session.scalars(select(Bucket.file).where(Bucket.file.is_not(None))):
            process.storage.write(str(name), f"signals of {name}".encode())


def made(process: Process) -> Path:
    place, _ = backups.create(process, migrations, process.settings.backups)
    return place


def without(rows: Rows, *tables: str) -> Rows:
    return {name: found for name, found in rows.items() if name not in tables}


def test_what_is_backed_up_comes_back_as_it_was(each_process: Process) -> None:
    people(each_process, "ann", "bea")
    before = everything(each_process)
    place, manifest = backups.create(each_process, migrations, each_process.settings.backups)
    assert manifest.rows == {name: len(rows) for name, rows in before.items()}
    assert backups.verify(each_process.ring, place) == manifest
    people(each_process, "carl")
    assert everything(each_process) != before
    backups.restore(each_process, migrations, place)
    after = everything(each_process)
    # The restore itself is noted in the log.
    assert without(after, "log_leaf", "log_entry") == without(before, "log_leaf", "log_entry")
    assert set(after["log_entry"]) > set(before["log_entry"])
    assert '"type":"restore"' in str(set(after["log_entry"]) - set(before["log_entry"]))


def test_a_backup_of_one_kind_of_database_fits_the_other(
    process: Process, postgres_process: Process, tmp_path: Path
) -> None:
    # Both have the same key ring here, as in a move from the one to the other.
    people(process, "ann")
    place = made(process)
    with writing(postgres_process.engine).begin() as connection:
        connection.execute(text("DELETE FROM installation"))
    backups.restore(postgres_process, migrations, place)
    tables = ("log_leaf", "log_entry")
    assert without(everything(postgres_process), *tables) == without(everything(process), *tables)
    back = made(postgres_process)
    backups.restore(process, migrations, back)
    assert without(everything(process), *tables) == without(everything(postgres_process), *tables)


def test_a_backup_is_of_one_moment(each_process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    people(each_process, "ann")
    before = {name: len(rows) for name, rows in everything(each_process).items()}
    real = backups.plain

    def meanwhile(value: object) -> object:
        monkeypatch.setattr(backups, "plain", real)
        people(each_process, "bea")
        return real(value)

    monkeypatch.setattr(backups, "plain", meanwhile)
    _, manifest = backups.create(each_process, migrations, each_process.settings.backups)
    assert manifest.rows == before


def test_a_backup_has_no_key_that_opens_it(process: Process) -> None:
    people(process, "ann")
    place = made(process)
    content = b"".join(found for _, found in backups._files(process.ring, place))
    keys = [one.key for one in process.ring.everything()]
    assert len(keys) == process.ring.counts()[process.settings.masters().first]["instance"] + 2
    for key in [*keys, *process.settings.master_keys]:
        for said in (key, key.hex().encode(), base64.b64encode(key)):
            assert said not in content
            assert said not in place.read_bytes()


def vault(process: Process) -> dict[str, bytes]:
    return {name: process.storage.read(name) for name in process.storage.names("")}


def test_the_files_of_the_vault_come_back_with_the_rows_that_point_at_them(each_process: Process) -> None:
    people(each_process, "ann")
    before = vault(each_process)
    assert before
    place = made(each_process)
    for name in before:
        each_process.storage.delete(name)
        each_process.ring.seal_file(name, b"")
        each_process.ring.retire_file(name, each_process.clock())
    backups.restore(each_process, migrations, place)
    assert vault(each_process) == before
    assert each_process.ring.files() == set(before)  # in use again: their keys are not destroyed


def test_a_fold_that_replaces_a_file_meanwhile_makes_it_begin_anew(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(process, "ann")
    [old] = vault(process)
    real = process.storage.read

    def folded(name: str) -> bytes:
        monkeypatch.setattr(process.storage, "read", real)
        process.storage.write("new", b"new")
        with process.working() as work:
            work.session.execute(update(Bucket).values(file="new"))
        process.storage.delete(old)
        return real(name)

    monkeypatch.setattr(process.storage, "read", folded)
    place, manifest = backups.create(process, migrations, process.settings.backups)
    assert "vault/new" in manifest.hashes
    assert manifest.lost == []
    backups.verify(process.ring, place)
    assert [path.name for path in process.settings.backups.iterdir()] == [place.name]


def test_a_file_that_is_lost_does_not_keep_the_rest_from_being_saved(process: Process) -> None:
    people(process, "ann")
    [name] = vault(process)
    process.storage.delete(name)
    place, manifest = backups.create(process, migrations, process.settings.backups)
    assert manifest.lost == [name]
    assert backups.verify(process.ring, place) == manifest
    backups.restore(process, migrations, place)


def test_many_rows_come_in_several_files(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "_ROWS", 2)
    people(process, "ann", "bea", "carl")
    before = everything(process)
    place = made(process)
    assert backups.verify(process.ring, place).hashes.keys() > {f"tables/score/00000{n}.jsonl" for n in (0, 1)}
    backups.restore(process, migrations, place)
    assert without(everything(process), "log_leaf", "log_entry") == without(before, "log_leaf", "log_entry")


class Older:
    """A history in which the newest revision adds a column that the backup does not have."""

    def revision(self, connection: Any) -> str:  # noqa: ARG002
        return "0000"

    def known(self, revision: str) -> bool:
        return revision in ("0000", "0001")

    def upgrade_within(self, connection: Any, to: str = "head") -> None:
        if to == "0000":
            migrations.upgrade_within(connection)
            connection.execute(text("ALTER TABLE organisation_fact RENAME COLUMN value TO worth"))
        else:
            connection.execute(text("ALTER TABLE organisation_fact RENAME COLUMN worth TO value"))


def test_a_backup_of_an_older_schema_is_brought_up_to_date(each_process: Process) -> None:
    people(each_process, "ann")
    before = everything(each_process)
    with writing(each_process.engine).begin() as connection:
        connection.execute(text("ALTER TABLE organisation_fact RENAME COLUMN value TO worth"))
    table = Base.metadata.tables["organisation_fact"]
    name, column = "value", table.c.value
    column.name = "worth"
    try:
        with pytest.MonkeyPatch.context() as patch:
            real = backups.select
            patch.setattr(
                backups, "select", lambda one: text(f"SELECT * FROM {one.name}") if one is table else real(one)
            )
            place, manifest = backups.create(each_process, Older(), each_process.settings.backups)  # type: ignore[arg-type]
    finally:
        column.name = name
    assert manifest.revision == "0000"
    backups.restore(each_process, Older(), place)  # type: ignore[arg-type]
    after = everything(each_process)
    assert without(after, "log_leaf", "log_entry") == without(before, "log_leaf", "log_entry")


def test_a_backup_of_a_newer_version_is_refused(process: Process) -> None:
    class Newer(Older):
        def revision(self, connection: Any) -> str:  # noqa: ARG002
            return "0999"

    place, _ = backups.create(process, Newer(), process.settings.backups)  # type: ignore[arg-type]
    with pytest.raises(BackupError, match="newer version"):
        backups.restore(process, migrations, place)


def test_a_backup_that_is_too_old_is_refused(process: Process, clock: Clock) -> None:
    place = made(process)
    clock.go(days=30, seconds=1)
    with pytest.raises(BackupError, match="older than 30 days"):
        backups.restore(process, migrations, place)


def test_another_installation_cannot_read_it(process: Process, tmp_path: Path) -> None:
    place = made(process)
    other = KeyRing(f"sqlite:///{tmp_path / 'other.sqlite'}", bytes(32))
    with pytest.raises(BackupError, match="another installation"):
        backups.verify(other, place)
    other.close()
    wrong = Process(replace(process.settings, master_keys=(bytes(32),), master_file=None))
    with pytest.raises(WrongMasterKeyError):
        backups.restore(wrong, migrations, place)
    wrong.close()


def test_a_journal_that_is_older_than_the_backup_is_refused_unless_it_is_said_to_be_lost(process: Process) -> None:
    people(process, "ann")
    with process.working() as work:
        backups.journal.note(work.session, work.now, "invented")
    place = made(process)
    process.close()
    lost = process.settings.data / "keys" / "ledger.sqlite"
    for path in lost.parent.glob("ledger.sqlite*"):
        path.unlink()
    with pytest.raises(BackupError, match=r"the journal .* is older than this backup.*--journal-lost"):
        backups.restore(process, migrations, place)
    manifest = backups.restore(process, migrations, place, journal_lost=True)
    assert manifest.journal > 0
    assert process.journal.position() == manifest.journal
    process.make_sure()


def test_a_restore_leaves_no_byte_of_what_was_there(process: Process) -> None:
    place = made(process)
    people(process, "kanarienvogel")
    assert b"kanarienvogel" in (process.settings.data / "klarwert.sqlite-wal").read_bytes()
    backups.restore(process, migrations, place)
    for path in process.settings.data.glob("klarwert.sqlite*"):
        assert b"kanarienvogel" not in path.read_bytes()


@pytest.mark.parametrize("name", [backups.MANIFEST, "tables/subject/000000.jsonl"])
def test_a_manifest_that_says_something_else_is_refused(
    process: Process, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    people(process, "ann")
    real = backups._add

    def wrong(archive: Any, member: str, content: bytes) -> None:
        if member == name:
            content = changed(content) if name == backups.MANIFEST else content + b"{}\n"
        real(archive, member, content)

    def changed(content: bytes) -> bytes:
        said = json.loads(content)
        said["rows"]["subject"] += 1
        return json.dumps(said).encode()

    monkeypatch.setattr(backups, "_add", wrong)
    place = made(process)
    with pytest.raises(BackupError, match="not what its manifest says"):
        backups.verify(process.ring, place)


def test_without_a_manifest_it_is_not_whole(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    real = backups._add

    def forgetful(archive: Any, name: str, content: bytes) -> None:
        if name != backups.MANIFEST:
            real(archive, name, content)

    monkeypatch.setattr(backups, "_add", forgetful)
    place = made(process)
    with pytest.raises(BackupError, match="no manifest"):
        backups.verify(process.ring, place)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_restore_killed_anywhere_changed_nothing(database: str, request: pytest.FixtureRequest) -> None:
    process: Process = request.getfixturevalue("process" if database == "sqlite" else "postgres_process")
    process.clock = utc_now  # as the other process has it
    people(process, "ann")
    place = made(process)
    people(process, "bea")
    before = everything(process)
    process.close()
    environment = {
        **os.environ,
        "KLARWERT_DATA": str(process.settings.data),
        "KLARWERT_DATABASE": process.settings.database,
        "KLARWERT_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }

    def run(step: int) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", RESTORE, str(step), str(place)]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    for step in (1, 60, 150):
        assert run(step).returncode == -signal.SIGKILL
        assert everything(process) == before
        process.close()
    done = run(0)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 150
    assert len(everything(process)["subject"]) < len(before["subject"])
