"""Runs Alembic on the engine it is given."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

import privacy.consent
import privacy.disclosure
import privacy.installation
import privacy.request
import server.models
import workers.models
from privacy.base import Base, SealedBytes, UtcDateTime
from privacy.store import alone

_LOADED = (
    privacy.consent, privacy.disclosure, privacy.installation, privacy.request, server.models, workers.models,
)  # fmt: skip


def _plain(kind: str, column_type: Any, _context: object) -> str | Literal[False]:
    """Writes our column types as the plain ones they are stored as: a migration does not import the product."""
    if kind == "type" and isinstance(column_type, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(column_type, SealedBytes):
        return "sa.LargeBinary()"
    return False


def _run(connection: Connection) -> None:
    alone(connection)  # two processes of a first start
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=True,
        render_item=_plain,
    )
    with context.begin_transaction():
        context.run_migrations()


if (within := context.config.attributes.get("connection")) is not None:
    _run(within)
else:
    with context.config.attributes["engine"].begin() as begun:
        _run(begun)
