import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from privacy.store import alone, answers, forget, open_store, rewrite, writing
from tests.privacy.conftest import Beside, waits
from tests.privacy.scan import hits

CANARY = b"canary-of-somebody-who-was-erased"
#: Writes and deletes in a database, tells so and waits to be killed.
DELETE = """
import sys
from sqlalchemy import text
from privacy.store import open_store, writing
engine = writing(open_store(sys.argv[1]))
with engine.begin() as connection:
    connection.execute(text("INSERT INTO thing VALUES (1, :word)"), {"word": sys.argv[2]})
with engine.begin() as connection:
    connection.execute(text("DELETE FROM thing"))
print("deleted", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "store"
    place.mkdir()
    return place


@pytest.fixture
def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'store.sqlite'}"


@pytest.fixture
def store(url: str) -> Iterator[Engine]:
    engine = open_store(url)
    _prepare(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_store(postgres_database: str) -> Iterator[Engine]:
    engine = open_store(postgres_database)
    _prepare(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["store", "postgres_store"], ids=["sqlite", "postgresql"])
def each_store(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


def _prepare(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(text("CREATE TABLE thing (number INTEGER PRIMARY KEY, word TEXT UNIQUE)"))
        connection.execute(text("CREATE TABLE part (number INTEGER REFERENCES thing(number))"))


def put(engine: Engine, number: int, word: str) -> None:
    with writing(engine).begin() as connection:
        connection.execute(text("INSERT INTO thing VALUES (:number, :word)"), {"number": number, "word": word})


@pytest.mark.parametrize("logged", [True, False])
def test_every_connection_to_sqlite_keeps_our_rules(folder: Path, logged: bool) -> None:
    engine = open_store(f"sqlite:///{folder / 'rules.sqlite'}", logged=logged)
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in (
                    "busy_timeout",
                    "journal_mode",
                    "secure_delete",
                    "foreign_keys",
                    "synchronous",
                    "temp_store",
                )
            }
            assert found == {
                "busy_timeout": 30_000,
                "journal_mode": "wal" if logged else "delete",
                "secure_delete": 1,
                "foreign_keys": 1,
                "synchronous": 2 if logged else 3,
                "temp_store": 2,
            }
    engine.dispose()


def test_a_row_that_points_at_nothing_is_refused(each_store: Engine) -> None:
    with pytest.raises(IntegrityError), writing(each_store).begin() as connection:
        connection.execute(text("INSERT INTO part VALUES (7)"))


def test_what_a_failed_block_wrote_is_undone(each_store: Engine) -> None:
    def write() -> None:
        with writing(each_store).begin() as connection:
            connection.execute(text("INSERT INTO thing VALUES (1, 'word'), (2, 'other')"))
            connection.execute(text("INSERT INTO thing VALUES (1, 'again')"))

    with pytest.raises(IntegrityError):
        write()
    with each_store.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM thing")) == 0


def test_texts_of_errors_carry_no_arguments(each_store: Engine) -> None:
    put(each_store, 1, "ann@ann.example")
    with pytest.raises(IntegrityError) as caught:
        put(each_store, 1, "bea@bea.example")
    assert "bea" not in str(caught.value)
    assert "parameters hidden" in str(caught.value)


def test_writers_take_their_turn(beside: Beside, store: Engine) -> None:
    put(store, 1, "0")
    together = Barrier(2)

    def count_on() -> None:
        together.wait()
        for _ in range(25):
            with writing(store).begin() as connection:
                found = int(connection.scalar(text("SELECT word FROM thing")))
                connection.execute(text("UPDATE thing SET word = :word"), {"word": str(found + 1)})

    other = beside(count_on)
    count_on()
    other.result()
    with store.connect() as connection:
        assert connection.scalar(text("SELECT word FROM thing")) == "50"


def test_a_second_writer_waits_for_the_first(beside: Beside, store: Engine) -> None:
    with writing(store).connect() as connection:
        connection.execute(text("INSERT INTO thing VALUES (1, 'first')"))
        second = beside(lambda: put(store, 2, "second"))
        waits(second)
        connection.commit()
        second.result()


def test_a_reader_does_not_wait_and_sees_what_was_there(store: Engine) -> None:
    with writing(store).begin() as writer, store.connect() as reader:
        writer.execute(text("INSERT INTO thing VALUES (1, 'word')"))
        assert reader.scalar(text("SELECT count(*) FROM thing")) == 0


def test_a_read_that_turns_into_a_write_fails_where_it_was_not_announced(store: Engine) -> None:
    """Why writers begin with `BEGIN IMMEDIATE`."""
    with store.connect() as connection:
        connection.scalar(text("SELECT count(*) FROM thing"))
        put(store, 1, "word")
        with pytest.raises(OperationalError, match="database is locked"):
            connection.execute(text("INSERT INTO thing VALUES (2, 'other')"))


def test_deleted_values_are_gone_from_the_bytes_once_forgotten(folder: Path, store: Engine) -> None:
    for number in range(50):
        put(store, number, f"{CANARY.decode()}{number}" * (number + 1))
    put(store, 1000, "of somebody else")
    assert hits(folder, [CANARY])
    with writing(store).begin() as connection:
        connection.execute(text("DELETE FROM thing WHERE number < 1000"))
    assert forget(store) is True
    assert hits(folder, [CANARY]) == []
    assert hits(folder, ["of somebody else"])


def test_changed_values_are_gone_from_the_bytes_once_forgotten(folder: Path, store: Engine) -> None:
    put(store, 1, CANARY.decode())
    with writing(store).begin() as connection:
        connection.execute(text("UPDATE thing SET word = 'other'"))
    assert forget(store) is True
    assert hits(folder, [CANARY]) == []


def test_forgetting_empties_the_write_ahead_log(folder: Path, store: Engine) -> None:
    put(store, 1, "word")
    log = folder / "store.sqlite-wal"
    assert log.stat().st_size > 0
    assert forget(store) is True
    assert log.stat().st_size == 0


def test_forgetting_says_that_a_reader_kept_the_log_busy(folder: Path, store: Engine) -> None:
    put(store, 1, CANARY.decode())
    with store.connect() as reader:
        reader.scalar(text("SELECT count(*) FROM thing"))
        with writing(store).begin() as connection:
            connection.execute(text("DELETE FROM thing"))
        assert forget(store, wait_ms=50) is False
    assert forget(store) is True
    assert hits(folder, [CANARY]) == []


def test_forgetting_leaves_connections_as_patient_as_before(store: Engine) -> None:
    forget(store, wait_ms=50)
    with store.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_what_a_killed_process_left_in_the_log_is_forgotten_later(folder: Path, url: str, store: Engine) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DELETE, url, CANARY.decode()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"deleted\n"
        os.kill(process.pid, signal.SIGKILL)
    assert hits(folder, [CANARY])
    assert forget(store) is True
    assert hits(folder, [CANARY]) == []


def test_without_a_log_a_deletion_is_complete_with_its_commit(folder: Path) -> None:
    engine = open_store(f"sqlite:///{folder / 'unlogged.sqlite'}", logged=False)
    _prepare(engine)
    put(engine, 1, CANARY.decode())
    with writing(engine).begin() as connection:
        connection.execute(text("DELETE FROM thing"))
    assert hits(folder, [CANARY]) == []
    assert forget(engine) is True
    engine.dispose()


def test_postgresql_has_no_log_of_ours_to_forget(postgres_store: Engine) -> None:
    assert forget(postgres_store) is True


def test_rewriting_keeps_what_was_not_deleted(each_store: Engine) -> None:
    put(each_store, 1, "word")
    rewrite(each_store, "thing")
    with each_store.connect() as connection:
        assert connection.scalar(text("SELECT word FROM thing")) == "word"


def test_who_is_alone_is_waited_for(beside: Beside, each_store: Engine) -> None:
    def change() -> None:
        with writing(each_store).begin() as connection:
            alone(connection)

    with writing(each_store).connect() as connection:
        connection.begin()
        alone(connection)
        other = beside(change)
        waits(other)
        connection.commit()
        other.result()


def test_a_database_that_is_there_answers(each_store: Engine) -> None:
    answers(each_store)


def test_a_database_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        answers(open_store(f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}"))
