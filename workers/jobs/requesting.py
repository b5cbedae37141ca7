"""Requests of people without an account: look their account up, look for the proof that it is theirs (R24)."""

from privacy.request import Kind, Request, State, key_of
from privacy.sealed import seal, unseal
from workers.jobs.asking import client, network, page_address, retry_at
from workers.jobs.connecting import NOT_FOUND, PASSING
from workers.jobs.job import job
from workers.jobs.objecting import stop
from workers.networks.proof import find_proof
from workers.networks.shape import Failure
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.standing import account_index


@job
def look_up_request(process: Process, request_id: str) -> None:
    """Finds the account that a request is about, and keeps its stable id: handles change.

    An objection is in force from here on, on the claim alone; it lapses with the claim unless that is proven (R9).
    """
    with process.working() as work:
        request = _held(work, request_id, State.LOOKING)
        if request is None:
            return
        typed, name = unseal(request, key_of(work.ring, request), "account"), request.network
        claimed = request.lapses_at if request.kind == Kind.OBJECTION else None
    try:
        with client(process) as asking:
            profile = network(process, name).find(asking, typed)
    except Failure as failure:
        _failed(process, request_id, State.LOOKING, failure)
        return
    if claimed is not None:
        stop(process, name, profile.actor_id, claimed)
    with process.working() as work:
        found = _held(work, request_id, State.LOOKING)
        if found is not None:
            found.state, found.failure, found.due_at = State.CLAIMED.value, None, None
            found.account_index = account_index(work.ring, name, profile.actor_id)
            seal(found, key_of(work.ring, found), remote_id=profile.remote_id)


@job
def prove_request(process: Process, request_id: str) -> None:
    """Looks for the proof. With it the organisation has to answer; an objection is carried out at once."""
    with process.working() as work:
        request = _held(work, request_id, State.CHECKING)
        if request is None:
            return
        key, name = key_of(work.ring, request), request.network
        account, code = unseal(request, key, "remote_id"), unseal(request, key, "code")
        kind = Kind(request.kind)
    try:
        with client(process) as asking:
            reader = network(process, name)
            page = page_address(process.settings.public_url, code)
            proof = find_proof(reader, asking, account, code, page)
            actor_id = reader.profile(asking, account).actor_id if proof and kind is Kind.OBJECTION else ""
    except Failure as failure:
        _failed(process, request_id, State.CHECKING, failure)
        return
    if proof and kind is Kind.OBJECTION:
        stop(process, name, actor_id)
    with process.working() as work:
        checked = _held(work, request_id, State.CHECKING)
        if checked is not None:
            _checked(work, checked, proof)


def _checked(work: Work, request: Request, proof: str | None) -> None:
    request.due_at = None
    if proof is None:
        request.state, request.failure = State.CLAIMED.value, NOT_FOUND
        return
    request.proof, request.proven_at, request.failure, request.lapses_at = proof, work.now, None, None
    request.state = State.OPEN.value
    if request.kind == Kind.OBJECTION:
        request.state, request.closed_at = State.ANSWERED.value, work.now


def _failed(process: Process, request_id: str, stood: State, failure: Failure) -> None:
    """Says why; what may pass is tried again by the schedule until the claim lapses."""
    with process.working() as work:
        request = _held(work, request_id, stood)
        if request is None:
            return
        request.failure = failure.reason
        again = failure.reason in PASSING and request.lapses_at is not None and work.now < request.lapses_at
        request.due_at = retry_at(failure, work.now) if again else None
        if not again and stood is State.CHECKING:
            request.state = State.CLAIMED.value


def _held(work: Work, request_id: str, state: State) -> Request | None:
    """The request, locked, if it stands there."""
    request = work.session.get(Request, request_id, with_for_update=True, populate_existing=True)
    return request if request is not None and request.state == state else None
