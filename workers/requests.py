"""Requests for rights as they come in: claimed by the owner of an account, brought by letter, or done at once."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select

from privacy import deadlines
from privacy.base import new_id
from privacy.keyring import token_hash
from privacy.request import UNPROVEN, Kind, Request, State, Way, code_index, key_of
from privacy.sealed import seal
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.objections import keep

#: A claim without a proof goes after so long.
PROOF_LIFE = timedelta(days=14)
#: Where a network does not answer, a claim waits for it, but no longer than an answer may ever take (Art. 12(3)).
PATIENCE = timedelta(days=92)
#: The proof of whoever the officer made sure of.
BY_HAND = "by hand"
#: The schedule looks at a request (again) after so long.
SOON = timedelta(minutes=2)
#: Letters that nobody mistakes for one another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Opened:
    """A request of somebody without an account, as it begins."""

    id: str
    token: str
    """The secret part of the address under which they follow it; kept by its hash only."""


def claim(
    work: Work, kind: Kind, network: str, typed: str, *,
    language: str, state: str, wish: str = "", contact: str = "", way: Way = Way.PAGE,
) -> Opened:  # fmt: skip
    """A request of whoever owns an account on a network: it waits for the proof, and lapses without one.

    `state` is the federal state whose holidays count. The clock runs from now on, whenever the proof comes.
    """
    token = secrets.token_urlsafe(24)
    made = _made(work, None, kind, way, State.LOOKING, language, state)
    made.network, made.token_hash = network, token_hash(token)
    made.code_until = made.lapses_at = work.now + PROOF_LIFE
    made.due_at = work.now + SOON
    code = "kw-" + "".join(secrets.choice(_LETTERS) for _ in range(10))
    made.code_index = code_index(work.ring, code)
    key = work.ring.create(made.id)
    seal(made, key, account=typed.strip(), code=code, wish=wish or None, contact=contact or None)
    work.session.add(made)
    work.session.flush()
    work.later("look_up_request", made.id)
    return Opened(made.id, token)


def enter(
    work: Work, kind: Kind, way: Way, *,
    language: str, state: str, wish: str, contact: str, subject_id: str | None = None,
) -> Request:  # fmt: skip
    """A request whose person is known: of a participant, or of somebody of whom the officer made sure by hand."""
    made = _made(work, subject_id, kind, way, State.OPEN, language, state)
    if subject_id is None:
        work.ring.create(made.id)
        made.proof, made.proven_at = BY_HAND, work.now
    seal(made, key_of(work.ring, made), wish=wish or None, contact=contact or None)
    work.session.add(made)
    work.session.flush()
    return made


def done_at_once(work: Work, subject_id: str, kind: Kind, language: str) -> Request:
    """Notes what a person did themselves: asked for and answered in the same moment."""
    made = _made(work, subject_id, kind, Way.SELF_SERVICE, State.ANSWERED, language, "")
    made.due_on, made.closed_at = deadlines.day_of(work.now), work.now
    work.session.add(made)
    work.session.flush()
    return made


def proven(work: Work, request: Request, proof: str) -> None:
    """From now on it is the organisation's turn, and what the system can do it does at once."""
    request.state, request.proof, request.proven_at = State.OPEN.value, proof, work.now
    request.failure, request.lapses_at, request.due_at = None, None, work.now + SOON
    if request.kind == Kind.OBJECTION and request.account_index is not None:
        keep(work, request.network, request.account_index)  # it needs no answer of the network
    work.later("carry_out_request", request.id)


def look_again(work: Work, request: Request) -> None:
    """Has the account looked up, or its proof looked for, now."""
    request.failure, request.due_at = None, work.now + SOON
    if request.state == State.CLAIMED:
        request.state = State.CHECKING.value
    work.later("prove_request" if request.state == State.CHECKING else "look_up_request", request.id)


def expire_requests(process: Process) -> int:
    """Removes claims that nobody proved and closed requests whose time is up, and the keys that were their own.

    The key is marked before the row goes: killed in between, the schedule destroys it all the same.
    """
    now = process.clock()
    over = Request.__holds__.rule
    lapsed = Request.state.in_(UNPROVEN) & (Request.lapses_at < now)
    old = Request.closed_at < over.due_before(now) if over else lapsed
    with process.working() as work:
        ids = work.session.scalars(select(Request.id).where(Request.subject_id.is_(None), or_(lapsed, old))).all()
        for request_id in ids:
            work.ring.mark(request_id)
        work.session.execute(delete(Request).where(Request.id.in_(ids)))
    for request_id in ids:
        process.ring.destroy(request_id)
    return len(ids)


def _made(
    work: Work, subject_id: str | None, kind: Kind, way: Way, stands: State, language: str, state: str
) -> Request:  # fmt: skip
    due = deadlines.due(deadlines.day_of(work.now), state)
    return Request(
        id=new_id(), subject_id=subject_id, kind=kind.value, way=way.value, state=stands.value, language=language,
        network="", received_at=work.now, due_on=due,
    )  # fmt: skip
