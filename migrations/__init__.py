"""The history of the database's schema (Alembic), and the way to its head."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from privacy.store import writing


def config(engine: Engine | None = None) -> Config:
    """Alembic's configuration, for an engine or for its command line."""
    made = Config()
    made.set_main_option("script_location", "migrations:")
    made.attributes["engine"] = engine
    return made


def upgrade(engine: Engine, to: str = "head") -> None:
    """Brings the schema to a revision; what is there already stays."""
    command.upgrade(config(writing(engine)), to)
