"""The signed explanation of a score as a file, for its person or, without addresses, for an auditor."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.base import Subject
from privacy.keyring import KeyRing
from server.services.explanations import explain_day
from server.services.missing import MissingError
from workers.models import Post
from workers.results import newest
from workers.scoring.bundle import Instance, envelope, payload
from workers.scoring.explain import Explanation
from workers.signals.store import address_of


class Reader(StrEnum):
    """For whom a file is made; each is signed apart."""

    PERSON = "person"
    """Posts have their addresses."""
    AUDITOR = "auditor"
    """Posts have labels that hold in this file only (R39)."""


@dataclass(frozen=True)
class Bundle:
    """One file."""

    day: date
    """The day of the score."""
    text: str


def bundle(
    session: Session, ring: KeyRing, subject_id: str, name: str, reader: Reader, day: date | None = None
) -> Bundle:
    """The signed explanation of a person's newest score; `name` is the organisation's.

    Raises `MissingError`, with the reason, without a score and for a `day` other than that of the newest score: of
    older days the signals are not all there any more (score-model, section 8).
    """
    subject = session.get(Subject, subject_id)
    stored = newest(session, subject_id)
    if subject is None or subject.erasing_at is not None or stored is None:
        raise MissingError("there is no score of this subject")
    if day is not None and day != stored.day:
        raise MissingError(f"only the newest scored day can be explained, and that is {stored.day}")
    told = explain_day(session, subject_id, stored.day)
    addresses = _addresses(session, ring, subject_id, told) if reader is Reader.PERSON else None
    signed = payload(told, Instance(name, ring.public_key()), addresses)
    return Bundle(stored.day, envelope(signed, ring.sign(signed)))


def _addresses(session: Session, ring: KeyRing, subject_id: str, told: Explanation) -> dict[str, str]:
    """The addresses of the posts among the signals, by id."""
    wanted = set(told.frame.signals.posts)
    key = ring.person(subject_id)
    posts = session.scalars(select(Post).where(Post.subject_id == subject_id))
    return {post.id: address_of(post, key) for post in posts if post.id in wanted}
