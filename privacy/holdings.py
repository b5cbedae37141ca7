"""Every place of personal data, and the three verbs over all of them: export, erase, expire.

Tables declare themselves (`privacy.base.Holds`); other places (files, queues) are objects with the same verbs. The
verbs refuse to run where the declarations are not exactly the tables of the database: a process that forgot to load
a floor would otherwise forget a person's data.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table, delete, func, inspect, or_, select
from sqlalchemy.orm import Session

from privacy.base import Base, Holds, Subject, models
from privacy.hold import Hold, SetAside, in_force, put_aside
from privacy.keyring import KeyGoneError, KeyRing, PersonKey
from privacy.sealed import readable, sealed_columns
from privacy.vocabulary import Medium

#: Tables that hold nothing but the version of the schema.
_BOOKKEEPING = frozenset({"alembic_version"})
#: Retention runs once a day: what is overdue by more was left behind by a run.
_A_RUN = timedelta(days=1)

#: Rows that are fetched together.
_AT_ONCE = 1000


class UndeclaredHoldingError(RuntimeError):
    """This process does not know exactly the tables that the database has."""


class NotThereError(RuntimeError):
    """What a place should hold is not there or cannot be read, such as a file: nothing of anybody is found in it."""


class Place(Protocol):
    """A place of personal data that is not a table of the database, and that can look for one person.

    `holds` says kind, about whom, for what, on which basis, how long and how it is erased; `where` is the pattern of
    its files in the data folder.
    """

    @property
    def holds(self) -> Holds:
        """What it says it holds."""

    @property
    def where(self) -> str:
        """Its files below the data folder, as a pattern."""

    def export(self, subject_id: str) -> list[dict[str, Any]]:
        """What it holds about a person, readable. Raises `NotThereError` rather than telling a part."""

    def erase(self, subject_id: str) -> int:
        """Removes it; how many things went. Erasing again is no error."""

    def expire(self, now: datetime) -> int:
        """Removes what is overdue; how many things went."""

    def due(self, now: datetime) -> int:
        """How many things `expire` would remove now; removes nothing."""


@dataclass(frozen=True)
class Spot:
    """A place that needs no verb: what lies there goes by itself, is destroyed last, or is about nobody.

    `where` is a pattern of files in the data folder, of keys in Redis, or the name of a log field or cookie. `holds` is
    None where tables declare what is in it, row by row (a database).
    """

    medium: Medium
    where: str
    holds: Holds | None


@dataclass(frozen=True)
class Due:
    """What retention finds of one kind of data."""

    things: int | None
    """How many there are; None for a place that is no table."""
    due: int
    """The next run deletes so many."""
    late: int
    """Of these, a run should have deleted so many already: more than a day over their time."""


_NONE = Due(0, 0, 0)
#: What stays when somebody is erased of whom something is on hold: the hold, its copy, and the random number they name.
_SPARED = frozenset(model.__holds__.kind for model in (Subject, Hold, SetAside))


@dataclass(frozen=True)
class Holdings:
    """All places: the tables of the session's database and the others."""

    ring: KeyRing
    places: Sequence[Place] = ()

    def kinds(self) -> list[str]:
        """Every data kind that a person's export has, each once."""
        tables = [model.__holds__.kind for model in models() if model.__holds__.subject is not None]
        return list(dict.fromkeys([*tables, *(place.holds.kind for place in self.places)]))

    def rows(self, session: Session, subject_id: str, kind: str) -> Iterator[dict[str, Any]]:
        """What there is of one data kind about a person, every declared column, sealed ones opened (R26).

        Rows come one after the other, so that whoever writes them down needs no room for all. Raises
        `UndeclaredHoldingError`, `KeyGoneError`.
        """
        make_sure(session)
        key = self.ring.person(subject_id)
        for model in models():
            if model.__holds__.kind == kind and model.__holds__.subject is not None:
                yield from _rows(session, model, subject_id, key)
        for place in self.places:
            if place.holds.kind == kind:
                yield from place.export(subject_id)

    def export(self, session: Session, subject_id: str) -> dict[str, list[dict[str, Any]]]:
        """Everything about a person by data kind. Raises `UndeclaredHoldingError`, `KeyGoneError`."""
        return {kind: list(self.rows(session, subject_id, kind)) for kind in self.kinds()}

    def erase(self, session: Session, subject_id: str) -> dict[str, int]:
        """Deletes a person from every table; how many rows by data kind. Erasing again is no error.

        What is set aside for a hold stays (`spared` says which kinds), until the hold is over. The caller commits, then
        erases the places and destroys the key last. Raises `UndeclaredHoldingError`.
        """
        make_sure(session)
        session.flush()
        # Waits for whoever is about to store something about the person: nothing can arrive behind the deleting.
        session.execute(select(Subject.id).where(Subject.id == subject_id).with_for_update())
        counts: Counter[str] = Counter()
        spared = self.spared(session, subject_id)
        for model, table in _children_first():
            if model.__holds__.persons and model.__holds__.kind not in spared:
                gone = session.connection().execute(delete(table).where(_about(model, subject_id)))
                counts[model.__holds__.kind] += gone.rowcount
        return dict(counts)

    def spared(self, session: Session, subject_id: str) -> frozenset[str]:
        """The kinds of data of a person that an erasure leaves because of a hold.

        Empty where there is none in force, or where the key is gone that opens what it set aside; otherwise the
        person's key has to stay, too.
        """
        return _SPARED if in_force(session, subject_id) and self._has_key(subject_id) else frozenset()

    def holdable(self) -> list[str]:
        """The kinds of data that a hold can be about."""
        without = {place.holds.kind for place in self.places if not place.holds.exported}
        return [kind for kind in self.kinds() if kind not in _SPARED | without]

    def set_aside(self, session: Session, made: Hold, now: datetime) -> None:
        """Sets a copy aside of what there is of the kind of a hold that is in force, and of what it points at.

        The person's turn is the caller's, so that nothing goes meanwhile. Raises `UndeclaredHoldingError`,
        `KeyGoneError`.
        """
        key = self.ring.person(made.subject_id)
        for kind in (made.kind, *self._pointed_at(made.kind)):
            put_aside(session, key, made, kind, self.rows(session, made.subject_id, kind), now)

    def _pointed_at(self, kind: str) -> list[str]:
        """Kinds of rows by whose ids rows of a kind say what they are about: no signal without its post."""
        by_id = {
            f"{model.__tablename__}_id": model.__holds__ for model in models() if model.__holds__.subject is not None
        }
        of_kind = [one for one in [*declarations(), *(place.holds for place in self.places)] if one.kind == kind]
        names = {name for holds in of_kind for name in holds.exported if name in by_id}
        found = {by_id[name].kind for name in names} - {*_SPARED, kind}
        return sorted(found)

    def erase_places(self, subject_id: str) -> dict[str, int]:
        """Erases a person from every place that is not a table; how many things by data kind."""
        counts: Counter[str] = Counter()
        for place in self.places:
            counts[place.holds.kind] += place.erase(subject_id)
        return dict(counts)

    def expire(self, session: Session, now: datetime) -> dict[str, int]:
        """Deletes every row whose time is up, and what hangs on it (R34); how many by data kind.

        Raises `UndeclaredHoldingError`.
        """
        make_sure(session)
        session.flush()
        counts: Counter[str] = Counter()
        for model, table in _children_first():
            overdue = _overdue(table, now)
            if overdue is not None:
                counts[model.__holds__.kind] += session.connection().execute(delete(table).where(overdue)).rowcount
        return dict(counts)

    def expire_places(self, now: datetime) -> dict[str, int]:
        """Removes what is overdue in every place that is not a table."""
        counts: Counter[str] = Counter()
        for place in self.places:
            counts[place.holds.kind] += place.expire(now)
        return dict(counts)

    def due(self, session: Session, now: datetime) -> dict[str, Due]:
        """What retention would do now, by data kind, without doing it. Raises `UndeclaredHoldingError`."""
        make_sure(session)
        found: dict[str, Due] = {}
        for model in models():
            table, kind = Base.metadata.tables[model.__tablename__], model.__holds__.kind
            old = found.get(kind, _NONE)
            found[kind] = Due(
                things=(old.things or 0) + _count(session, table),
                due=old.due + _late(session, table, now),
                late=old.late + _late(session, table, now - _A_RUN),
            )
        for place in self.places:
            due, late = place.due(now), place.due(now - _A_RUN)
            found[place.holds.kind] = Due(None, due, late)
        return found

    def traces(self, session: Session, subject_id: str) -> dict[str, int]:
        """What is still there of a person, by data kind: empty after an erasure. Raises `UndeclaredHoldingError`.

        What a place should hold and is lost or damaged is no trace: nobody may have to stay because of it.
        """
        make_sure(session)
        counts: Counter[str] = Counter()
        for model, table in _children_first():
            if model.__holds__.persons:
                found = select(func.count()).select_from(table).where(_about(model, subject_id))
                counts[model.__holds__.kind] += session.scalar(found) or 0
        for place in self.places:
            with suppress(NotThereError):
                counts[place.holds.kind] += len(place.export(subject_id))
        counts["key"] += self._has_key(subject_id)
        return {kind: count for kind, count in counts.items() if count}

    def _has_key(self, subject_id: str) -> bool:
        try:
            self.ring.person(subject_id)
        except KeyGoneError:
            return False
        return True


def make_sure(session: Session) -> None:
    """Raises `UndeclaredHoldingError` unless the declared tables are exactly those of the database."""
    there = set(inspect(session.connection()).get_table_names()) - _BOOKKEEPING
    declared = {model.__tablename__ for model in models()}
    if there != declared:
        raise UndeclaredHoldingError(f"not declared or not there: {', '.join(sorted(there ^ declared))}")


def declarations() -> list[Holds]:
    """What every table says it holds."""
    return [model.__holds__ for model in models()]


def _rows(session: Session, model: type[Base], subject_id: str, key: PersonKey) -> Iterator[dict[str, Any]]:
    """A person's rows of one table, in the order of its key; only where something is sealed a row becomes an object."""
    holds, table = model.__holds__, Base.metadata.tables[model.__tablename__]
    mine, order = table.c[holds.subject or ""] == subject_id, list(table.primary_key)
    if sealed_columns(model):
        for row in session.scalars(select(model).where(mine).order_by(*order).execution_options(yield_per=_AT_ONCE)):
            yield readable(row, key, holds.exported)
        return
    columns = [table.c[name] for name in holds.exported]
    found = session.execute(select(*columns).where(mine).order_by(*order).execution_options(yield_per=_AT_ONCE))
    yield from (dict(row) for row in found.mappings())


def _about(model: type[Base], subject_id: str) -> ColumnElement[bool]:
    return or_(*(model.__table__.c[column] == subject_id for column in model.__holds__.persons))


def _overdue(table: Table, now: datetime) -> ColumnElement[bool] | None:
    """Rows whose own time is up or that point at such a row, which could not go without them; None if none ever is."""
    rule = Base.declared[table].__holds__.rule
    reasons = [table.c[rule.since] < rule.due_before(now)] if rule is not None else []
    for key in table.foreign_keys:
        above = _overdue(key.column.table, now)
        if above is not None:
            reasons.append(key.parent.in_(select(key.column).where(above)))
    return or_(*reasons) if reasons else None


def _count(session: Session, table: Table, *reasons: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*reasons)) or 0


def _late(session: Session, table: Table, now: datetime) -> int:
    """How many rows are overdue."""
    overdue = _overdue(table, now)
    return _count(session, table, overdue) if overdue is not None else 0


def _children_first() -> Iterator[tuple[type[Base], Table]]:
    return ((model, Base.metadata.tables[model.__tablename__]) for model in reversed(models()))
