"""Connecting an account: look it up, then prove that it is the person's (proof decides, whoever was first)."""

from datetime import datetime, timedelta

from sqlalchemy import select

from privacy import consent
from privacy.recipient import Act
from privacy.sealed import seal, unseal
from workers.jobs.asking import client, held, key_of, network, page_address, remote_id, retry_at
from workers.jobs.job import job
from workers.models import Connection
from workers.models.connection import State
from workers.networks.proof import find_proof
from workers.networks.shape import Failure, Profile, Reason
from workers.results import drop_scores
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.standing import account_index
from workers.signals.store import drop_read
from workers.telling import tell

#: A failure that is no network's: the code was not found where it should be.
NOT_FOUND = "proof_not_found"
#: Somebody else proved the account.
TAKEN = "taken"
#: The person connected the same account before.
TWICE = "twice"
#: The code ran out before it was found.
EXPIRED = "code_expired"
#: Reasons after which asking again helps.
PASSING = frozenset(
    {Reason.RATE_LIMITED, Reason.UNREACHABLE, Reason.NOT_UNDERSTOOD, Reason.INCOMPLETE, Reason.KEY_REFUSED}
)


@job
def look_up(process: Process, connection_id: str) -> None:
    """Finds the account that the person typed in, and keeps its stable id: handles change."""
    with process.working() as work:
        connection = held(work, connection_id)
        if connection is None or connection.state != State.LOOKING:
            return
        typed, name = unseal(connection, key_of(work, connection), "typed"), connection.network
    try:
        with client(process) as asking:
            profile = network(process, name).find(asking, typed)
    except Failure as failure:
        _failed(process, connection_id, failure)
        return
    with process.working() as work:
        found = held(work, connection_id)
        if found is not None and found.state == State.LOOKING:
            _found(work, found, profile)


@job
def prove(process: Process, connection_id: str) -> None:
    """Looks for the proof; once it is there, the account is the person's and is read."""
    with process.working() as work:
        connection = held(work, connection_id)
        if connection is None or connection.state != State.CHECKING:
            return
        code = unseal(connection, key_of(work, connection), "code")
        account, name = remote_id(work, connection), connection.network
    page = page_address(process.settings.public_url, code)
    try:
        with client(process) as asking:
            proof = find_proof(network(process, name), asking, account, code, page)
    except Failure as failure:
        _failed(process, connection_id, failure)
        return
    with process.working() as work:
        checked = held(work, connection_id)
        if checked is not None and checked.state == State.CHECKING:
            _checked(work, checked, proof)


def _failed(process: Process, connection_id: str, failure: Failure) -> None:
    """Tells the person why it did not work; what may pass is tried again by the schedule while the code lives."""
    with process.working() as work:
        connection = held(work, connection_id)
        if connection is None or connection.state not in (State.LOOKING, State.CHECKING):
            return
        passing = failure.reason in PASSING
        connection.failure = failure.reason
        connection.idle_since = connection.idle_since or work.now
        connection.due_at = retry_at(failure, work.now) if passing and work.now < connection.code_until else None
        if connection.due_at is None:
            # What was found once can be checked again when the person asks for it.
            found = passing and connection.state == State.CHECKING
            connection.state = State.CLAIMED if found else State.REFUSED


def _found(work: Work, connection: Connection, profile: Profile) -> None:
    key = key_of(work, connection)
    connection.remote_index = account_index(work.ring, connection.network, profile.actor_id)
    seal(connection, key, handle=profile.handle, address=profile.address, remote_id=profile.remote_id)
    connection.due_at = None
    connection.idle_since = work.now
    if _is_mine_already(work, connection):
        connection.state, connection.failure = State.REFUSED, TWICE
    else:
        connection.state, connection.failure = State.CLAIMED, None


def _checked(work: Work, connection: Connection, proof: str | None) -> None:
    connection.due_at = None
    if proof is None:
        expired = connection.code_until < work.now
        connection.state, connection.failure = State.CLAIMED, EXPIRED if expired else NOT_FOUND
        connection.idle_since = connection.idle_since or work.now
        return
    if _is_mine_already(work, connection, State.PROVEN):
        connection.state, connection.failure = State.REFUSED, TWICE
        return
    _take_over(work, connection)
    if connection.proven_at is None:
        connection.label = _label(work, connection)
    connection.state, connection.failure, connection.idle_since = State.PROVEN, None, None
    connection.proof, connection.proven_at = proof, work.now
    connection.due_at = soon(work.now)
    work.later("collect", connection.id)


def soon(now: datetime) -> datetime:
    """When the schedule steps in if the job that was sent got lost."""
    return now + timedelta(minutes=10)


def _is_mine_already(work: Work, connection: Connection, *states: State) -> bool:
    """Did the same person connect the same account before? With `states` only connections that stand so count."""
    query = select(Connection.id).where(
        Connection.network == connection.network,
        Connection.remote_index == connection.remote_index,
        Connection.subject_id == connection.subject_id,
        Connection.id != connection.id,
        Connection.state.in_([state.value for state in states or set(State) - {State.REFUSED}]),
    )
    return work.session.scalar(query.limit(1)) is not None


def _take_over(work: Work, connection: Connection) -> None:
    """The account is proven by this person now: what was read for its former holder was never theirs."""
    query = select(Connection).where(
        Connection.network == connection.network,
        Connection.remote_index == connection.remote_index,
        Connection.subject_id != connection.subject_id,
        Connection.state == State.PROVEN.value,
    )
    for other in work.session.scalars(query).all():
        # Their turn first, as everywhere: a score of theirs that is being made ends before it is dropped, and a
        # withdrawal of theirs that is on its way erases the connection anyway.
        consent.take_turn(work.session, other.subject_id)
        if work.session.get(Connection, other.id, with_for_update=True, populate_existing=True) is not None:
            _lose(work, other)


def _lose(work: Work, other: Connection) -> None:
    """Leaves only the word that somebody else proved it; who got scores that rested on it is told."""
    drop_read(work.session, other)
    drop_scores(work.session, other.subject_id, other.network)
    tell(work, other.subject_id, Act.RECTIFICATION)
    other.state, other.failure, other.idle_since = State.LAPSED, TAKEN, work.now
    other.remote_id = other.remote_index = other.address = other.resume = other.proof = None
    other.proven_at = other.read_at = other.due_at = other.leased_until = None
    # Written before the new holder's state: only one connection of an account may be proven.
    work.session.flush()
    work.later("score", other.subject_id)


def _label(work: Work, connection: Connection) -> str:
    """Tells a person's second account on a network apart from the first; a lapsed one keeps its label."""
    query = select(Connection.label).where(
        Connection.subject_id == connection.subject_id,
        Connection.network == connection.network,
        Connection.proven_at.is_not(None),
    )
    taken = set(work.session.scalars(query))
    number = next(n for n in range(1, len(taken) + 2) if (str(n) if n > 1 else "") not in taken)
    return str(number) if number > 1 else ""
