"""The register of requests: lists with clocks, and what the data protection officer does with one (Art. 12)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from privacy import deadlines
from privacy.deadlines import Clock
from privacy.keyring import KeyGoneError, KeyRing, token_hash
from privacy.ledger import note
from privacy.request import CLOSED, RUNNING, UNPROVEN, Kind, Request, State, Way, code_index, key_of
from privacy.sealed import seal, unseal
from server.models import Account, Role
from server.services import accounts, letters
from server.services.missing import MissingError
from workers.requests import BY_HAND, look_again, proven
from workers.runtime.work import Work
from workers.signals import objections

#: Those that are not over.
OPEN = (*UNPROVEN, *RUNNING)
#: Requests that are over, on one page.
A_PAGE = 50
_TEXTS = ("account", "code", "contact", "wish", "answer", "found", "reason")


class StandsError(ValueError):
    """The request stands where this cannot be done: it is closed, or waits for a proof."""


@dataclass(frozen=True)
class Shown:
    """One request as the officer or its person sees it."""

    id: str
    kind: Kind
    way: Way
    state: State
    language: str
    network: str
    account: str
    code: str
    contact: str
    wish: str
    answer: str
    found: Mapping[str, Any]
    """What was kept of the account of somebody without one here, `workers.signals.trace.Trace`; empty if unknown."""
    reason: str
    proof: str | None
    received_at: datetime
    clock: Clock
    extended_on: date | None
    closed_at: datetime | None
    lapses_at: datetime | None
    failure: str | None
    participant: bool
    """Is it somebody with an account here?"""
    again: bool
    """Will the network be asked again by itself?"""
    left_out: bool
    """Are the reactions of the account that it is about left out now? Known of a single request only."""
    left_out_until: datetime | None
    """Until when, on a claim that is not proven."""

    @property
    def running(self) -> bool:
        """Does it wait for the organisation?"""
        return self.state in RUNNING

    @property
    def unproven(self) -> bool:
        """Does it wait for a proof of who asks?"""
        return self.state in UNPROVEN

    @property
    def by_hand(self) -> bool:
        """Did the officer make sure who asks?"""
        return self.proof == BY_HAND

    @property
    def closed(self) -> bool:
        """Is it over?"""
        return self.state in CLOSED

    @property
    def number(self) -> str:
        """As letters name it."""
        return self.id[:8]


def open_ones(session: Session, ring: KeyRing, now: datetime) -> list[Shown]:
    """The requests that are not over: those that run first, the earliest date first."""
    found = [_shown(row, ring, now) for row in session.scalars(select(Request).where(Request.state.in_(OPEN)))]
    return sorted(found, key=lambda one: (not one.running, one.clock.due_on))


def closed(session: Session, ring: KeyRing, now: datetime, page: int) -> tuple[list[Shown], bool]:
    """A page (from 1) of those that are over, the newest first, and whether there are more."""
    query = select(Request).where(Request.state.in_(CLOSED)).order_by(Request.received_at.desc(), Request.id)
    found = session.scalars(query.offset((page - 1) * A_PAGE).limit(A_PAGE + 1)).all()
    return [_shown(row, ring, now) for row in found[:A_PAGE]], len(found) > A_PAGE


def of_person(session: Session, ring: KeyRing, subject_id: str, now: datetime) -> list[Shown]:
    """The requests of one person, the newest first."""
    query = select(Request).where(Request.subject_id == subject_id).order_by(Request.received_at.desc(), Request.id)
    return [_shown(row, ring, now) for row in session.scalars(query)]


def one(session: Session, ring: KeyRing, request_id: str, now: datetime) -> Shown:
    """One request. Raises `MissingError`."""
    return _single(session, _row(session, request_id), ring, now)


def followed(session: Session, ring: KeyRing, token: str, now: datetime) -> Shown:
    """The request that this secret address belongs to. Raises `MissingError`."""
    return _single(session, _by_token(session, token), ring, now)


def check(work: Work, token: str) -> Request:
    """Has the account or the proof of a claim looked for now. Raises `MissingError`."""
    found = _by_token(work.session, token)
    look_again(work, found)
    return found


def make_sure(work: Work, request_id: str) -> None:
    """Takes the officer's word for the proof that is missing. Raises `MissingError`, `StandsError`."""
    found = _row(work.session, request_id, lock=True)
    if State(found.state) not in UNPROVEN:
        raise StandsError("the request does not wait for a proof")
    proven(work, found, BY_HAND)
    note(work.session, work.now, "request proven by hand", None, request=found.id)


def answer(work: Work, request_id: str, text: str) -> None:
    """Closes a request with an answer. Raises `MissingError`, `StandsError`."""
    found = _running(work, request_id)
    seal(found, key_of(work.ring, found), answer=text)
    found.state, found.closed_at = State.ANSWERED.value, work.now


def refuse(work: Work, request_id: str, reason: str) -> None:
    """Closes a request with a refusal; the letter names the ways to complain (Art. 12(4)). Raises as `answer`."""
    found = _running(work, request_id)
    seal(found, key_of(work.ring, found), answer=reason)
    found.state, found.closed_at = State.REFUSED.value, work.now


def extend(work: Work, request_id: str, months: int, reason: str, state: str) -> None:
    """Takes one or two months more, once, within the first. Raises `ExtensionError` and as `answer`."""
    found = _running(work, request_id)
    today = deadlines.day_of(work.now)
    found.due_on = deadlines.extended(
        deadlines.day_of(found.received_at), months, today, state, already=found.extended_on is not None
    )
    found.extended_on = today
    seal(found, key_of(work.ring, found), reason=reason)


def subject_of(session: Session, ring: KeyRing, email: str) -> str | None:
    """Whose request it is when a letter names the address of an account here."""
    found = accounts.by_email(session, ring, email)
    return found.subject_id if found is not None else None


def has_code(session: Session, ring: KeyRing, code: str) -> bool:
    """Is this the code of a request that waits for its proof? A profile may link to the page of it."""
    mine = select(Request.id).where(Request.code_index == code_index(ring, code), Request.state.in_(UNPROVEN))
    return session.scalar(mine) is not None


def alarm(work: Work) -> None:
    """Once a day, a mail to everybody who answers requests, while one is due in three days or overdue."""
    today = deadlines.day_of(work.now)
    query = select(Request).where(
        Request.state.in_([state.value for state in RUNNING]),
        or_(Request.alarmed_on.is_(None), Request.alarmed_on < today),
    )
    due = [row for row in work.session.scalars(query) if deadlines.clock(row.due_on, work.now).close]
    if not due:
        return
    for account in officers(work.session):
        letter = letters.requests_due(account.language, len(due), f"{work.settings.public_url}/desk/requests")
        accounts.write(work, account, letter)
    for row in due:
        row.alarmed_on = today


def officers(session: Session) -> list[Account]:
    """Who answers requests: everybody with the role, and while nobody has it, the administrators."""
    for role in (Role.DPO, Role.ADMIN):
        query = select(Account).where(Account.role == role.value, Account.confirmed_at.is_not(None))
        found = list(session.scalars(query.order_by(Account.id)))
        if found:
            return found
    return []


def deciders(session: Session) -> list[Account]:
    """Who may decide on holds: data protection and administration."""
    roles = (Role.DPO.value, Role.ADMIN.value)
    query = select(Account).where(Account.role.in_(roles), Account.confirmed_at.is_not(None)).order_by(Account.id)
    return list(session.scalars(query))


def _running(work: Work, request_id: str) -> Request:
    found = _row(work.session, request_id, lock=True)
    if State(found.state) not in RUNNING:
        raise StandsError("the request does not wait for an answer")
    return found


def _row(session: Session, request_id: str, *, lock: bool = False) -> Request:
    found = session.get(Request, request_id, with_for_update=lock or None)
    if found is None:
        raise MissingError("no such request")
    return found


def _by_token(session: Session, token: str) -> Request:
    found = session.scalar(select(Request).where(Request.token_hash == token_hash(token)))
    if found is None:
        raise MissingError("no such request")
    return found


def _single(session: Session, row: Request, ring: KeyRing, now: datetime) -> Shown:
    shown, index = _shown(row, ring, now), row.account_index
    found = objections.in_force(session, row.network, index, now) if index is not None else None
    return replace(shown, left_out=True, left_out_until=found.until) if found is not None else shown


def _shown(row: Request, ring: KeyRing, now: datetime) -> Shown:
    try:
        key = key_of(ring, row)
        texts = {name: unseal(row, key, name) for name in _TEXTS}
    except KeyGoneError:  # its time is up, and the row goes with the next run
        texts = dict.fromkeys(_TEXTS, "")
    found = json.loads(texts.pop("found") or "{}")
    return Shown(
        id=row.id, kind=Kind(row.kind), way=Way(row.way), state=State(row.state), language=row.language,
        network=row.network, proof=row.proof, received_at=row.received_at,
        clock=deadlines.clock(row.due_on, now), extended_on=row.extended_on, closed_at=row.closed_at,
        lapses_at=row.lapses_at, failure=row.failure, participant=row.subject_id is not None,
        again=row.due_at is not None, left_out=False, left_out_until=None, found=found, **texts,
    )  # fmt: skip
