"""The signed explanation of a score as a file, for its person or, without addresses, for an auditor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.base import Subject
from privacy.keyring import KeyRing
from privacy.ledger import note
from server.services.explanations import explain_day
from server.services.missing import MissingError
from workers.logbook import openings
from workers.models import Post
from workers.results import newest
from workers.runtime.process import Process
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


def bundle(process: Process, subject_id: str, name: str, reader: Reader, day: date | None = None) -> Bundle:
    """The signed explanation of a person's newest score, with its place in the log; `name` is the organisation's.

    Raises `MissingError`, with the reason, without a score and for a `day` other than that of the newest score: of
    older days the signals are not all there any more (score-model, section 8).
    """
    with process.reading() as session:
        told = _told(session, subject_id, day)
        addresses = _addresses(session, process.ring, subject_id, told) if reader is Reader.PERSON else None
    return hand_out(process, subject_id, told, name, addresses)


def hand_out(
    process: Process, subject_id: str, told: Explanation, name: str, addresses: Mapping[str, str] | None
) -> Bundle:
    """Signs an explanation as a file and notes it in the log; `addresses` as for `payload`. Raises `MissingError`."""
    signed = payload(told, Instance(name, process.ring.public_key()), addresses)
    digest = sha256(signed.encode()).hexdigest()
    with process.working() as work:
        _make_sure(work.session, subject_id)
        entry = note(work.session, work.now, "explanation", subject_id, day=told.day.isoformat(), sha256=digest)
    proofs = openings(process, [entry.id])
    if not proofs["leaves"]:
        raise MissingError("the subject was erased just now")
    place = proofs["leaves"][0]
    log = {"checkpoint": proofs["checkpoint"], **{part: place[part] for part in ("index", "proof", "salt")}}
    return Bundle(told.day, envelope(signed, process.ring.sign(signed), log))


def _make_sure(session: Session, subject_id: str) -> None:
    """Raises `MissingError` for whoever is gone or going."""
    subject = session.get(Subject, subject_id)
    if subject is None or subject.erasing_at is not None:
        raise MissingError("there is no score of this subject")


def _told(session: Session, subject_id: str, day: date | None) -> Explanation:
    _make_sure(session, subject_id)
    stored = newest(session, subject_id)
    if stored is None:
        raise MissingError("there is no score of this subject")
    if day is not None and day != stored.day:
        raise MissingError(f"only the newest scored day can be explained, and that is {stored.day}")
    return explain_day(session, subject_id, stored.day)


def _addresses(session: Session, ring: KeyRing, subject_id: str, told: Explanation) -> dict[str, str]:
    """The addresses of the posts among the signals, by id."""
    wanted = set(told.frame.signals.posts)
    key = ring.person(subject_id)
    posts = session.scalars(select(Post).where(Post.subject_id == subject_id))
    return {post.id: address_of(post, key) for post in posts if post.id in wanted}
