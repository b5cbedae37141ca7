"""Sealed columns: text under its person's key, bound to its row and column, so that it opens nowhere else."""

import json
from typing import Any

from sqlalchemy import inspect

from privacy.base import Base, Sealed, SealedBytes
from privacy.keyring import PersonKey


def place(row: Base, column: str) -> str:
    """Where a sealed value lives: table, primary key and column. The key must be set before sealing."""
    key = [str(getattr(row, part.name)) for part in inspect(type(row)).primary_key]
    if "None" in key:
        raise ValueError(f"{row.__tablename__}: the row needs its id before anything is sealed in it")
    return json.dumps([row.__tablename__, *key, column])  # no two places are written alike


def seal(row: Base, key: PersonKey, **texts: str | None) -> None:
    """Sets sealed columns of a row: `seal(account, key, email="…")`. None empties a column.

    Raises `ValueError` for a column that is not sealed.
    """
    if wrong := set(texts) - set(sealed_columns(type(row))):
        raise ValueError(f"{row.__tablename__}: not sealed: {', '.join(sorted(wrong))}")
    for column, text in texts.items():
        value = None if text is None else key.seal(place(row, column), text)
        setattr(row, column, value)


def unseal(row: Base, key: PersonKey, column: str) -> str:
    """The text of a sealed column; an empty column gives an empty text. Raises `SealBrokenError`."""
    sealed: Sealed | None = getattr(row, column)
    return "" if sealed is None else key.open(place(row, column), sealed)


def sealed_columns(table: type[Base]) -> list[str]:
    """Names of a table's sealed columns."""
    return [column.name for column in table.__table__.columns if isinstance(column.type, SealedBytes)]


def readable(row: Base, key: PersonKey, columns: tuple[str, ...]) -> dict[str, Any]:
    """The named columns of a row as values that a person can read: sealed ones opened."""
    closed = set(sealed_columns(type(row)))
    return {
        name: (None if getattr(row, name) is None else unseal(row, key, name)) if name in closed else getattr(row, name)
        for name in columns
    }
