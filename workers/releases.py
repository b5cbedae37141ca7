"""Organisations that a person names and strikes: only those may ask for the score (purpose `lookup`)."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy import consent, journal
from privacy.disclosure import Reason
from privacy.recipient import Act, Recipient, reference
from privacy.vocabulary import Purpose
from workers.models import Release
from workers.runtime.work import Work
from workers.telling import tell

STRUCK = "organisation struck"


def release(work: Work, subject_id: str, recipient: Recipient) -> Release:
    """Lets an organisation ask from now on, for what it has declared by now. Raises `NoConsentError`.

    Naming it again is a yes to what it declared since.
    """
    consent.take_turn(work.session, subject_id)
    consent.require(work.session, subject_id, Purpose.LOOKUP)
    there = work.session.get(Release, (subject_id, recipient.id))
    if there is not None:
        there.made_at = work.now
        return there
    made = Release(
        subject_id=subject_id, recipient_id=recipient.id, made_at=work.now,
        reference=reference(work.ring, recipient.id, subject_id),
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    return made


def strike(work: Work, subject_id: str, recipient_id: str) -> bool:
    """Lets an organisation ask no more and tells it so, if it ever got an answer; False if it was not named."""
    if not _let_go(work, subject_id, recipient_id):
        return False
    tell(work, subject_id, Act.ERASURE, Reason.LOOKUP, only=recipient_id)
    return True


def _let_go(work: Work, subject_id: str, recipient_id: str) -> bool:
    consent.take_turn(work.session, subject_id)
    there = work.session.get(Release, (subject_id, recipient_id))
    if there is None:
        return False
    work.session.delete(there)
    journal.note(work.session, work.now, STRUCK, subject=subject_id, recipient=recipient_id)
    return True


def strike_all(work: Work, subject_id: str) -> None:
    """Lets nobody ask any more; whoever got an answer is told."""
    work.session.execute(delete(Release).where(Release.subject_id == subject_id))
    tell(work, subject_id, Act.ERASURE, Reason.LOOKUP)


def strike_everybody(work: Work, recipient_id: str) -> None:
    """Lets an organisation ask for nobody any more; whoever calls tells it."""
    query = select(Release.subject_id).where(Release.recipient_id == recipient_id).order_by(Release.subject_id)
    for subject_id in work.session.scalars(query).all():
        _let_go(work, subject_id, recipient_id)


def may_ask(session: Session, subject_id: str, recipient_id: str) -> bool:
    """Does the person agree to be asked about, and have they named this organisation?

    Both stay so until the transaction ends (R4).
    """
    agreed = consent.agreed(session, subject_id, Purpose.LOOKUP, hold=True)
    return agreed and session.get(Release, (subject_id, recipient_id)) is not None


def find(session: Session, recipient_id: str, said: str) -> str | None:
    """The person whom an organisation knows by a reference, if they named it."""
    query = select(Release.subject_id).where(Release.recipient_id == recipient_id, Release.reference == said)
    return session.scalar(query)
