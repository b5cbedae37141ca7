"""The history of the database's schema (Alembic), and the way to its head."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from privacy.store import writing


def config(engine: Engine | None = None, connection: Connection | None = None) -> Config:
    """Alembic's configuration, for an engine, a running transaction or for its command line."""
    made = Config()
    made.set_main_option("script_location", "migrations:")
    made.attributes["engine"] = engine
    made.attributes["connection"] = connection
    return made


def upgrade(engine: Engine, to: str = "head") -> None:
    """Brings the schema to a revision; what is there already stays."""
    command.upgrade(config(writing(engine)), to)


def upgrade_within(connection: Connection, to: str = "head") -> None:
    """Brings the schema to a revision within a transaction that somebody else commits."""
    command.upgrade(config(connection=connection), to)


def known(revision: str) -> bool:
    """Is it a revision of this history?"""
    return revision in {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}


def revision(connection: Connection) -> str:
    """The revision that the schema has."""
    return MigrationContext.configure(connection).get_current_revision() or ""
