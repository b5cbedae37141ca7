"""Sealed columns: text or bytes under its person's key, bound to its row and column, so that it opens nowhere else."""

import json
from typing import Any

from sqlalchemy import inspect

from privacy.base import Base, Sealed, SealedBytes
from privacy.keyring import PersonKey


def place(row: Base, column: str) -> str:
    """Where a sealed value lives: table, primary key and column. The key must be set before sealing.

    A table whose keys the database gives names other columns in `__sealed_by__`.
    """
    names = getattr(row, "__sealed_by__", None) or [part.name for part in inspect(type(row)).primary_key]
    key = [str(getattr(row, name)) for name in names]
    if "None" in key:
        raise ValueError(f"{row.__tablename__}: the row needs its id before anything is sealed in it")
    return json.dumps([row.__tablename__, *key, column])  # no two places are written alike


def seal(row: Base, key: PersonKey, **contents: str | bytes | None) -> None:
    """Sets sealed columns of a row: `seal(account, key, email="…")`. None empties a column.

    Raises `ValueError` for a column that is not sealed.
    """
    if wrong := set(contents) - set(sealed_columns(type(row))):
        raise ValueError(f"{row.__tablename__}: not sealed: {', '.join(sorted(wrong))}")
    for column, content in contents.items():
        value = None if content is None else key.seal(place(row, column), content)
        setattr(row, column, value)


def unseal(row: Base, key: PersonKey, column: str) -> str:
    """The text of a sealed column; an empty column gives an empty text. Raises `SealBrokenError`."""
    sealed: Sealed | None = getattr(row, column)
    return "" if sealed is None else key.open(place(row, column), sealed)


def unseal_bytes(row: Base, key: PersonKey, column: str) -> bytes:
    """The bytes of a sealed column; an empty column gives none. Raises `SealBrokenError`."""
    sealed: Sealed | None = getattr(row, column)
    return b"" if sealed is None else key.open_bytes(place(row, column), sealed)


def sealed_columns(table: type[Base]) -> list[str]:
    """Names of a table's sealed columns."""
    return [column.name for column in table.__table__.columns if isinstance(column.type, SealedBytes)]


def readable(row: Base, key: PersonKey, columns: tuple[str, ...]) -> dict[str, Any]:
    """The named columns of a row as values that a person can read: sealed ones opened.

    A sealed column of bytes says by `info={"reads": function}` how they become something readable.
    """
    closed = set(sealed_columns(type(row)))
    return {name: _opened(row, key, name) if name in closed else getattr(row, name) for name in columns}


def _opened(row: Base, key: PersonKey, column: str) -> Any:
    if getattr(row, column) is None:
        return None
    reads = row.__table__.c[column].info.get("reads")
    return reads(unseal_bytes(row, key, column)) if reads else unseal(row, key, column)
