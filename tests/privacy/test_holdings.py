import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, String, Table, delete, func, literal, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy.base import Base, Holds, Subject, models
from privacy.holdings import Holdings, UndeclaredHoldingError, declarations, make_sure
from privacy.keyring import KeyGoneError
from privacy.sealed import sealed_columns
from privacy.store import open_store, writing
from privacy.vocabulary import About, Basis, Use
from tests.conftest import Clock
from tests.factories.people import make_subject
from tests.privacy.conftest import Beside, waits
from tests.privacy.rows import Person, fill, personal
from tests.privacy.scan import hits
from workers.runtime.process import Process

#: What a process that forgot floors has loaded, and what every process should have.
FLOORS = {
    "only the ground floor": ("privacy.consent", False),
    "only the ground floor's base": ("privacy.base", False),
    "no upper floor": ("privacy.consent, workers.models", False),
    "no middle floor": ("privacy.consent, server.models", False),
    "no consents": ("privacy.installation, server.models, workers.models", False),
    "no installation": ("privacy.consent, server.models, workers.models", False),
    "every floor": ("privacy.consent, privacy.installation, server.models, workers.models", True),
}
VERBS = """
import {modules}
import sys
from sqlalchemy.orm import Session
from privacy.holdings import Holdings, UndeclaredHoldingError
from privacy.keyring import KeyRing
from privacy.store import open_store
from datetime import datetime, UTC
holdings = Holdings(KeyRing("sqlite://", bytes(32)))
holdings.ring.create("x")
refused = []
with Session(open_store(sys.argv[1])) as session:
    for verb in (
        lambda: holdings.export(session, "x"),
        lambda: holdings.erase(session, "x"),
        lambda: holdings.expire(session, datetime.now(UTC)),
        lambda: holdings.traces(session, "x"),
    ):
        try:
            verb()
        except UndeclaredHoldingError:
            refused.append(1)
print(len(refused))
"""


@dataclass
class Shelf:
    """A place that is no table."""

    holds: Holds = field(
        default_factory=lambda: Holds(
            kind="shelf", about=About.PARTICIPANT, use=Use.SCORING, basis=Basis.CONTRACT, exported=("thing",)
        )
    )
    things: dict[str, list[str]] = field(default_factory=dict)

    def export(self, subject_id: str) -> list[dict[str, Any]]:
        return [{"thing": thing} for thing in self.things.get(subject_id, [])]

    def erase(self, subject_id: str) -> int:
        return len(self.things.pop(subject_id, []))

    def expire(self, now: datetime) -> int:
        count = sum(map(len, self.things.values()))
        self.things.clear()
        return count if now else 0


@dataclass
class Household:
    """One installation with two people who have something in every place."""

    process: Process
    holdings: Holdings
    shelf: Shelf
    ann: Person
    bea: Person

    def erase(self, person: Person) -> dict[str, int]:
        """The whole erasure, the key last."""
        with self.process.working() as work:
            counts = self.holdings.erase(work.session, person.id)
        self.holdings.erase_places(person.id)
        assert self.process.forget()
        self.process.ring.destroy(person.id)
        return counts

    def expire(self) -> dict[str, int]:
        with self.process.working() as work:
            return self.holdings.expire(work.session, work.now)


@pytest.fixture
def house(each_process: Process) -> Household:
    return _furnished(each_process)


@pytest.fixture
def sqlite_house(process: Process) -> Household:
    return _furnished(process)


def _furnished(process: Process) -> Household:
    shelf = Shelf()
    with process.working() as work:
        ann, bea = fill(work, "ann", "bea")
    for person in (ann, bea):
        shelf.things[person.id] = [f"{person.name}-thing"]
    return Household(process, Holdings(process.ring, (shelf, Shelf())), shelf, ann, bea)


def rows_of(session: Session, model: type[Base], person: Person) -> int:
    """How many rows of a table name a person."""
    table = model.__table__
    count = 0
    for column in model.__holds__.persons:
        count += session.scalar(select(func.count()).select_from(table).where(table.c[column] == person.id)) or 0
    return count


def test_the_export_has_every_declared_column_of_every_table_opened(house: Household) -> None:
    with house.process.reading() as session:
        export = house.holdings.export(session, house.ann.id)
    for model in personal():
        holds = model.__holds__
        mine = [row for row in house.ann.rows[model] if row[holds.subject or ""] == house.ann.id]
        assert mine, f"the rows of {model.__tablename__} do not name the person"
        assert export[holds.kind] == [{name: shown(model, name, row[name]) for name in holds.exported} for row in mine]


def shown(model: type[Base], name: str, value: object) -> object:
    """A value as the export shows it: packed ones read."""
    reads = model.__table__.c[name].info.get("reads")
    return reads(str(value).encode()) if reads else value


def test_the_export_has_nothing_of_anybody_else(house: Household) -> None:
    with house.process.reading() as session:
        written = repr(house.holdings.export(session, house.ann.id))
    assert house.ann.name in written
    for foreign in (house.bea.name, house.bea.id, "bystander"):
        assert foreign not in written


def test_the_export_has_no_sealed_bytes_and_nothing_that_is_withheld(house: Household) -> None:
    with house.process.reading() as session:
        written = repr(house.holdings.export(session, house.ann.id))
    for model in personal():
        for column in model.__holds__.withheld:
            for value in house.ann.found(model, column):
                if isinstance(value, str | bytes) and house.ann.name in str(value):
                    assert str(value) not in written


def test_the_export_has_the_places_that_are_no_tables(house: Household) -> None:
    with house.process.reading() as session:
        assert house.holdings.export(session, house.ann.id)["shelf"] == [{"thing": f"{house.ann.name}-thing"}]


def test_the_export_names_every_kind_even_if_there_is_nothing(house: Household) -> None:
    with house.process.working() as work:
        cara = make_subject(work)
    with house.process.reading() as session:
        export = house.holdings.export(session, cara.id)
    assert set(export) == {holds.kind for holds in declarations() if holds.subject} | {"shelf"}
    assert [kind for kind, rows in export.items() if rows] == ["subject"]


def test_the_export_fails_rather_than_leave_something_out(house: Household) -> None:
    house.process.ring.destroy(house.ann.id)
    with house.process.reading() as session, pytest.raises(KeyGoneError):
        house.holdings.export(session, house.ann.id)


def test_erasing_leaves_nothing_of_the_person_in_any_table(house: Household) -> None:
    house.erase(house.ann)
    with house.process.reading() as session:
        for model in personal():
            assert rows_of(session, model, house.ann) == 0, model.__tablename__
        assert house.holdings.traces(session, house.ann.id) == {}


def test_erasing_one_person_spares_everyone_else(house: Household) -> None:
    with house.process.reading() as session:
        before = house.holdings.export(session, house.bea.id)
        traces = house.holdings.traces(session, house.bea.id)
    house.erase(house.ann)
    with house.process.reading() as session:
        assert house.holdings.export(session, house.bea.id) == before
        assert house.holdings.traces(session, house.bea.id) == traces
        for model in personal():
            assert rows_of(session, model, house.bea) == len(house.bea.rows[model])


def test_erasing_leaves_what_is_about_nobody(house: Household) -> None:
    nobodys = [model for model in models() if not model.__holds__.persons]
    with house.process.reading() as session:
        before = [session.scalar(select(func.count()).select_from(model)) for model in nobodys]
    house.erase(house.ann)
    with house.process.reading() as session:
        assert [session.scalar(select(func.count()).select_from(model)) for model in nobodys] == before
    assert all(before)


def test_an_erasure_counts_what_went(house: Household) -> None:
    counts = house.erase(house.ann)
    assert counts == {model.__holds__.kind: len(house.ann.rows[model]) for model in personal()}


def test_erasing_twice_is_no_error(house: Household) -> None:
    house.erase(house.ann)
    assert set(house.erase(house.ann).values()) == {0}
    assert house.holdings.erase_places(house.ann.id) == {"shelf": 0}


def test_an_erasure_that_was_cut_off_can_be_taken_up_again(house: Household) -> None:
    with house.process.working() as work:
        house.holdings.erase(work.session, house.ann.id)
        work.session.rollback()
    with house.process.reading() as session:
        assert "subject" in house.holdings.traces(session, house.ann.id)
    with house.process.working() as work:
        house.holdings.erase(work.session, house.ann.id)
    with house.process.reading() as session:
        assert house.holdings.traces(session, house.ann.id) == {"shelf": 1, "key": 1}
    house.erase(house.ann)
    with house.process.reading() as session:
        assert house.holdings.traces(session, house.ann.id) == {}


def test_an_erasure_takes_what_was_not_yet_flushed(house: Household) -> None:
    with house.process.working() as work:
        subject = make_subject(work)
        work.session.add(subject)
        assert house.holdings.erase(work.session, subject.id)["subject"] == 1


def test_an_erasure_waits_for_who_is_about_to_store_something(beside: Beside, postgres_process: Process) -> None:
    house = _furnished(postgres_process)
    with postgres_process.working() as work:
        _copy_something(work.session, house.ann)
        erasure = beside(lambda: house.erase(house.ann))
        waits(erasure)
    erasure.result()
    with postgres_process.reading() as session:
        assert house.holdings.traces(session, house.ann.id) == {}


def test_nothing_can_be_stored_behind_an_erasure(beside: Beside, postgres_process: Process) -> None:
    house = _furnished(postgres_process)

    def late() -> None:
        with postgres_process.working() as work:
            _copy_something(work.session, house.ann)

    with postgres_process.working() as work:
        house.holdings.erase(work.session, house.ann.id)
        storing = beside(late)
        waits(storing)
    with pytest.raises(IntegrityError):
        storing.result()


def _copy_something(session: Session, person: Person) -> None:
    """Stores one more row that points at the person."""
    model = next(each for each in personal() if each.__holds__.kind == "consents")
    row = person.rows[model][0]
    session.add(model(**{**row, "id": f"{row['id']}-more", "ended_at": row["decided_at"]}))
    session.flush()


def test_no_byte_of_an_erased_person_is_left_and_every_byte_of_the_other(sqlite_house: Household) -> None:
    house, folder = sqlite_house, sqlite_house.process.settings.data
    ann, bea = house.ann, house.bea
    sealed = {person.name: _sealed_bytes(house.process.engine, person) for person in (ann, bea)}
    assert hits(folder, ann.open) == list(ann.open), "before the erasure everything must be there"
    assert hits(folder, ann.secrets) == [], "what is sealed must never stand in a file"
    house.erase(ann)
    assert hits(folder, [ann.id, ann.name, *ann.open, *ann.secrets, *sealed[ann.name]]) == []
    assert hits(folder, bea.open) == list(bea.open)
    assert hits(folder, sealed[bea.name]) == sealed[bea.name]
    assert hits(folder, bea.secrets) == []


def _sealed_bytes(engine: Engine, person: Person) -> list[bytes]:
    """The stored bytes of every sealed column of a person."""
    found: list[bytes] = []
    with engine.connect() as connection:
        for model in personal():
            table = model.__table__
            for column in sealed_columns(model):
                mine = table.c[model.__holds__.subject or ""] == person.id
                found += [bytes(value) for value in connection.scalars(select(table.c[column]).where(mine))]
    assert found
    return found


RULED = [model for model in models() if model.__holds__.rule]


@pytest.mark.parametrize("model", RULED, ids=lambda model: model.__tablename__)
def test_what_is_overdue_goes_and_what_is_not_stays(house: Household, model: type[Base], clock: Clock) -> None:
    rule = model.__holds__.rule
    assert rule
    _set_start(house, model, house.ann, clock.now - timedelta(days=rule.days, microseconds=1))
    _set_start(house, model, house.bea, clock.now - timedelta(days=rule.days))
    assert house.expire()[model.__holds__.kind] == len(house.ann.rows.get(model, [None]))
    with house.process.reading() as session:
        for other in personal():
            assert rows_of(session, other, house.bea) == len(house.bea.rows[other])
        if model.__holds__.persons:
            assert rows_of(session, model, house.ann) == 0
        else:
            assert session.scalar(select(func.count()).select_from(model)) == 0


def _set_start(house: Household, model: type[Base], person: Person, start: datetime) -> None:
    rule, table = model.__holds__.rule, model.__table__
    assert rule
    named = [table.c[column] == person.id for column in model.__holds__.persons]
    mine = or_(*named) if named else literal(person is house.ann)
    with house.process.working() as work:
        work.session.execute(update(model).where(mine).values({rule.since: start}))


def test_nothing_goes_before_its_time(house: Household) -> None:
    assert set(house.expire().values()) == {0}


def test_a_row_whose_time_never_starts_stays(house: Household, clock: Clock) -> None:
    ruled = [model for model in RULED if model.__table__.c[model.__holds__.rule.since].nullable]  # type: ignore[union-attr]
    assert ruled
    with house.process.working() as work:
        for model in ruled:
            work.session.execute(update(model).values({model.__holds__.rule.since: None}))  # type: ignore[union-attr]
    clock.go(days=36500)
    counts = house.expire()
    assert {counts[model.__holds__.kind] for model in ruled} == {0}


def test_what_hangs_on_an_overdue_row_goes_with_it(house: Household, clock: Clock) -> None:
    """A lying network may date a reaction into the future: it must not keep its post for ever."""
    above = next(model for model in RULED if _hanging_on(model))
    rule = above.__holds__.rule
    assert rule
    _set_start(house, above, house.ann, clock.now - timedelta(days=rule.days + 1))
    counts = house.expire()
    for below in _hanging_on(above):
        assert counts[below.__holds__.kind] == len(house.ann.rows[below])


def _hanging_on(above: type[Base]) -> list[type[Base]]:
    return [
        model for model in RULED if any(key.column.table is above.__table__ for key in model.__table__.foreign_keys)
    ]


def test_places_that_are_no_tables_expire_too(sqlite_house: Household, clock: Clock) -> None:
    assert sqlite_house.holdings.expire_places(clock.now) == {"shelf": 2}
    assert sqlite_house.shelf.things == {}


def test_after_an_expiry_overdue_is_zero(house: Household, clock: Clock) -> None:
    clock.go(days=36500)
    house.expire()
    assert set(house.expire().values()) == {0}
    with house.process.reading() as session:
        for model in RULED:
            assert session.scalar(select(func.count()).select_from(model)) == 0


@pytest.mark.parametrize(("modules", "complete"), FLOORS.values(), ids=FLOORS)
def test_a_process_that_forgot_a_floor_exports_erases_and_expires_nothing(
    sqlite_template: Path, tmp_path: Path, modules: str, complete: bool
) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(sqlite_template.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", VERBS.format(modules=modules), f"sqlite:///{copy}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ("0\n" if complete else "4\n")


def test_every_table_of_the_migrated_database_is_declared(each_process: Process) -> None:
    with each_process.reading() as session:
        make_sure(session)


def test_a_table_that_nobody_declared_is_refused(each_process: Process) -> None:
    with writing(each_process.engine).begin() as connection:
        connection.execute(text("CREATE TABLE nobodys (id INTEGER)"))
    with each_process.reading() as session, pytest.raises(UndeclaredHoldingError, match=r": nobodys$"):
        make_sure(session)


def test_a_declared_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with Session(engine) as session, pytest.raises(UndeclaredHoldingError, match="subject"):
        make_sure(session)
    engine.dispose()


def test_a_table_that_was_mapped_past_the_declarations_is_refused(each_process: Process) -> None:
    table = Table("sneaked_in", Base.metadata, Column("id", String, primary_key=True))
    try:
        with writing(each_process.engine).begin() as connection:
            table.create(connection)
        with each_process.reading() as session, pytest.raises(UndeclaredHoldingError, match="sneaked_in"):
            make_sure(session)
    finally:
        Base.metadata.remove(table)


def test_no_deletion_is_without_a_person(process: Process) -> None:
    """An erasure of nobody (an empty id) deletes nothing."""
    house = _furnished(process)
    for nobody in ("", "%", "' OR 1=1 --"):
        with process.working() as work:
            assert set(house.holdings.erase(work.session, nobody).values()) == {0}


def test_a_table_that_an_erasure_forgot_would_stop_it(process: Process) -> None:
    house = _furnished(process)
    with process.working() as work, pytest.raises(IntegrityError), work.session.begin_nested():
        work.session.execute(delete(Subject).where(Subject.id == house.ann.id))
