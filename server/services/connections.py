"""Connecting network accounts: claim, prove, disconnect; asking the network is the workers' part."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import new_id
from privacy.keyring import KeyRing
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from server.services.missing import MissingError
from workers.models import Connection, Run
from workers.models.connection import State, code_index
from workers.results import drop_scores, newest
from workers.runtime.work import Work
from workers.signals.store import drop_connections

CODE_LIFE = timedelta(days=7)
MAX_CONNECTIONS = 20
_RETRY = timedelta(minutes=2)
#: Letters that nobody mistakes for one another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


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
    """`bio`, `rel_me` or `post`."""
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
    mine = list(work.session.scalars(select(Connection).where(Connection.subject_id == subject_id)))
    if len(mine) >= MAX_CONNECTIONS:
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


def check(work: Work, subject_id: str, connection_id: str) -> None:
    """Has the proof looked for; a code that ran out is replaced by a new one first. Raises `MissingError`."""
    connection = _mine(work.session, subject_id, connection_id)
    consent.require(work.session, subject_id, Purpose.SCORING, connection.network)
    if connection.state not in (State.CLAIMED, State.LAPSED) or connection.remote_id is None:
        return
    if connection.code_until < work.now and connection.state == State.CLAIMED:
        _give_code(work, connection)
        connection.failure = "code_expired"
        return
    connection.state = State.CHECKING.value
    connection.failure = None
    connection.due_at = work.now + _RETRY
    work.later("prove", connection.id)


def read_now(work: Work, subject_id: str, connection_id: str) -> bool:
    """Has a proven account read now and not only tomorrow; False if it was read within the last hour.

    Raises `MissingError`, `NoConsentError`.
    """
    connection = _mine(work.session, subject_id, connection_id)
    consent.require(work.session, subject_id, Purpose.SCORING, connection.network)
    fresh = connection.read_at is not None and work.now - connection.read_at < timedelta(hours=1)
    if connection.state != State.PROVEN or fresh:
        return False
    connection.failure = None
    work.later("collect", connection.id)
    return True


def disconnect(work: Work, subject_id: str, connection_id: str) -> None:
    """Erases a connection, all that was read through it and the days that rest on it. Raises `MissingError`."""
    connection = _mine(work.session, subject_id, connection_id)
    drop_connections(work.session, [connection])
    drop_scores(work.session, subject_id, connection.network)
    work.later("score", subject_id)


def shown(session: Session, ring: KeyRing, subject_id: str) -> list[Shown]:
    """All connections of a person, oldest first."""
    rows = session.scalars(
        select(Connection).where(Connection.subject_id == subject_id).order_by(Connection.created_at, Connection.id)
    )
    return [_show(session, ring, row) for row in rows]


def one(session: Session, ring: KeyRing, subject_id: str, connection_id: str) -> Shown:
    """One connection of a person. Raises `MissingError`."""
    return _show(session, ring, _mine(session, subject_id, connection_id))


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


def _show(session: Session, ring: KeyRing, row: Connection) -> Shown:
    key = ring.person(row.subject_id)
    last_run = select(Run).where(Run.connection_id == row.id).order_by(Run.started_at.desc()).limit(1)
    score = newest(session, row.subject_id)
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
        scored=score is not None and row.read_at is not None and score.made_at >= row.read_at,
    )


def _give_code(work: Work, connection: Connection) -> None:
    code = "klarwert-" + "".join(secrets.choice(_LETTERS) for _ in range(16))
    seal(connection, work.ring.person(connection.subject_id), code=code)
    connection.code_index = code_index(work.ring, code)
    connection.code_until = work.now + CODE_LIFE
