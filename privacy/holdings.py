"""Every place of personal data, and the three verbs over all of them: export, erase, expire.

Tables declare themselves (`privacy.base.Holds`); other places (files, queues) are objects with the same verbs. The
verbs refuse to run where the declarations are not exactly the tables of the database: a process that forgot to load
a floor would otherwise forget a person's data.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table, delete, func, inspect, or_, select
from sqlalchemy.orm import Session

from privacy.base import Base, Holds, Subject, models
from privacy.keyring import KeyGoneError, KeyRing
from privacy.sealed import readable

#: Tables that hold nothing but the version of the schema.
_BOOKKEEPING = frozenset({"alembic_version"})


class UndeclaredHoldingError(RuntimeError):
    """This process does not know exactly the tables that the database has."""


class Place(Protocol):
    """A place of personal data that is not a table of the database."""

    @property
    def holds(self) -> Holds:
        """What it says it holds."""

    def export(self, subject_id: str) -> list[dict[str, Any]]:
        """What it holds about a person, readable."""

    def erase(self, subject_id: str) -> int:
        """Removes it; how many things went. Erasing again is no error."""

    def expire(self, now: datetime) -> int:
        """Removes what is overdue; how many things went."""


@dataclass(frozen=True)
class Holdings:
    """All places: the tables of the session's database and the others."""

    ring: KeyRing
    places: Sequence[Place] = ()

    def export(self, session: Session, subject_id: str) -> dict[str, list[dict[str, Any]]]:
        """Every declared column about a person, sealed ones opened, by data kind (R26).

        Raises `UndeclaredHoldingError`, `KeyGoneError`.
        """
        make_sure(session)
        key = self.ring.person(subject_id)
        found: dict[str, list[dict[str, Any]]] = {}
        for model in models():
            holds = model.__holds__
            if holds.subject is None:
                continue
            mine = select(model).where(model.__table__.c[holds.subject] == subject_id)
            rows = session.scalars(mine.order_by(*inspect(model).primary_key))
            found.setdefault(holds.kind, []).extend(readable(row, key, holds.exported) for row in rows)
        for place in self.places:
            found.setdefault(place.holds.kind, []).extend(place.export(subject_id))
        return found

    def erase(self, session: Session, subject_id: str) -> dict[str, int]:
        """Deletes a person from every table; how many rows by data kind. Erasing again is no error.

        The caller commits, then erases the places and destroys the key last. Raises `UndeclaredHoldingError`.
        """
        make_sure(session)
        session.flush()
        # Waits for whoever is about to store something about the person: nothing can arrive behind the deleting.
        session.execute(select(Subject.id).where(Subject.id == subject_id).with_for_update())
        counts: Counter[str] = Counter()
        for model, table in _children_first():
            if model.__holds__.persons:
                gone = session.connection().execute(delete(table).where(_about(model, subject_id)))
                counts[model.__holds__.kind] += gone.rowcount
        return dict(counts)

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

    def traces(self, session: Session, subject_id: str) -> dict[str, int]:
        """What is still there of a person, by data kind: empty after an erasure. Raises `UndeclaredHoldingError`."""
        make_sure(session)
        counts: Counter[str] = Counter()
        for model, table in _children_first():
            if model.__holds__.persons:
                found = select(func.count()).select_from(table).where(_about(model, subject_id))
                counts[model.__holds__.kind] += session.scalar(found) or 0
        for place in self.places:
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


def _children_first() -> Iterator[tuple[type[Base], Table]]:
    return ((model, Base.metadata.tables[model.__tablename__]) for model in reversed(models()))
