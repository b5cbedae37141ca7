"""The register of breaches (Art. 33(5)): what happened, whose and which data, when it was known, what was done.

Texts here name no people; whose data it is comes from the data map, as a number.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import JSON, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy.base import Base, Holds, Rule, models, new_id
from privacy.vocabulary import About, Basis, Erased, Use

#: Within so long of knowing it the authority is told (Art. 33(1)); weekends count.
LIMIT = timedelta(hours=72)
_THREE_YEARS = 3 * 366


class Risk(StrEnum):
    """What it may mean for people: decides who is told (Art. 33(1), 34(1))."""

    UNLIKELY = "unlikely"
    """Nobody has to be told; the register says why."""
    RISK = "risk"
    """The authority is told."""
    HIGH = "high"
    """The authority and the people are told."""


class Breach(Base):
    """One breach."""

    __tablename__ = "breach"
    __holds__ = Holds(
        kind="breaches",
        about=About.NOBODY,
        use=Use.SECURITY,
        basis=Basis.DUTY,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            (
                "id", "known_at", "what", "consequences", "measures", "risk", "kinds", "people", "authority_told_at",
                "people_told_at", "closed_at", "closing",
            ),
            "names no person",
        ),
        rule=Rule(_THREE_YEARS, since="closed_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    known_at: Mapped[datetime]
    """Since when the organisation knows it: the clock runs from here."""
    what: Mapped[str]
    consequences: Mapped[str]
    measures: Mapped[str]
    risk: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(JSON)
    """The kinds of data."""
    people: Mapped[int]
    """How many participants such data was about, when it was entered."""
    authority_told_at: Mapped[datetime | None]
    people_told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closing: Mapped[str | None]
    """Why it is closed, and if nobody was told, why not."""

    @property
    def due_at(self) -> datetime:
        """Until when the authority has to be told."""
        return self.known_at + LIMIT

    def missing(self) -> str:
        """What has to be done before it can be closed: `authority`, `people` or nothing."""
        if self.risk != Risk.UNLIKELY and self.authority_told_at is None:
            return "authority"
        return "people" if self.risk == Risk.HIGH and self.people_told_at is None else ""


def kinds_of_people() -> list[str]:
    """The kinds of data in tables that are about participants."""
    return sorted({model.__holds__.kind for model in models() if model.__holds__.persons})


def affected(session: Session, kinds: Iterable[str]) -> int:
    """How many participants there is such data of now."""
    wanted, found = set(kinds), set()
    for model in models():
        if model.__holds__.kind in wanted:
            for column in model.__holds__.persons:
                found |= set(session.scalars(select(model.__table__.c[column]).distinct()))
    return len(found - {None})
