"""Holds as they come into force: in one transaction the hold and the sealed copy of what it is about (R34)."""

from datetime import date

from privacy import consent, hold
from privacy.hold import Hold
from workers.places import holdings
from workers.runtime.process import process_of
from workers.runtime.work import Work


def ask(work: Work, subject_id: str, *, kind: str, reason: str, until: date, by: str, alone: bool) -> Hold:
    """Asks for a hold; `alone`: nobody else could agree, and it is in force at once. Raises as `privacy.hold.ask`."""
    consent.take_turn(work.session, subject_id)
    made = hold.ask(
        work.session, work.ring, subject_id, work.now, kind=kind, reason=reason, until=until, by=by, alone=alone
    )  # fmt: skip
    if alone:
        _set_aside(work, made)
    return made


def agree(work: Work, hold_id: str, by: str) -> Hold:
    """The second person's yes. Raises as `privacy.hold.agree`."""
    there = work.session.get(Hold, hold_id)
    if there is not None:
        consent.take_turn(work.session, there.subject_id)
    made = hold.agree(work.session, work.ring, hold_id, by, work.now)
    _set_aside(work, made)
    return made


def _set_aside(work: Work, made: Hold) -> None:
    holdings(process_of(work.session)).set_aside(work.session, made, work.now)
