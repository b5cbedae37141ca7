"""Public pages: a score of the day under a name that its person chose, for everybody who has the address."""

import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.keyring import KeyRing
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from server.services import figures
from server.services.missing import MissingError
from workers import results
from workers.models import Profile
from workers.runtime.work import Work

_PAGE_BYTES = 12


@dataclass(frozen=True)
class Page:
    """What everybody sees who has the address."""

    path: str
    name: str
    score: int | None
    """Points of 1 to 100, rounded; None before there is one."""
    day: date | None


def mine(session: Session, ring: KeyRing, subject_id: str) -> Page | None:
    """A person's own page, as others see it."""
    row = session.get(Profile, subject_id)
    return _page(session, ring, row) if row is not None else None


def show(session: Session, ring: KeyRing, path: str) -> Page:
    """The page of an address. Raises `MissingError` where there is none, or while its person has paused everything."""
    row = session.scalar(select(Profile).where(Profile.path == path))
    if row is None or not consent.agreed(session, row.subject_id, Purpose.PROFILE):
        raise MissingError("no such page")
    return _page(session, ring, row)


def open_page(work: Work, subject_id: str, name: str) -> None:
    """Opens a page, or gives it another name. Raises `NoConsentError` without a yes to `profile`."""
    consent.take_turn(work.session, subject_id)
    consent.require(work.session, subject_id, Purpose.PROFILE)
    row = work.session.get(Profile, subject_id)
    if row is None:
        row = Profile(subject_id=subject_id, path=secrets.token_urlsafe(_PAGE_BYTES), made_at=work.now)
    seal(row, work.ring.person(subject_id), name=name)
    work.session.add(row)
    work.session.flush()


def _page(session: Session, ring: KeyRing, row: Profile) -> Page:
    last = results.newest_final(session, row.subject_id)
    name = unseal(row, ring.person(row.subject_id), "name")
    return Page(row.path, name, figures.whole(last.score) if last else None, last.day if last else None)
