"""Writes a row whether or not one with its key is there already, so that two jobs at once do not collide."""

from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy.base import Base


def upsert(session: Session, row: Base, newest: str) -> None:
    """Inserts a row, or replaces the one with its key, unless that has a later moment in the column `newest`.

    `row` must not be in a session. A job that began earlier and ends later so never overwrites the newer result.
    """
    table = cast("Table", type(row).__table__)
    values = {column.name: getattr(row, column.name) for column in table.columns}
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(table).values(values)
    key = [column.name for column in table.primary_key]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=key,
            set_={name: statement.excluded[name] for name in values if name not in key},
            where=table.c[newest] <= statement.excluded[newest],
        )
    )
