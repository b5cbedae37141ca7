"""What every test may stand on: a clock, a real Redis, real databases with the migrated schema, one installation."""

import base64
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from redis import Redis
from sqlalchemy import make_url

import migrations
from privacy.store import open_store
from server.services import passwords
from tests.factories.websites import websites
from tests.networks.bluesky.fixtures import bluesky_network
from tests.networks.bluesky.postgres import ThrowAwayPostgres
from workers.runtime import process as processes
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process
from workers.runtime.settings import Organisation, Settings, read

__all__ = ["bluesky_network", "websites"]

# A busy machine is no fault: no example of a property is timed, in CI or elsewhere.
hypothesis.settings.register_profile("untimed", parent=hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("untimed")

#: How passwords are hashed in the product. It takes a tenth of a second by design, and thousands of tests sign somebody
#: up; so in the processes of the tests themselves the same function hashes with less memory.
PASSWORD_HASHER = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

ORGANISATION = Organisation(
    name="Verein Beispiel e. V.",
    address="Beispielweg 1, 12345 Beispielstadt",
    contact="hallo@beispiel.example",
    dpo="datenschutz@beispiel.example",
    authority="Landesbeauftragte für Datenschutz Beispielland",
    imprint="https://beispiel.example/impressum",
)
_numbers = count()


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time (UTC)."""
        return self.now

    def go(self, **span: float) -> None:
        """Goes on by a span: `clock.go(days=1)`."""
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Valkey server for the whole run."""
    with TemporaryDirectory(prefix="klarwert-redis-") as folder:
        socket = Path(folder) / "redis.sock"
        with embedded_redis(socket):
            yield f"unix://{socket}"


@pytest.fixture
def clean_redis(redis_url: str) -> str:
    """The address of a Redis without anything in it."""
    redis = Redis.from_url(redis_url)
    redis.flushall()
    redis.close()
    return redis_url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy."""
    path = tmp_path_factory.mktemp("template") / "klarwert.sqlite"
    engine = open_store(f"sqlite:///{path}")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL for the whole run, with a migrated database `template_klarwert` to copy."""
    server = ThrowAwayPostgres()
    server.start()
    try:
        url = server.url.replace("postgresql://", "postgresql+psycopg://")
        _create(server.url, "template_klarwert")
        engine = open_store(url.removesuffix("/postgres") + "/template_klarwert")
        migrations.upgrade(engine)
        engine.dispose()
        yield url
    finally:
        server.stop()


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """A migrated, empty PostgreSQL database of its own."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    address = make_url(postgres).set(drivername="postgresql").render_as_string(hide_password=False)
    _create(address, name, "template_klarwert")
    yield postgres.removesuffix("/postgres") + f"/{name}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _create(address: str, name: str, template: str = "template1") -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


@pytest.fixture
def settings(tmp_path: Path, clean_redis: str) -> Settings:
    """Settings of an installation in a folder of its own, whose organisation has said everything."""
    read_settings = read(
        {
            "KLARWERT_DATA": str(tmp_path / "data"),
            "KLARWERT_REDIS": clean_redis,
            "KLARWERT_BUCKETS": "2",
            "KLARWERT_MASTER_KEY": base64.b64encode(bytes(range(32))).decode(),
        }
    )
    (tmp_path / "data" / "keys").mkdir(parents=True)
    return replace(read_settings, organisation=ORGANISATION)


@pytest.fixture
def process(settings: Settings, sqlite_template: Path, clock: Clock) -> Iterator[Process]:
    """One installation on SQLite, with real Redis and a clock that stands still; jobs of this process work for it."""
    shutil.copy(sqlite_template, settings.data / "klarwert.sqlite")
    yield from _bound(Process(settings, clock))


@pytest.fixture
def postgres_process(settings: Settings, postgres_database: str, clock: Clock) -> Iterator[Process]:
    """One installation on PostgreSQL."""
    yield from _bound(Process(replace(settings, database=postgres_database), clock))


@pytest.fixture(params=["process", "postgres_process"], ids=["sqlite", "postgresql"])
def each_process(request: pytest.FixtureRequest) -> Process:
    """One installation on each database in turn."""
    found: Process = request.getfixturevalue(request.param)
    return found


def _bound(process: Process) -> Iterator[Process]:
    processes.bind(process)
    yield process
    process.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then those with the longest limit, so that nobody waits for one at the end; else random."""

    def order(item: pytest.Item) -> tuple[bool, int]:
        slow, limit = item.get_closest_marker("slow") is not None, item.get_closest_marker("timeout")
        return slow, -limit.args[0] if slow and limit else 0

    items.sort(key=order)
