"""Erasures as a person meets them: asked for, perhaps taken back, and at the end a certificate that names nobody."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import certificate, consent, journal
from privacy.base import Subject
from privacy.certificate import CertificateError
from privacy.recipient import Recipient
from privacy.sealed import seal
from server.models import Account
from server.services import accounts, letters, logins, organisations, roles
from workers import comparing, mail
from workers.models import Certificate, ConsentProof, Erasure, Told
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.telling import of_certificate

#: In so many days somebody can take it back, if they wanted that.
DAYS_TO_THINK = 7
_TOKEN_BYTES = 32
#: Acts in the journal.
ASKED = "erasure asked"
TAKEN_BACK = "erasure taken back"


class Stage(StrEnum):
    """Where an erasure stands."""

    WAITS = "waits"
    """It begins later, and can be taken back."""
    RUNS = "runs"
    DONE = "done"


@dataclass(frozen=True)
class Standing:
    """An erasure, for who has its link."""

    stage: Stage
    due_at: datetime | None = None
    file: str = ""
    """The certificate, once it is done."""


def ask(
    process: Process, account_id: str, password: str, *, at_once: bool = True, reactions_too: bool = False
) -> str | None:
    """Has a person erased, now or in seven days, and signs them out; the secret of their link.

    None if the password does not fit. Raises `roles.LastAdministratorError`.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)

    def begin(work: Work, account: Account) -> None:
        _begin(work, account, token, timedelta(days=0 if at_once else DAYS_TO_THINK), reactions_too=reactions_too)

    return token if accounts.by_themselves(process, account_id, password, begin) else None


def _begin(work: Work, account: Account, token: str, wait: timedelta, *, reactions_too: bool) -> None:
    roles.keep_an_administrator(work, account)
    house = organisations.organisation(work.session, work.settings)
    email = accounts.email_of(work.ring, account)
    wish = Erasure(
        subject_id=account.subject_id, asked_at=work.now, due_at=work.now + wait, reactions_too=reactions_too,
        certificate_id=certificate.certificate_id(token), binding=certificate.binding(token, email),
        controller=house.name,
    )  # fmt: skip
    seal(wish, work.ring.person(account.subject_id), token=token)
    work.session.add(wish)
    journal.note(work.session, work.now, ASKED, wish=journal.columns(wish))
    work.session.get_one(Subject, account.subject_id).erasing_at = wish.due_at
    comparing.leave(work.session, account.subject_id)
    logins.sign_out_everywhere(work, account.id)
    link = f"{work.settings.public_url}/erasure/{token}"
    letter = letters.erasing(account.language, link, wish.due_at if wait else None)
    body = letter.body + letters.signature(house, work.settings.public_url)
    mail.post(work, account.subject_id, email, letter.title, body)
    if not wait:
        work.later("erase", account.subject_id)


def standing(session: Session, token: str, now: datetime) -> Standing | None:
    """How the erasure of a link stands; None for a link that there is not."""
    identity = certificate.certificate_id(token)
    made = session.get(Certificate, identity)
    if made is not None and made.payload is not None and made.signature is not None:
        return Standing(Stage.DONE, made.begun_at, certificate.envelope(made.payload, made.signature))
    wish = session.scalar(select(Erasure).where(Erasure.certificate_id == identity))
    if made is None and wish is None:
        return None
    due = wish.due_at if wish is not None else None
    return Standing(Stage.WAITS if due is not None and due > now else Stage.RUNS, due)


def told(session: Session, token: str) -> Sequence[tuple[Told, Recipient]]:
    """What recipients were told of the erasure of a link."""
    return of_certificate(session, certificate.certificate_id(token))


def whose(session: Session, token: str) -> str | None:
    """The subject of a link whose erasure has not begun; None for others."""
    identity = certificate.certificate_id(token)
    return session.scalar(select(Erasure.subject_id).where(Erasure.certificate_id == identity))


def due(session: Session, subject_id: str) -> datetime | None:
    """When a person's erasure begins."""
    return session.scalar(select(Erasure.due_at).where(Erasure.subject_id == subject_id))


def take_back(work: Work, subject_id: str) -> bool:
    """Takes an erasure back that has not begun; False if it is too late, or there is none."""
    consent.take_turn(work.session, subject_id)
    wish = work.session.get(Erasure, subject_id)
    if wish is None or wish.due_at <= work.now:
        return False
    work.session.delete(wish)
    journal.note(work.session, work.now, TAKEN_BACK, subject=subject_id)
    work.session.get_one(Subject, subject_id).erasing_at = None
    return True


@dataclass(frozen=True)
class Verified:
    """What a certificate says, once it was checked."""

    said: dict[str, Any]
    ours: bool
    """Was it made by this installation?"""
    fits: bool | None
    """Is it about who has this secret and e-mail address? None if they were not named."""


def verify(process: Process, file: str, email: str = "", secret: str = "") -> Verified:
    """Checks a certificate; `secret` is a link or its last part. Raises `CertificateError`."""
    said = certificate.verify(file)
    token = secret.rstrip("/").rpartition("/")[2]
    fits = None
    if email and token:
        fits = said["binding"] == certificate.binding(token, accounts.normalised(email))
    return Verified(said, said["public_key"] == process.ring.public_key(), fits)


def proven(session: Session, receipt: str, handle: str, secret: str) -> datetime | None:
    """Until when this installation keeps the proof of a consent, by its receipt and handle; None if it has none."""
    token = secret.rstrip("/").rpartition("/")[2]
    row = session.get(ConsentProof, certificate.commitment(token, receipt, handle))
    return row.until if row is not None else None


__all__ = [
    "DAYS_TO_THINK", "CertificateError", "Stage", "Standing", "Verified", "ask", "due", "proven", "standing",
    "take_back", "told", "verify", "whose",
]  # fmt: skip
