"""Restricting the use of a person's data (Art. 18), which is also the pause: everything stays, and nothing is done."""

from datetime import datetime

from sqlalchemy.orm import Session

from privacy import consent, journal
from privacy.base import Subject
from privacy.ledger import note
from privacy.recipient import Act
from workers import comparing
from workers.runtime.work import Work
from workers.telling import tell

RESTRICTION = "restriction"


def freeze(work: Work, subject_id: str) -> bool:
    """From now on nothing is read, scored or shown to others; False if it was so already.

    It waits for whoever is storing something about the person, so nothing is written after it.
    """
    consent.take_turn(work.session, subject_id)
    subject = work.session.get_one(Subject, subject_id, populate_existing=True)
    if subject.frozen_at is not None:
        return False
    subject.frozen_at = work.now
    comparing.leave(work.session, subject_id)
    _log(work, subject_id, on=True)
    tell(work, subject_id, Act.RESTRICTION)
    return True


def thaw(work: Work, subject_id: str) -> bool:
    """Everything goes on: what was due meanwhile is read, the score is made anew; False if nothing was restricted."""
    consent.take_turn(work.session, subject_id)
    subject = work.session.get_one(Subject, subject_id, populate_existing=True)
    if subject.frozen_at is None:
        return False
    subject.frozen_at = None
    _log(work, subject_id, on=False)
    tell(work, subject_id, Act.RESTRICTION_LIFTED)
    work.later("score", subject_id)
    return True


def _log(work: Work, subject_id: str, *, on: bool) -> None:
    """It stands in the log, and in the journal: no restore undoes it (R36)."""
    note(work.session, work.now, RESTRICTION, subject_id, on=on)
    journal.note(work.session, work.now, RESTRICTION, subject=subject_id, on=on)


def frozen_at(session: Session, subject_id: str) -> datetime | None:
    """Since when the use of a person's data is restricted."""
    subject = session.get(Subject, subject_id)
    return subject.frozen_at if subject is not None else None
