"""Opens a database by its URL under our rules: SQLite forgets what it deletes, and writers take their turn."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_MS = 30_000
_FORGET_MS = 5_000
_LOOK_SECONDS = 0.02
_COMMON = (f"busy_timeout={_BUSY_MS}", "secure_delete=ON", "foreign_keys=ON", "temp_store=MEMORY")
#: Readers and a writer at once; what was deleted stays in the log until `forget`.
_LOGGED = (*_COMMON, "journal_mode=WAL", "synchronous=FULL")
#: No log: what a committed deletion took is in no file any more, even if the power goes off right after it.
_UNLOGGED = (*_COMMON, "journal_mode=DELETE", "synchronous=EXTRA")
_ALONE = 0x6B6C6172


def open_store(url: str, *, logged: bool = True) -> Engine:
    """An engine for SQLite or PostgreSQL. Texts of errors carry no values (`hide_parameters`).

    Without `logged` SQLite keeps no write-ahead log: slower, and a deletion is complete with its commit.
    """
    address = make_url(url)
    engine = create_engine(address, hide_parameters=True, pool_pre_ping=not address.drivername.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up(_LOGGED if logged else _UNLOGGED))
        event.listen(engine, "begin", _on_begin)
    return engine


def open_own(url: str, tables: MetaData, *, logged: bool = True) -> Engine:
    """The same for a store of a few tables of its own, which are made at its first opening."""
    engine = open_store(url, logged=logged)
    with writing(engine).begin() as connection:
        alone(connection)
        tables.create_all(connection)
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they begin with `BEGIN IMMEDIATE`.

    A read that turns into a write would fail at once with "database is locked" when somebody wrote in between.
    """
    return engine.execution_options(klarwert_writes=True)


def alone(connection: Connection) -> None:
    """Makes everybody else who calls this wait until the transaction ends: for changes of the schema.

    On SQLite a transaction that writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ALONE})


def _set_up(pragmas: tuple[str, ...]) -> Callable[[Any, ConnectionPoolEntry], None]:
    def on_connect(raw: Any, _record: ConnectionPoolEntry) -> None:
        # The driver's own transactions are off: `_on_begin` says how each one begins.
        raw.isolation_level = None
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}")

    return on_connect


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("klarwert_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def forget(engine: Engine, wait_ms: int = _FORGET_MS) -> bool:
    """After an erasure: takes deleted bytes out of SQLite's write-ahead log (R29). False if readers kept it busy.

    Nobody can write while it waits for readers, so it waits a short while only, and the caller comes again. While
    another connection does the same SQLite does not wait at all (https://sqlite.org/c3ref/wal_checkpoint_v2.html).
    """
    if engine.dialect.name != "sqlite":
        return True
    end = time.monotonic() + wait_ms / 1000
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout={wait_ms}")
        while not (done := _truncated(cursor)) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    finally:
        raw.close()
    return done


def _truncated(cursor: Any) -> bool:
    found = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return bool(found[0] == 0)


def rewrite(engine: Engine, table: str) -> None:
    """After deleting a key: on PostgreSQL makes the table's file anew, since deleted rows stay in the old one."""
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql(f'VACUUM FULL "{table}"')


def answers(engine: Engine) -> None:
    """Raises the driver's error if the database cannot be reached."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
