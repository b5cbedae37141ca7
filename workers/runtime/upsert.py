"""Writes rows whether or not others with their keys are there already, so that two jobs at once do not collide."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy.base import Base


def upsert(session: Session, row: Base, newest: str) -> None:
    """Inserts a row, or replaces the one with its key, unless that has a later moment in the column `newest`.

    `row` must not be in a session. A job that began earlier and ends later so never overwrites the newer result.
    """
    table = cast("Table", type(row).__table__)
    values = {column.name: getattr(row, column.name) for column in table.columns}
    session.execute(_statement(session, table, values, newest))


def upsert_all(
    session: Session,
    model: type[Base],
    same: Mapping[str, Any],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    newest: str,
) -> None:
    """Does the same for very many rows at once. All have what is in `same`; `rows` have the columns `names`.

    The values of `rows` go to the driver as they are: texts (JSON, too), numbers, bytes.
    """
    table = cast("Table", model.__table__)
    dialect = session.connection().dialect
    values: dict[str, Any] = {name: bindparam(name) for name in (*names, *same)}
    compiled = _statement(session, table, values, newest).compile(dialect=dialect)
    every = [_bound(table, name, value, dialect) for name, value in same.items()]
    order, rest = [*names, *same], tuple(every)
    if compiled.positional:
        placed = itemgetter(*(order.index(name) for name in compiled.positiontup or ()))
        given: list[Any] = [placed(tuple(row) + rest) for row in rows]
    else:
        given = [dict(zip(order, tuple(row) + rest, strict=True)) for row in rows]
    if given:
        session.connection().exec_driver_sql(str(compiled), given)


def _bound(table: Table, name: str, value: Any, dialect: Any) -> Any:
    process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return process(value) if process else value


def _statement(session: Session, table: Table, values: Mapping[str, Any], newest: str) -> Any:
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(table).values(values)
    key = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={name: statement.excluded[name] for name in values if name not in key},
        where=table.c[newest] <= statement.excluded[newest],
    )
