"""Offers by topics and score (purpose `perks`): who takes one is known to the organisation, whom it fits is not."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import new_id
from privacy.disclosure import Reason, allowed, record
from privacy.keyring import KeyRing
from privacy.ledger import note
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from server.models import Role
from server.services.looks import Viewer
from server.services.members import label
from server.services.missing import MissingError
from server.services.organisations import organisation
from workers import results
from workers.models import Offer, TakenOffer
from workers.runtime.work import Work
from workers.signals.topics import topics_by_post

#: What is seen of somebody who takes an offer; `server.web.sentences` has the words.
TAKEN, REACH = "offer", "reach"


class FullError(Exception):
    """All places are taken."""


@dataclass(frozen=True)
class Taken:
    """One offer that somebody took."""

    title: str
    reach: str
    day: date


def make(
    work: Work, purpose: str, *, title: str, text: str, from_score: int, topic: str, until: date, places: int
) -> Offer:
    """Makes an offer. Raises `ForbiddenUseError` for what stays closed by law."""
    if allowed(purpose) is not Reason.CAMPAIGN:
        raise ValueError("offers are for nothing else")
    made = Offer(
        id=new_id(), title=title, text=text, from_score=from_score, topic=topic, until=until, places=places,
        made_at=work.now, closed_at=None,
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    note(work.session, work.now, "offer", None, offer=made.id)
    return made


def close(work: Work, offer_id: str) -> None:
    """Ends an offer; again is no error. Raises `MissingError`."""
    found = _locked(work.session, offer_id)
    if found.closed_at is None:
        found.closed_at = work.now
        note(work.session, work.now, "offer closed", None, offer=found.id)


def everything(session: Session) -> list[tuple[Offer, int]]:
    """All offers, the newest first, and how many places are taken of each."""
    taken = select(func.count()).where(TakenOffer.offer_id == Offer.id).scalar_subquery()
    rows = session.execute(select(Offer, taken).order_by(Offer.made_at.desc(), Offer.id))
    return [(row[0], row[1]) for row in rows]


def taken_by(work: Work, viewer: Viewer, offer_id: str) -> tuple[Offer, list[Taken]]:
    """An offer with those who took it, each of whom sees that somebody looked. Raises `MissingError`.

    Who has paused everything, or does not agree any more, is left out.
    """
    offer = work.session.get(Offer, offer_id)
    if offer is None:
        raise MissingError("no such offer")
    theirs = select(TakenOffer).where(TakenOffer.offer_id == offer_id)
    consent.hold(work.session, work.session.scalars(theirs.with_only_columns(TakenOffer.subject_id)))
    found = []
    for row in work.session.scalars(theirs.order_by(TakenOffer.taken_at, TakenOffer.id)).all():
        if consent.agreed(work.session, row.subject_id, Purpose.PERKS):
            record(
                work.session, work.ring, row.subject_id, work.now, recipient=label(work.ring, viewer.account_id),
                role=viewer.role.value, viewer_id=viewer.account_id, purpose=Reason.CAMPAIGN.value, what=REACH,
            )  # fmt: skip
            found.append(_taken(work.ring, row))
    return offer, found


def fitting(session: Session, ring: KeyRing, subject_id: str, today: date) -> list[Offer]:
    """The open offers that fit a person and that they did not take; none without a yes to `perks`.

    Full ones are among them: a list that changes with every place would push people to hurry.
    """
    last = results.newest_final(session, subject_id)
    if last is None or not consent.agreed(session, subject_id, Purpose.PERKS):
        return []
    mine = topics_by_post(session, ring.person(subject_id), subject_id).values()
    had = select(TakenOffer.offer_id).where(TakenOffer.subject_id == subject_id)
    query = select(Offer).where(
        Offer.closed_at.is_(None), Offer.until >= today, Offer.from_score <= last.score,
        Offer.topic.in_(["", *{topic for topics in mine for topic in topics}]), Offer.id.not_in(had),
    )  # fmt: skip
    return list(session.scalars(query.order_by(Offer.until, Offer.made_at, Offer.id)))


def mine(session: Session, ring: KeyRing, subject_id: str) -> list[Taken]:
    """What a person took, the newest first."""
    query = select(TakenOffer).where(TakenOffer.subject_id == subject_id)
    return [_taken(ring, row) for row in session.scalars(query.order_by(TakenOffer.taken_at.desc(), TakenOffer.id))]


def take(work: Work, subject_id: str, offer_id: str, reach: str) -> None:
    """Takes an offer and records, for the person to see, what the organisation learns by it.

    The places are counted while the offer's row is held, so two at once never share the last one. Raises
    `NoConsentError`, `MissingError` for what does not fit or was taken before, and `FullError`.
    """
    session = work.session
    consent.take_turn(session, subject_id)
    consent.require(session, subject_id, Purpose.PERKS)
    offer = _locked(session, offer_id)
    if offer not in fitting(session, work.ring, subject_id, work.today):
        raise MissingError("no such offer for this person")
    taken = select(func.count()).where(TakenOffer.offer_id == offer.id)
    if session.scalars(taken).one() >= offer.places:
        raise FullError("all places are taken")
    row = TakenOffer(id=new_id(), subject_id=subject_id, offer_id=offer.id, taken_at=work.now)
    seal(row, work.ring.person(subject_id), title=offer.title, reach=reach)
    session.add(row)
    session.flush()
    last = results.newest_final(session, subject_id)
    record(
        session, work.ring, subject_id, work.now, recipient=organisation(session, work.settings).name,
        role=Role.STAFF.value, viewer_id=offer.id, purpose=Reason.CAMPAIGN.value, what=TAKEN,
        day=last.day if last else None,
    )  # fmt: skip


def _locked(session: Session, offer_id: str) -> Offer:
    query = select(Offer).where(Offer.id == offer_id).with_for_update(key_share=True)
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise MissingError("no such offer")
    return found


def _taken(ring: KeyRing, row: TakenOffer) -> Taken:
    key = ring.person(row.subject_id)
    return Taken(unseal(row, key, "title"), unseal(row, key, "reach"), row.taken_at.date())
