from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import DateTime, ForeignKey, LargeBinary, String, insert, select, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import (
    Base,
    Holds,
    Rule,
    Sealed,
    SealedBytes,
    Subject,
    UndeclaredTableError,
    UtcDateTime,
    models,
    new_id,
)
from privacy.holdings import declarations
from privacy.sealed import sealed_columns
from privacy.vocabulary import About, Basis, Erased, Use
from tests.factories.people import make_subject
from tests.privacy.rows import fill, personal
from workers.runtime.process import Process

BERLIN_WINTER = timezone(timedelta(hours=1))


def declared(**said: Any) -> Holds:
    """A declaration of an invented table."""
    facts = {"kind": "things", "about": About.PARTICIPANT, "use": Use.SCORING, "basis": Basis.CONTRACT, **said}
    return Holds(**facts)


@pytest.fixture(autouse=True)
def _same_tables_as_before() -> Iterator[None]:
    """Tables that a test manages to map do not stay."""
    before = set(Base.metadata.tables)
    yield
    for name in set(Base.metadata.tables) - before:
        Base.metadata.remove(Base.metadata.tables[name])


def test_a_table_that_says_nothing_cannot_be_mapped() -> None:
    with pytest.raises(UndeclaredTableError, match="Silent does not say what it holds"):

        class Silent(Base):
            __tablename__ = "silent"
            id: Mapped[str] = mapped_column(primary_key=True)

    assert "silent" not in Base.metadata.tables


def test_a_declaration_is_not_inherited() -> None:
    with pytest.raises(UndeclaredTableError, match="Heir does not say what it holds"):

        class Heir(Subject):
            more: Mapped[str]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"exported": ("id", "subject_id")}, "differ in word"),
        ({"exported": ("id", "subject_id", "word", "more")}, "differ in more"),
        ({"exported": ("id", "subject_id"), "withheld": {"word": "why", "more": "why"}}, "differ in more"),
        ({"exported": ("id", "subject_id", "word"), "withheld": {"word": "both"}}, "differ in word"),
        ({"exported": ("id", "subject_id", "word"), "involved": ("other_id",)}, "differ in other_id"),
        ({"exported": ("id", "subject_id", "word"), "rule": Rule(1, since="made_at")}, "differ in made_at"),
        (
            {"exported": ("id", "subject_id", "word"), "subject": "id"},
            "an erasure would not look at subject_id",
        ),
        (
            {"exported": ("id", "subject_id", "word"), "subject": None, "erased": Erased.UNTOUCHED},
            "an erasure would not look at subject_id",
        ),
        (
            {"exported": ("id", "subject_id", "word"), "erased": Erased.UNTOUCHED},
            "names a person exactly where an erasure deletes",
        ),
    ],
)
def test_a_table_whose_declaration_and_columns_differ_cannot_be_mapped(said: dict[str, Any], reason: str) -> None:
    before = declarations()
    name = f"Thing{new_id()}"
    parts = {
        "__tablename__": name,
        "__holds__": declared(**said),
        "id": mapped_column(String, primary_key=True),
        "subject_id": mapped_column(ForeignKey("subject.id")),
        "word": mapped_column(String),
    }
    with pytest.raises(UndeclaredTableError, match=reason):
        type(name, (Base,), parts)
    assert name not in Base.metadata.tables
    assert declarations() == before


def test_a_table_that_declares_all_of_its_columns_is_mapped() -> None:
    class Complete(Base):
        __tablename__ = "complete"
        __holds__ = declared(
            exported=("id", "subject_id", "made_at"), withheld={"word": "why"}, rule=Rule(1, since="made_at")
        )
        id: Mapped[str] = mapped_column(primary_key=True)
        subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"))
        word: Mapped[str]
        made_at: Mapped[datetime]

    assert Complete.__holds__ in declarations()


def test_persons_are_the_subject_and_everybody_involved() -> None:
    assert declared().persons == ("subject_id",)
    assert declared(involved=("other_id",)).persons == ("subject_id", "other_id")
    assert declared(subject=None, involved=("other_id",)).persons == ("other_id",)
    assert declared(subject=None).persons == ()


def test_declarations_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        declared().kind = "other"  # type: ignore[misc]
    assert isinstance(declared().withheld, MappingProxyType)


def test_a_rule_is_overdue_so_many_days_after_its_start() -> None:
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert Rule(91, since="made_at").due_before(now) == datetime(2025, 12, 28, 12, tzinfo=UTC)


def test_every_kind_of_data_has_one_table() -> None:
    kinds = [holds.kind for holds in declarations()]
    assert len(kinds) == len(set(kinds))


def test_everything_withheld_has_a_reason() -> None:
    reasons = [reason for holds in declarations() for reason in holds.withheld.values()]
    assert all(len(reason) > 5 for reason in reasons)


def test_no_sealed_column_is_kept_from_its_person_unless_it_is_a_key() -> None:
    for model in personal():
        sealed = {column.name for column in model.__table__.columns if isinstance(column.type, SealedBytes)}
        assert sealed - {"file_key", "secret"} <= set(model.__holds__.exported)


def test_every_moment_of_every_table_is_kept_in_utc() -> None:
    for model in models():
        for column in model.__table__.columns:
            assert not isinstance(column.type, DateTime), f"{column} forgets its zone"


def test_moments_come_back_in_utc_from_every_zone(each_process: Process) -> None:
    moment = datetime(2026, 11, 22, 0, 30, tzinfo=BERLIN_WINTER)
    with each_process.working() as work:
        subject_id = make_subject(work).id
        work.session.get_one(Subject, subject_id).created_at = moment
    with each_process.reading() as session:
        found = session.get_one(Subject, subject_id).created_at
        assert found == moment
        assert found.tzinfo == UTC
        assert found.isoformat() == "2026-11-21T23:30:00+00:00"
        same = select(Subject.id).where(Subject.created_at <= moment, Subject.id == subject_id)
        assert session.scalar(same) == subject_id


def test_the_session_zone_of_the_database_does_not_matter(postgres_process: Process) -> None:
    moment = datetime(2026, 11, 22, 0, 30, tzinfo=BERLIN_WINTER)
    with postgres_process.working() as work:
        work.session.connection().exec_driver_sql("SET TIME ZONE 'Pacific/Auckland'")
        subject = make_subject(work)
        subject.created_at = moment
        work.session.flush()
        work.session.expire(subject)
        assert subject.created_at == moment
        assert subject.created_at.tzinfo == UTC


def test_a_moment_without_a_zone_is_refused(process: Process) -> None:
    with process.working() as work, pytest.raises(StatementError, match="a moment without a zone"):
        work.session.execute(insert(Subject).values(id=new_id(), created_at=datetime(2026, 11, 22)))  # noqa: DTZ001


def test_no_moment_stays_none() -> None:
    kind = UtcDateTime()
    dialect: Any = None
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None


@pytest.mark.parametrize("value", [b"plain", "plain", bytearray(b"plain"), 7])
def test_a_sealed_column_refuses_what_was_not_sealed(process: Process, value: object) -> None:
    with process.working() as work:
        fill(work, "ann")
        for model in personal():
            for column in sealed_columns(model):
                with pytest.raises(StatementError, match="sealed text only"):
                    work.session.execute(update(model).values({column: value}))


def test_a_sealed_column_gives_sealed_bytes_and_none() -> None:
    dialect: Any = None
    kind = SealedBytes()
    assert isinstance(kind.process_result_value(b"x", dialect), Sealed)
    assert kind.process_result_value(None, dialect) is None
    assert kind.process_bind_param(None, dialect) is None
    assert type(kind.process_bind_param(Sealed(b"x"), dialect)) is bytes


def test_ids_are_random_and_say_nothing() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(each) == 32 and set(each) <= set("0123456789abcdef") for each in ids)


def test_columns_of_bytes_and_text_have_no_length() -> None:
    for model in models():
        for column in model.__table__.columns:
            if isinstance(column.type, String | LargeBinary):
                assert column.type.length is None, f"{column} has a length"
