"""Holds: data of one person that stays beyond its time, for a reason, until a day, and not by one person's word (R34).

When a hold comes into force, a sealed copy of what there is of its kind is set aside. Nothing reads it but the person's
export, and nothing waits for it: the data itself goes as ever. Copy and hold go together, on the hold's last day.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.deadlines import end_of
from privacy.journal import note as note_in_journal
from privacy.keyring import KeyRing, PersonKey
from privacy.ledger import note
from privacy.sealed import seal, unseal
from privacy.vocabulary import About, Basis, Use

#: No hold is longer; a longer case needs a new decision.
LONGEST_DAYS = 366
#: An act in the journal: a hold that ended before its day does not come back with a backup.
HOLD_ENDED = "hold ended"
#: Rows of other tables that lie in one row here.
_AT_ONCE = 1000


class HoldError(ValueError):
    """A hold that cannot be; the text is a word: `past`, `too long`, `same person`, `unknown`."""


class Hold(Base):
    """One kind of data of one person that is not deleted for now."""

    __tablename__ = "hold"
    __holds__ = Holds(
        kind="holds",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.CLAIMS,
        exported=("id", "subject_id", "kind", "reason", "until", "made_at", "in_force_since"),
        withheld={
            "asked_by": "a keyed fingerprint of who asked for it",
            "agreed_by": "a keyed fingerprint of who agreed to it",
        },
        rule=Rule(0, since="until"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    kind: Mapped[str]
    """The kind of data, as its table declares it."""
    reason: Mapped[Sealed]
    until: Mapped[datetime]
    made_at: Mapped[datetime]
    asked_by: Mapped[bytes]
    agreed_by: Mapped[bytes | None]
    in_force_since: Mapped[datetime | None]
    """Empty while it waits for the second person: until then nothing is set aside."""


class SetAside(Base):
    """A sealed copy of some rows of one kind of data, as long as the hold lasts that it was made for."""

    __tablename__ = "set_aside"
    __holds__ = Holds(
        kind="data on hold",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.CLAIMS,
        exported=("id", "subject_id", "hold_id", "kind", "things", "until", "made_at", "rows"),
        rule=Rule(0, since="until"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    hold_id: Mapped[str] = mapped_column(ForeignKey("hold.id"), index=True)
    kind: Mapped[str]
    things: Mapped[int]
    """How many rows there are in `rows`."""
    until: Mapped[datetime]
    """As in the hold."""
    made_at: Mapped[datetime]
    rows: Mapped[Sealed]
    """The rows as an export has them, as a list in JSON."""


@dataclass(frozen=True)
class Aside:
    """How much of a kind of data is set aside, and until when at the latest."""

    kind: str
    things: int
    until: datetime


def ask(
    session: Session, ring: KeyRing, subject_id: str, now: datetime, *,
    kind: str, reason: str, until: date, by: str, alone: bool,
) -> Hold:  # fmt: skip
    """Asks for a hold until the end of a day; with `alone` (nobody else could agree) it is in force at once.

    Whoever calls sets aside what there is (`privacy.holdings.Holdings.set_aside`), as after `agree`.
    `by` is the id of the account that asks. Raises `HoldError`, `KeyGoneError`.
    """
    try:
        end = end_of(until)
    except OverflowError:  # after the last day that there is
        raise HoldError("too long") from None
    if end <= now:
        raise HoldError("past")
    if (end - now).days > LONGEST_DAYS:
        raise HoldError("too long")
    made = Hold(
        id=new_id(), subject_id=subject_id, kind=kind, until=end, made_at=now, asked_by=_by(ring, by),
        agreed_by=None, in_force_since=now if alone else None,
    )  # fmt: skip
    seal(made, ring.person(subject_id), reason=reason)
    session.add(made)
    session.flush()
    _log(session, "hold asked", made, now)
    return made


def agree(session: Session, ring: KeyRing, hold_id: str, by: str, now: datetime) -> Hold:
    """The second person's yes. Raises `HoldError` where it is the first one's, or there is nothing to agree to."""
    found = session.get(Hold, hold_id, with_for_update=True)
    if found is None or found.in_force_since is not None:
        raise HoldError("unknown")
    if found.asked_by == _by(ring, by):
        raise HoldError("same person")
    found.agreed_by, found.in_force_since = _by(ring, by), now
    session.flush()
    _log(session, "hold", found, now)
    return found


def end(session: Session, hold_id: str, now: datetime) -> bool:
    """Ends a hold before its day; False if there is none."""
    found = session.get(Hold, hold_id, with_for_update=True)
    if found is None:
        return False
    _log(session, HOLD_ENDED, found, now)
    note_in_journal(session, now, HOLD_ENDED, hold=hold_id)
    drop(session, hold_id)
    return True


def drop(session: Session, hold_id: str) -> None:
    """Deletes a hold with what was set aside for it."""
    session.execute(delete(SetAside).where(SetAside.hold_id == hold_id))
    session.execute(delete(Hold).where(Hold.id == hold_id))
    session.flush()


def put_aside(
    session: Session, key: PersonKey, made: Hold, kind: str, rows: Iterable[dict[str, Any]], now: datetime
) -> None:
    """Sets a sealed copy of rows aside, for as long as the hold lasts."""
    left = iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        row = SetAside(
            id=new_id(), subject_id=made.subject_id, hold_id=made.id, kind=kind, things=len(some), until=made.until,
            made_at=now,
        )  # fmt: skip
        seal(row, key, rows=json.dumps(some, default=date.isoformat))
        session.add(row)
        session.flush()
        session.expunge(row)


def in_force(session: Session, subject_id: str) -> bool:
    """Does a hold keep something of a person now?"""
    mine = select(SetAside.id).join(Hold, Hold.id == SetAside.hold_id)
    mine = mine.where(SetAside.subject_id == subject_id, Hold.in_force_since.is_not(None))
    return session.scalar(mine.limit(1)) is not None


def aside(session: Session, subject_id: str) -> list[Aside]:
    """What is set aside of a person, by kind."""
    query = (
        select(SetAside.kind, func.sum(SetAside.things), func.max(SetAside.until))
        .where(SetAside.subject_id == subject_id)
        .group_by(SetAside.kind)
        .order_by(SetAside.kind)
    )
    return [Aside(kind, int(things), until) for kind, things, until in session.execute(query)]


def amounts(session: Session) -> dict[str, int]:
    """How many rows are set aside for each hold of which there are some."""
    query = select(SetAside.hold_id, func.sum(SetAside.things)).group_by(SetAside.hold_id)
    return {hold_id: int(things) for hold_id, things in session.execute(query)}


def holds(session: Session, ring: KeyRing, subject_id: str | None = None) -> list[tuple[Hold, str]]:
    """Holds of a person, or all, with their reasons; those that end first come first."""
    query = select(Hold).order_by(Hold.until, Hold.id)
    if subject_id is not None:
        query = query.where(Hold.subject_id == subject_id)
    return [(row, unseal(row, ring.person(row.subject_id), "reason")) for row in session.scalars(query)]


def count(session: Session) -> int:
    """How many holds there are."""
    return session.scalar(select(func.count()).select_from(Hold)) or 0


def asked_by(ring: KeyRing, hold: Hold, account_id: str) -> bool:
    """Is it this account that asked for the hold?"""
    return hold.asked_by == _by(ring, account_id)


def _by(ring: KeyRing, account_id: str) -> bytes:
    return ring.blind("hold.by", account_id)


def _log(session: Session, type_: str, hold: Hold, now: datetime) -> None:
    note(session, now, type_, hold.subject_id, hold=hold.id, kind=hold.kind, until=hold.until.date().isoformat())
