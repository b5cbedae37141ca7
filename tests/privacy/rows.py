"""Builds a row of an invented person in every table of every floor, with a value in each column that nobody else has.

It looks at the declarations and not at the tables' meaning, so that a table that is added later is covered by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Table

import privacy.consent
import server.models
import workers.models
from privacy.base import Base, SealedBytes, Subject, UtcDateTime, models, new_id
from privacy.sealed import seal
from workers.runtime.work import Work

FLOORS = (privacy.consent, server.models, workers.models)
_numbers = count(1_000_003)


#: A hold in force would keep what these people's erasure is to take.
_COMMON: Mapping[tuple[str, str], Callable[["Person"], Any]] = {("hold", "in_force_since"): lambda _person: None}

Words = Mapping[tuple[str, str], Callable[["Person"], Any]]
"""By table and column a value that has to mean something to the program."""


@dataclass
class Person:
    """An invented person and everything that is stored about them."""

    id: str
    name: str
    """Stands in every text of theirs, so that a scan of bytes finds it."""
    words: Words = field(default_factory=dict)
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=dict)
    """For each table their rows, sealed columns as the text that was sealed."""
    open: set[bytes] = field(default_factory=set)
    """Texts that are stored as they are."""
    secrets: set[bytes] = field(default_factory=set)
    """Texts that are stored sealed only."""

    def found(self, model: type[Base], column: str) -> list[Any]:
        """What stands in a column of theirs."""
        return [row[column] for row in self.rows[model]]


def personal() -> list[type[Base]]:
    """Every table that holds something about persons."""
    return [model for model in models() if model.__holds__.persons]


def fill(work: Work, *names: str, words: Words = MappingProxyType({}), spare: bool = False) -> list[Person]:
    """Makes people, each with a row in every table, and a bystander whom rows about two people name, too.

    With `spare`, tables about nobody get a row only where rows of people point at it: a program may run on the others.
    """
    common: dict[Table, dict[str, Any]] = {}
    pointed_at = {key.column.table for model in personal() for key in model.__table__.foreign_keys}
    for model in models():
        if not model.__holds__.persons and (not spare or model.__table__ in pointed_at):
            common[model.__table__] = _add(work, model, Person("", "nobody", words), common, {})
    bystander = _person(work, "bystander", common, "", words)
    return [_person(work, name, common, bystander.id, words) for name in names]


def _person(work: Work, name: str, common: dict[Table, dict[str, Any]], other: str, words: Words) -> Person:
    person = Person(new_id(), f"{name}-{new_id()}", words)
    work.ring.create(person.id)
    known = dict(common)
    for model in personal():
        for fixed in _roles(model, person.id, other):
            row = _add(work, model, person, known, fixed)
            person.rows.setdefault(model, []).append(row)
            known[model.__table__] = row
    return person


def _roles(model: type[Base], mine: str, other: str) -> list[dict[str, str]]:
    """A row for each column that may name the person, with the other one in the remaining ones."""
    persons = model.__holds__.persons
    if model is Subject or len(persons) == 1:
        return [{persons[0]: mine}]
    return [{column: mine if column == own else other for column in persons} for own in persons] if other else []


def _add(
    work: Work, model: type[Base], person: Person, known: dict[Table, dict[str, Any]], fixed: dict[str, str]
) -> dict[str, Any]:
    plain = {
        column.name: fixed.get(column.name) or _value(column, person, known, work.now)
        for column in model.__table__.columns
    }
    closed = {column.name for column in model.__table__.columns if isinstance(column.type, SealedBytes)}
    row = model(**{name: value for name, value in plain.items() if name not in closed})
    if closed:
        owner = fixed[model.__holds__.subject or ""]
        seal(row, work.ring.person(owner), **{name: plain[name] for name in closed})
    for name, value in plain.items():
        (text,) = value if isinstance(value, dict) else (value,)  # a document has one key
        if isinstance(text, str | bytes) and person.name in str(text):
            texts = person.secrets if name in closed else person.open
            texts.add(text.encode() if isinstance(text, str) else text)
    work.session.add(row)
    work.session.flush()
    return plain


def _value(column: Column[Any], person: Person, known: dict[Table, dict[str, Any]], now: datetime) -> Any:
    fixed = {**_COMMON, **person.words}.get((column.table.name, column.name))
    if fixed is not None:
        return fixed(person)
    key: ForeignKey | None = next(iter(column.foreign_keys), None)
    if key is not None:
        return known[key.column.table][key.column.name]
    number = next(_numbers)
    text = f"{person.name}.{column.table.name}.{column.name}.{number}"
    if isinstance(column.type, SealedBytes):
        # Packed bytes have a version in front, and rows of equal size behind it.
        return "\x01" + text.ljust(24 * 8) if "reads" in column.info else text
    if isinstance(column.type, UtcDateTime):
        return now + timedelta(microseconds=number)
    if isinstance(column.type, JSON):
        return {text: number + 0.25}
    made: dict[type, Any] = {
        str: text,
        bytes: text.encode(),
        int: number,
        float: number + 0.5,
        bool: True,
        date: now.date() + timedelta(days=number - 1_000_000),
    }
    return made[column.type.python_type]
