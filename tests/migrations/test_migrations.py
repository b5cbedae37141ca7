"""The schema's history: its head is what the models say, on both databases, up and down and up again."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex

import migrations
from privacy.base import Base
from privacy.store import alone, open_store, writing
from tests.privacy.conftest import Beside, beside, waits
from tests.privacy.rows import fill, personal
from workers.runtime.process import Process

__all__ = ["beside"]

#: Brings a database to the head as soon as a line comes in, so that several processes do it at once.
UPGRADE = """
import sys
import migrations
from privacy.store import open_store
sys.stdin.readline()
migrations.upgrade(open_store(sys.argv[1]))
"""


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{copy}"


@pytest.fixture(params=["sqlite_url", "postgres_database"], ids=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a database at the head."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = open_store(url)
    yield opened
    opened.dispose()


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def shape(engine: Engine) -> dict[str, object]:
    """Columns, keys and indexes of every table, as the database tells them."""
    with engine.connect() as connection:
        inspector = inspect(connection)
        return {
            name: (
                sorted(
                    (str(each["name"]), str(each["type"]), each["nullable"]) for each in inspector.get_columns(name)
                ),
                sorted(str(each) for each in inspector.get_foreign_keys(name)),
                sorted(_index(each) for each in inspector.get_indexes(name)),
                sorted(str(each) for each in inspector.get_unique_constraints(name)),
            )
            for name in tables(engine)
        }


def _index(said: ReflectedIndex) -> str:
    options = {name: str(value) for name, value in said.get("dialect_options", {}).items()}
    return f"{said['name']} {said['column_names']} {said['unique']} {options}"


def test_the_head_is_what_the_models_say(engine: Engine) -> None:
    command.check(migrations.config(writing(engine)))
    assert tables(engine) == set(Base.metadata.tables)


def test_the_check_finds_what_differs(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(text("ALTER TABLE consent ADD COLUMN forgotten VARCHAR"))
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        command.check(migrations.config(writing(engine)))


def test_down_and_up_again_gives_the_same_schema(engine: Engine) -> None:
    before = shape(engine)
    command.downgrade(migrations.config(writing(engine)), "base")
    assert tables(engine) == set()
    migrations.upgrade(engine)
    assert shape(engine) == before
    command.check(migrations.config(writing(engine)))


def test_upgrading_again_keeps_what_is_there(each_process: Process) -> None:
    with each_process.working() as work:
        (ann,) = fill(work, "ann")
    migrations.upgrade(each_process.engine)
    with each_process.reading() as session:
        for model in personal():
            assert session.query(model).count() >= len(ann.rows[model])


def test_a_migration_that_fails_leaves_nothing_half_done(engine: Engine) -> None:
    command.downgrade(migrations.config(writing(engine)), "base")
    last = Base.metadata.sorted_tables[-1].name
    with writing(engine).begin() as connection:
        connection.execute(text(f'CREATE TABLE "{last}" (in_the_way INTEGER)'))
    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(engine)
    assert tables(engine) == {last}


def test_two_processes_that_start_together_bring_it_to_the_head_once(url: str, engine: Engine) -> None:
    command.downgrade(migrations.config(writing(engine)), "base")
    processes = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert tables(engine) == set(Base.metadata.tables)


def test_one_process_migrates_after_the_other(beside: Beside, postgres_database: str) -> None:
    engine = open_store(postgres_database)
    with engine.begin() as connection:
        alone(connection)
        migrating = beside(lambda: migrations.upgrade(engine))
        waits(migrating)
    migrating.result()
    engine.dispose()


def test_there_is_one_line_of_history() -> None:
    script = ScriptDirectory.from_config(migrations.config())
    assert len(script.get_heads()) == 1
    assert all(revision.doc for revision in script.walk_revisions())


def test_no_migration_imports_the_product() -> None:
    """The models go on; an old migration must stay what it was."""
    folder = Path(migrations.__file__).parent / "versions"
    for path in folder.glob("*.py"):
        content = path.read_text(encoding="utf-8")
        assert not any(f"{floor}." in content.replace("op.", "") for floor in ("privacy", "workers", "server")), (
            path.name
        )
