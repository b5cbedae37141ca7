"""Holds: data of one person that stays beyond its time, for a reason, until a day, and not by one person's word (R34).

A hold lives as long as it holds: retention removes it on its last day, and what it spared goes with the next run.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Select, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.deadlines import end_of
from privacy.keyring import KeyRing
from privacy.ledger import note
from privacy.sealed import seal, unseal
from privacy.vocabulary import About, Basis, Use

#: No hold is longer; a longer case needs a new decision.
LONGEST_DAYS = 366


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
    """Empty while it waits for the second person: until then it spares nothing."""


def ask(
    session: Session, ring: KeyRing, subject_id: str, now: datetime, *,
    kind: str, reason: str, until: date, by: str, alone: bool,
) -> Hold:  # fmt: skip
    """Asks for a hold until the end of a day; with `alone` (nobody else could agree) it is in force at once.

    `by` is the id of the account that asks. Raises `HoldError`, `KeyGoneError`.
    """
    end = end_of(until)
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
    _log(session, "hold ended", found, now)
    session.delete(found)
    session.flush()
    return True


def kinds_held(session: Session, subject_id: str) -> frozenset[str]:
    """The kinds of data of a person that a hold spares now."""
    query = select(Hold.kind).where(Hold.subject_id == subject_id, Hold.in_force_since.is_not(None))
    return frozenset(session.scalars(query))


def people_held(kinds: frozenset[str]) -> Select[str]:
    """Ids of people of whom one of these kinds is held."""
    return select(Hold.subject_id).where(Hold.kind.in_(sorted(kinds)), Hold.in_force_since.is_not(None))


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
