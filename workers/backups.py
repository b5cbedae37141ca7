"""Backups: every declared table as it was at one moment and the vault's files, in one format for every database.

The content is a gzipped tar: rows as JSON lines in files of some thousand, the manifest last. Values that JSON does not
know carry their type, so a backup is read without the code that wrote it, and put back into a schema of its own
revision, which is then brought up to date.
"""

import gzip
import io
import json
import os
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol

from sqlalchemy import JSON, Connection, Engine, MetaData, func, insert, select, text, update
from sqlalchemy.orm import Session

from privacy import journal
from privacy.backup import BackupError, Kind, read, write, young_enough
from privacy.base import Base, models
from privacy.holdings import make_sure
from privacy.installation import id_of
from privacy.keyring import KeyRing
from privacy.ledger import LogLeaf, note
from privacy.plain import plain, value_of
from privacy.store import alone, writing
from workers.models import Bucket
from workers.runtime.process import Process

MANIFEST = "manifest.json"
_TABLES, _VAULT = "tables/", "vault/"
_TRIES = 5
_SECRET = "backup"  # noqa: S105 - the name of a key
_ROWS = 2000
_LEVEL = 5
_SALT_BYTES = 32


class Schema(Protocol):
    """The history of the schema (`migrations`), which this floor does not know."""

    def revision(self, connection: Connection) -> str:
        """The revision that a database has."""

    def known(self, revision: str) -> bool:
        """Is it a revision of this history?"""

    def upgrade_within(self, connection: Connection, to: str = "head") -> None:
        """Brings the schema to a revision within a transaction."""


class _FoldedError(Exception):
    """A fold replaced a file of the vault while it was read."""


@dataclass
class Manifest:
    """What is in a backup: what `verify` holds the content against."""

    installation: str
    made_at: str
    revision: str
    journal: int
    """The newest entry of the journal that the database knew."""
    rows: dict[str, int] = field(default_factory=dict)
    """By table, parents first."""
    hashes: dict[str, str] = field(default_factory=dict)
    """SHA-256 of every file of the content, in order."""
    lost: list[str] = field(default_factory=list)
    """Files of the vault that should have been there and were not."""


def create(process: Process, schema: Schema, folder: Path) -> tuple[Path, Manifest]:
    """Writes a backup of now. Raises `BackupError`, `UndeclaredHoldingError`."""
    gone: list[str] = []
    for _ in range(_TRIES):
        try:
            return _create(process, schema, folder, frozenset(one for one in gone if gone.count(one) > 1))
        except _FoldedError as folded:
            gone.append(str(folded))
    raise BackupError("files of the vault were replaced again and again while they were read: try once more")


def _create(process: Process, schema: Schema, folder: Path, lost: frozenset[str]) -> tuple[Path, Manifest]:
    """One try; `lost` are files that count and are not there, however often one looks."""
    now = process.clock()
    header = {
        "kind": Kind.DATA,
        "installation": id_of(process.ring),
        "made_at": now.isoformat(),
        "salt": os.urandom(_SALT_BYTES).hex(),
    }
    with write(folder, header, process.ring.instance(_SECRET)) as (place, file), _snapshot(process.engine) as session:
        make_sure(session)
        made = Manifest(
            installation=header["installation"],
            made_at=header["made_at"],
            revision=schema.revision(session.connection()),
            journal=journal.position_of(session),
        )
        with _packed(file) as archive:
            for name, content in chain(_vault(process, session, made, lost), _content(session, made)):
                made.hashes[name] = sha256(content).hexdigest()
                _add(archive, name, content)
            _add(archive, MANIFEST, json.dumps(vars(made), indent=1).encode())
    return place, made


def verify(ring: KeyRing, path: Path) -> Manifest:
    """Reads a backup to its end and holds it against its manifest. Raises `BackupError`."""
    hashes: dict[str, str] = {}
    rows: Counter[str] = Counter()
    for name, content in _files(ring, path):
        if name == MANIFEST:
            made = Manifest(**json.loads(content))
            break
        hashes[name] = sha256(content).hexdigest()
        if name.startswith(_TABLES):
            rows[_table(name)] += content.count(b"\n")
    else:
        raise BackupError("the backup has no manifest: it is not whole")
    if hashes != made.hashes or dict(rows) != {name: count for name, count in made.rows.items() if count}:
        raise BackupError("the backup is not what its manifest says")
    return made


def restore(process: Process, schema: Schema, path: Path, *, journal_lost: bool = False) -> Manifest:
    """Puts a backup in the place of everything that the database has: in one transaction, all or nothing.

    Nothing runs on it before the journal was replayed. With `journal_lost` the journal begins anew: what was erased
    since the backup is not known then. Raises `BackupError`, `WrongMasterKeyError`.
    """
    ring = KeyRing(process.settings.keyring, process.settings.masters())
    try:
        made = verify(ring, path)
        _fits(process, schema, ring, made)
        if journal_lost:
            process.journal.begin_after(made.journal)
        elif process.journal.position() < made.journal:
            raise BackupError(
                "the journal (KLARWERT_LEDGER) is older than this backup. Put the newest copy of that store back; if "
                "it is lost for good, say so with --journal-lost"
            )
        # Before the database: it points at them as soon as it is there. A fold sweeps those that it does not point at.
        for name, content in _files(ring, path):
            if name.startswith(_VAULT):
                process.storage.write(name.removeprefix(_VAULT), content)
                ring.revive_file(name.removeprefix(_VAULT))
        with writing(process.engine).begin() as connection:
            alone(connection)
            _load(connection, schema, ring, path, made)
            with Session(connection, join_transaction_mode="create_savepoint") as session:
                if journal_lost:  # and the log with it, which is in the same store: it begins anew, too
                    session.execute(update(LogLeaf).values(place=None))
                facts = {"backup": made.made_at, "journal_lost": journal_lost}
                note(session, process.clock(), "restore", None, **facts)
                session.commit()
    finally:
        ring.close()
    process.forget()
    process.close()
    return made


def _fits(process: Process, schema: Schema, ring: KeyRing, made: Manifest) -> None:
    if made.installation != id_of(ring):
        raise BackupError("this backup belongs to another installation")
    young_enough(made.made_at, process.clock(), process.settings.backup_days)
    if not schema.known(made.revision):
        raise BackupError("this backup was made by a newer version of Klarwert: install that one first")


def _load(connection: Connection, schema: Schema, ring: KeyRing, path: Path, made: Manifest) -> None:
    """Makes the schema of the backup anew, fills it, and brings it up to date."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    before = MetaData()
    before.reflect(connection)
    before.drop_all(connection)
    schema.upgrade_within(connection, made.revision)
    now = MetaData()
    now.reflect(connection)
    for column in (column for table in now.tables.values() for column in table.columns):
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)
    for name, content in _files(ring, path):
        if name.startswith(_TABLES):
            rows = [{key: value_of(value) for key, value in json.loads(line).items()} for line in content.splitlines()]
            connection.execute(insert(now.tables[_table(name)]), rows)
    if connection.dialect.name == "postgresql":
        _go_on_counting(connection, now)
    schema.upgrade_within(connection)


def _go_on_counting(connection: Connection, tables: MetaData) -> None:
    """Has PostgreSQL give new numbers behind those that came with the rows; SQLite looks at the rows."""
    for table in tables.sorted_tables:
        counted = table.autoincrement_column
        if counted is not None:
            sequence = select(func.pg_get_serial_sequence(table.name, counted.name)).scalar_subquery()
            connection.execute(select(func.setval(sequence, func.coalesce(func.max(counted), 0) + 1, False)))  # noqa: FBT003


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Session]:
    """A session that sees one moment, however long it reads."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(engine) as session:
        yield session


def _vault(process: Process, session: Session, made: Manifest, lost: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    """The files of the vault that count at this moment, first of all: a fold removes those that it replaces."""
    for name in map(str, session.scalars(select(Bucket.file).where(Bucket.file.is_not(None)).order_by(Bucket.file))):
        if name in lost:
            made.lost.append(name)
            continue
        try:
            yield f"{_VAULT}{name}", process.storage.read(name)
        except FileNotFoundError:
            raise _FoldedError(name) from None


def _content(session: Session, made: Manifest) -> Iterator[tuple[str, bytes]]:
    """The tables as files of JSON lines; counts the rows."""
    for model in models():
        table = Base.metadata.tables[model.__tablename__]
        rows = session.connection().execution_options(yield_per=_ROWS).execute(select(table)).mappings()
        made.rows[table.name] = 0
        for number, some in enumerate(rows.partitions()):
            made.rows[table.name] += len(some)
            lines = [json.dumps({key: plain(value) for key, value in row.items()}) for row in some]
            yield f"{_TABLES}{table.name}/{number:06d}.jsonl", "".join(f"{line}\n" for line in lines).encode()


def _table(name: str) -> str:
    return name.split("/")[1]


@contextmanager
def _packed(file: BinaryIO) -> Iterator[tarfile.TarFile]:
    with (
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        yield archive


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _files(ring: KeyRing, path: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a backup in order; at its end it was whole. Raises `BackupError`."""
    with read(path, lambda _header: ring.instance(_SECRET)) as (header, content):
        if header["kind"] != Kind.DATA:
            raise BackupError("this is a backup of keys, not of data")
        try:
            with gzip.GzipFile(fileobj=content) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
                for member in archive:
                    held = archive.extractfile(member)
                    yield member.name, held.read() if held else b""
        except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile):
            raise BackupError("the backup is damaged: its content cannot be unpacked") from None
