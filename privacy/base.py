"""The base class of all tables: none can be mapped that does not say, column by column, what it holds (R28)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import uuid4

from sqlalchemy import DateTime, Dialect, Index, LargeBinary, MetaData, Table, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from privacy.vocabulary import About, Basis, Erased, Use


class UndeclaredTableError(TypeError):
    """A table was about to be mapped that does not say what it holds, or forgets one of its columns."""


@dataclass(frozen=True)
class Rule:
    """When rows go by themselves: `days` after the time in column `since` (DIN 66398: period and start)."""

    days: int
    since: str

    def due_before(self, now: datetime) -> datetime:
        """Rows whose start lies before this moment (UTC) are overdue."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True)
class Holds:
    """The declaration of one place of personal data: what, about whom, why, on which basis, how long, how it goes.

    Every column stands either in `exported` (the person gets it) or in `withheld` (with the reason why not).
    `subject` names the column with the subject's id; None where nothing in it is about one person. `involved` names
    columns with ids of other subjects whose erasure takes the row too. `rule` is None where the rows live as long as
    the subject does.
    """

    kind: str
    about: About
    use: Use
    basis: Basis
    exported: tuple[str, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    subject: str | None = "subject_id"
    involved: tuple[str, ...] = ()
    rule: Rule | None = None
    erased: Erased = Erased.DELETED

    @property
    def persons(self) -> tuple[str, ...]:
        """Columns with ids of subjects whose erasure takes the row."""
        return (*((self.subject,) if self.subject else ()), *self.involved)

    def missing(self, columns: set[str]) -> set[str]:
        """What is declared and not there, there and not declared, or declared both as exported and as withheld."""
        exported, withheld = set(self.exported), set(self.withheld)
        named = set(self.persons)
        named |= {self.rule.since} if self.rule else set()
        return ((exported | withheld) ^ columns) | (exported & withheld) | (named - columns)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, always with its zone (SQLite would forget it)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuses a moment without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Gives the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(bytes):
    """The type of a column whose text is encrypted under its person's key; see `privacy.sealed`."""


class SealedBytes(TypeDecorator[Sealed]):
    """Stores sealed text as bytes; it never sees a key or the text."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> bytes | None:
        """Refuses anything that was not sealed."""
        if value is not None and not isinstance(value, Sealed):
            raise TypeError("a sealed column takes sealed text only")
        return bytes(value) if value is not None else None

    def process_result_value(self, value: Any, _dialect: Dialect) -> Sealed | None:
        """Gives the sealed bytes."""
        return Sealed(value) if value is not None else None


def new_id() -> str:
    """A random id of 128 bits in hex: says nothing about whom it stands for."""
    return uuid4().hex


class Base(DeclarativeBase):
    """The base class of all tables. A subclass bears `__holds__`, or it cannot be mapped."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, Sealed: SealedBytes}
    __holds__: ClassVar[Holds]
    declared: ClassVar[dict[Table, type["Base"]]] = {}
    """Every mapped table with its class."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if not isinstance(cls.__dict__.get("__holds__"), Holds):
            raise UndeclaredTableError(f"{cls.__name__} does not say what it holds (__holds__)")
        super().__init_subclass__(**kwargs)
        table = Base.metadata.tables[cls.__tablename__]
        faults = _faults(cls.__holds__, table)
        if faults:
            Base.metadata.remove(table)
            raise UndeclaredTableError(f"{cls.__name__}: {'; '.join(faults)}")
        Base.declared[table] = cls


def models() -> list[type[Base]]:
    """Every declared table, parents first."""
    return [Base.declared[table] for table in Base.metadata.sorted_tables if table in Base.declared]


def _faults(holds: Holds, table: Table) -> list[str]:
    """What is wrong with a table's declaration, as sentences."""
    columns = {column.name for column in table.columns}
    people = {key.parent.name for key in table.foreign_keys if key.target_fullname == "subject.id"}
    faults = []
    if missing := holds.missing(columns):
        faults.append(f"declaration and columns differ in {', '.join(sorted(missing))}")
    if forgotten := people - set(holds.persons):
        faults.append(f"an erasure would not look at {', '.join(sorted(forgotten))}")
    if (holds.erased is Erased.DELETED) != bool(holds.persons):
        faults.append("it names a person exactly where an erasure deletes")
    return faults


class Subject(Base):
    """A person (or an organisation) that consents, signals, scores and rights belong to; apart from the account."""

    __tablename__ = "subject"
    __holds__ = Holds(
        kind="subject",
        about=About.PARTICIPANT,
        use=Use.ACCOUNT,
        basis=Basis.CONTRACT,
        subject="id",
        exported=("id", "created_at", "erasing_at", "frozen_at"),
    )
    __table_args__ = (
        # Those few who are leaving; an index of all would be taken for a way to everybody else.
        Index(
            "ix_subject_erasing_at", "erasing_at",
            sqlite_where=text("erasing_at IS NOT NULL"), postgresql_where=text("erasing_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime]
    erasing_at: Mapped[datetime | None]
    """Set when the person asked for erasure: from then on nothing is shown, collected or scored."""
    frozen_at: Mapped[datetime | None]
    """Set while use is restricted (Art. 18): nothing is collected, scored or shown to others, and everything stays."""
