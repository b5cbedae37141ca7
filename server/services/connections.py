"""Connecting network accounts: claim, prove, disconnect; asking the network is the workers' part."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import new_id
from privacy.keyring import KeyRing, PersonKey
from privacy.recipient import Act
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from server.services.missing import MissingError
from workers.models import Connection, Run, Score
from workers.models.connection import FRESH, State, code_index
from workers.results import drop_scores, newest
from workers.runtime.work import Work
from workers.signals.store import drop_connections
from workers.telling import tell

#: The word of the workers for an account that somebody else has proven.
TAKEN = "taken"
CODE_LIFE = timedelta(days=7)
MAX_CONNECTIONS = 20
_RETRY = timedelta(minutes=2)

#: The word of the workers for a network that wants us to wait.
_RATE_LIMITED = "rate_limited"
#: The ids of accounts that the demo invented begin with it; no network has such ids, and none is ever asked.
INVENTED = "demo:"
#: Letters that nobody mistakes for one another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Sent(StrEnum):
    """Was a reading sent, and if not, why?"""

    YES = "yes"
    NOT_PROVEN = "not proven"
    FRESH = "fresh"
    """It was read within the last hour."""
    WAITING = "waiting"
    """The network has asked us to wait."""
    INVENTED = "invented"
    """It is an account of the demo."""


class TooManyError(ValueError):
    """More accounts than anybody has."""


@dataclass(frozen=True)
class Shown:
    """One connection as its person sees it."""

    id: str
    network: str
    state: State
    typed: str
    handle: str
    address: str
    code: str
    code_until: datetime
    failure: str | None
    retry_at: datetime | None
    proof: str | None
    """`bio`, `file`, `rel_me` or `post`."""
    proven_at: datetime | None
    read_at: datetime | None
    run: Run | None
    """The newest reading."""
    scored: bool
    """Is there a score that has what was read last in it?"""

    @property
    def busy(self) -> bool:
        """Is something going on that the person waits for?"""
        reading = self.state is State.PROVEN and self.read_at is None and self.failure is None
        running = self.run is not None and self.run.ended_at is None and self.failure is None
        return reading or running or (self.state in (State.LOOKING, State.CHECKING) and self.failure is None)


def claim(work: Work, subject_id: str, network: str, typed: str) -> str:
    """Notes an account that a person says is theirs, and has it looked up; gives the connection's id.

    Raises `NoConsentError`, `TooManyError`.
    """
    consent.require(work.session, subject_id, Purpose.SCORING, network)
    _clear(work, subject_id, network, typed)
    standing = (Connection.subject_id == subject_id) & (Connection.state != State.REFUSED)
    if len(work.session.scalars(select(Connection.id).where(standing)).all()) >= MAX_CONNECTIONS:
        raise TooManyError("too many connections")
    connection = Connection(
        id=new_id(), subject_id=subject_id, network=network, state=State.LOOKING.value, label="",
        created_at=work.now, due_at=work.now + _RETRY,
    )  # fmt: skip
    seal(connection, work.ring.person(subject_id), typed=typed.strip())
    _give_code(work, connection)
    work.session.add(connection)
    work.later("look_up", connection.id)
    return connection.id


def _clear(work: Work, subject_id: str, network: str, typed: str) -> None:
    """Takes away what a new try replaces: entries that came to nothing, and this account where it was lost."""
    query = select(Connection).where(
        Connection.subject_id == subject_id, Connection.network == network, Connection.proven_at.is_(None)
    )
    key = work.ring.person(subject_id)
    for row in work.session.scalars(query).all():
        lost = row.failure == TAKEN and _plain(typed) in (
            _plain(unseal(row, key, "typed")), _plain(unseal(row, key, "handle"))
        )  # fmt: skip
        if row.state == State.REFUSED or lost:
            drop_connections(work.session, [row])


def _plain(name: str) -> str:
    return name.strip().removeprefix("@").casefold()


def look_up_again(work: Work, subject_id: str, connection_id: str) -> None:
    """Has an account looked up once more whose network gave no answer. Raises `MissingError`, `NoConsentError`."""
    connection = _mine(work.session, subject_id, connection_id)
    consent.require(work.session, subject_id, Purpose.SCORING, connection.network)
    if connection.state != State.LOOKING or connection.failure is None:
        return
    connection.failure = None
    connection.due_at = work.now + _RETRY
    work.later("look_up", connection.id)


def check(work: Work, subject_id: str, connection_id: str) -> None:
    """Has the proof looked for; a code that ran out is replaced by a new one first. Raises `MissingError`."""
    connection = _mine(work.session, subject_id, connection_id)
    consent.require(work.session, subject_id, Purpose.SCORING, connection.network)
    stuck = connection.state == State.CHECKING and connection.failure is not None
    waits = connection.state in (State.CLAIMED, State.LAPSED) or stuck
    if not waits or connection.remote_id is None:
        return
    needs_code = connection.state == State.CLAIMED or (stuck and connection.proven_at is None)
    if connection.code_until < work.now and needs_code:
        _give_code(work, connection)
        connection.state, connection.failure, connection.due_at = State.CLAIMED.value, "code_expired", None
        return
    connection.state = State.CHECKING.value
    connection.failure = None
    connection.due_at = work.now + _RETRY
    work.later("prove", connection.id)


def read_now(work: Work, subject_id: str, connection_id: str) -> Sent:
    """Has a proven account read now and not only tomorrow.

    Raises `MissingError`, `NoConsentError`.
    """
    connection = _mine(work.session, subject_id, connection_id)
    consent.require(work.session, subject_id, Purpose.SCORING, connection.network)
    refused = _not_now(work, connection)
    if refused is None:
        connection.failure = None
        work.later("collect", connection.id)
    return refused or Sent.YES


def read_all(work: Work) -> int:
    """Has every proven account read now that may be; how many those are."""
    proven = work.session.scalars(select(Connection).where(Connection.state == State.PROVEN.value))
    ids = [connection.id for connection in proven if not _invented(work, connection)]
    for connection_id in ids:
        work.later("collect", connection_id)
    return len(ids)


def _not_now(work: Work, connection: Connection) -> Sent | None:
    """Why an account is not read now; None if it may be."""
    if connection.state != State.PROVEN:
        return Sent.NOT_PROVEN
    if _invented(work, connection):
        return Sent.INVENTED
    if connection.read_at is not None and work.now - connection.read_at < FRESH:
        return Sent.FRESH
    again = connection.due_at or work.now
    return Sent.WAITING if connection.failure == _RATE_LIMITED and again > work.now else None


def _invented(work: Work, connection: Connection) -> bool:
    return unseal(connection, work.ring.person(connection.subject_id), "remote_id").startswith(INVENTED)


def disconnect(work: Work, subject_id: str, connection_id: str) -> bool:
    """Erases a connection, all that was read through it and the days that rest on it; who got those is told.

    Raises `MissingError`.

    False for one that was never proven: nothing was read through it, so every score stays.
    """
    # A score that is being made of it ends before it is dropped.
    consent.take_turn(work.session, subject_id)
    connection = _mine(work.session, subject_id, connection_id)
    was_proven = connection.proven_at is not None
    drop_connections(work.session, [connection])
    if was_proven:
        drop_scores(work.session, subject_id, connection.network)
        tell(work, subject_id, Act.RECTIFICATION)
        work.later("score", subject_id)
    return was_proven


def proven(session: Session, subject_id: str, network: str) -> bool:
    """Has the person a proven account on this network?"""
    mine = Connection.subject_id == subject_id, Connection.network == network, Connection.state == State.PROVEN.value
    return session.scalar(select(exists().where(*mine))) is True


def shown(session: Session, ring: KeyRing, subject_id: str) -> list[Shown]:
    """All connections of a person, oldest first."""
    rows = session.scalars(
        select(Connection).where(Connection.subject_id == subject_id).order_by(Connection.created_at, Connection.id)
    )
    return _show(session, ring, subject_id, rows.all())


def one(session: Session, ring: KeyRing, subject_id: str, connection_id: str) -> Shown:
    """One connection of a person. Raises `MissingError`."""
    return _show(session, ring, subject_id, [_mine(session, subject_id, connection_id)])[0]


def read_by_now(shown: Shown, now: datetime) -> bool:
    """Is there nothing to wait for any more: read, and scored (or the score is late and comes by itself)?"""
    if shown.state is not State.PROVEN or shown.read_at is None or shown.busy:
        return False
    return shown.scored or now - shown.read_at > _RETRY


def page_link(session: Session, ring: KeyRing, code: str) -> str | None:
    """The profile that the page `/me/<code>` links back to with `rel="me"`; None if no connection has this code."""
    row = session.scalar(select(Connection).where(Connection.code_index == code_index(ring, code)))
    return unseal(row, ring.person(row.subject_id), "address") if row is not None else None


def _mine(session: Session, subject_id: str, connection_id: str) -> Connection:
    row = session.get(Connection, connection_id)
    if row is None or row.subject_id != subject_id:
        raise MissingError("no such connection")
    return row


def _show(session: Session, ring: KeyRing, subject_id: str, rows: Sequence[Connection]) -> list[Shown]:
    """Connections of one person."""
    if not rows:
        return []
    key, score = ring.person(subject_id), newest(session, subject_id)
    return [_show_one(session, key, score, row) for row in rows]


def _show_one(session: Session, key: PersonKey, score: Score | None, row: Connection) -> Shown:
    last_run = select(Run).where(Run.connection_id == row.id).order_by(Run.started_at.desc()).limit(1)
    return Shown(
        id=row.id,
        network=row.network,
        state=State(row.state),
        typed=unseal(row, key, "typed"),
        handle=unseal(row, key, "handle"),
        address=unseal(row, key, "address"),
        code=unseal(row, key, "code"),
        code_until=row.code_until,
        failure=row.failure,
        retry_at=row.due_at if row.failure else None,
        proof=row.proof,
        proven_at=row.proven_at,
        read_at=row.read_at,
        run=session.scalar(last_run),
        scored=score is not None and row.read_at is not None and _has(score, row.read_at),
    )


def _has(score: Score, read_at: datetime) -> bool:
    """Was it made of all that was read then? The score of a day before, of a night that ran meanwhile, was not."""
    return score.made_at >= read_at and score.day >= read_at.date()


def _give_code(work: Work, connection: Connection) -> None:
    code = "klarwert-" + "".join(secrets.choice(_LETTERS) for _ in range(16))
    seal(connection, work.ring.person(connection.subject_id), code=code)
    connection.code_index = code_index(work.ring, code)
    connection.code_until = work.now + CODE_LIFE
