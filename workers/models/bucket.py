"""A bucket: the people whose ids lie in one range, and the one file that has their signals."""

from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Erased, Use


class Bucket(Base):
    """Which version of a bucket's file counts, who folds it, how far it is scored, and whether that failed."""

    __tablename__ = "bucket"
    __holds__ = Holds(
        kind="buckets",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            (
                "number", "first", "end", "version", "file", "signals", "folded_at", "day_scored", "people",
                "failure", "failed_at", "failed_day", "lease", "leased_until",
            ),
            "about nobody",
        ),
    )  # fmt: skip

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first: Mapped[str] = mapped_column(unique=True)
    """Ids of its people begin here (hex) …"""
    end: Mapped[str]
    """… and are below this."""
    version: Mapped[int]
    """Grows with each fold: the pointer moves only from the version that was read."""
    file: Mapped[str | None]
    """Name of the file that counts; None before the first fold."""
    signals: Mapped[int]
    """In the file."""
    folded_at: Mapped[datetime | None]
    day_scored: Mapped[date | None]
    """The newest day that it was scored for."""
    people: Mapped[int]
    """How many were scored then."""
    failure: Mapped[str | None]
    """Why the last fold failed, a word of `workers.fold.Fault`; None when it went well."""
    failed_at: Mapped[datetime | None]
    failed_day: Mapped[date | None]
    """The newest day that it could not be scored for."""
    lease: Mapped[str | None]
    """Random name of the fold that is running."""
    leased_until: Mapped[datetime | None]


def between(column: InstrumentedAttribute[str], first: str, end: str) -> tuple[ColumnElement[bool], ...]:
    """Rows of the people of a bucket: whose ids are from `first` to below `end`."""
    return column >= first, column < end
