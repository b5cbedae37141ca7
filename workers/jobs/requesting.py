"""Requests of people without an account: look their account up, look for the proof that it is theirs, do it (R24)."""

import json

from privacy.ledger import note
from privacy.request import Kind, Request, State, key_of
from privacy.sealed import seal, unseal
from workers.jobs.asking import client, network, page_address, retry_at
from workers.jobs.connecting import NOT_FOUND, PASSING
from workers.jobs.job import job
from workers.jobs.objecting import stop
from workers.networks.proof import find_proof
from workers.networks.shape import Failure, Profile
from workers.requests import PATIENCE, PROOF_LIFE, proven
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.standing import account_index
from workers.signals.trace import trace
from workers.signals.vault import BrokenFileError

#: What leaves the account out from now on: what is deleted only would be read again.
_LEFT_OUT = (Kind.ERASURE, Kind.OBJECTION)


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
        _keep_found(process, request_id, State.LOOKING, name, profile.actor_id)
        stop(process, name, profile.actor_id, claimed)
    with process.working() as work:
        found = _held(work, request_id, State.LOOKING)
        if found is not None:
            found.state, found.failure, found.due_at = State.CLAIMED.value, None, None
            _keep_account(work, found, profile)


@job
def prove_request(process: Process, request_id: str) -> None:
    """Looks for the proof. With it the organisation has to answer; an objection is carried out at once."""
    with process.working() as work:
        request = _held(work, request_id, State.CHECKING)
        if request is None:
            return
        key, name = key_of(work.ring, request), request.network
        account, code = unseal(request, key, "remote_id"), unseal(request, key, "code")
    try:
        with client(process) as asking:
            page = page_address(process.settings.public_url, code)
            proof = find_proof(network(process, name), asking, account, code, page)
    except Failure as failure:
        _failed(process, request_id, State.CHECKING, failure)
        return
    with process.working() as work:
        checked = _held(work, request_id, State.CHECKING)
        if checked is not None:
            _checked(work, checked, proof)


@job
def carry_out_request(process: Process, request_id: str) -> None:
    """Answers what was proven: finds what is kept of the account, leaves it out where that is wanted, and closes it.

    Killed anywhere it runs again to the same end: what was found is kept before anything is deleted. Where the network
    does not know the account any more, the request waits for a human. Of whom the officer made sure by hand the account
    is looked up here, if it was not before.
    """
    with process.working() as work:
        request = _held(work, request_id, State.OPEN)
        if request is None or not request.network:
            return
        key, name, kind = key_of(work.ring, request), request.network, Kind(request.kind)
        account, typed = unseal(request, key, "remote_id"), unseal(request, key, "account")
    try:
        with client(process) as asking:
            source = network(process, name)
            profile = source.profile(asking, account) if account else source.find(asking, typed)
    except Failure as failure:
        _failed(process, request_id, State.OPEN, failure)
        return
    _keep_found(process, request_id, State.OPEN, name, profile.actor_id)
    if kind in _LEFT_OUT:
        stop(process, name, profile.actor_id)
    with process.working() as work:
        done = _held(work, request_id, State.OPEN)
        if done is not None:
            _keep_account(work, done, profile)
            done.state, done.closed_at, done.failure, done.due_at = State.ANSWERED.value, work.now, None, None
            note(work.session, work.now, "request answered", None, request=request_id, kind=kind.value)


def _keep_account(work: Work, request: Request, profile: Profile) -> None:
    request.account_index = account_index(work.ring, request.network, profile.actor_id)
    seal(request, key_of(work.ring, request), remote_id=profile.remote_id)


def _keep_found(process: Process, request_id: str, stood: State, name: str, actor_id: str) -> None:
    """Keeps what there is of the account, once: after the deleting there is nothing to count any more.

    Raises `BrokenFileError` where only a part of it can be read and somebody asked for all; it is tried again.
    """
    with process.reading() as session:
        request = session.get(Request, request_id)
        if request is None or request.found is not None:
            return
    found = trace(process, name, actor_id)
    if found.unread and request.kind not in _LEFT_OUT:
        raise BrokenFileError("whoever asks what is kept gets all of it, or a human's answer")
    with process.working() as work:
        held = _held(work, request_id, stood)
        if held is not None:
            seal(held, key_of(work.ring, held), found=json.dumps(found.plain()))


def _checked(work: Work, request: Request, proof: str | None) -> None:
    if proof is not None:
        proven(work, request, proof)
        return
    request.state, request.failure, request.due_at = State.CLAIMED.value, NOT_FOUND, None


def _failed(process: Process, request_id: str, stood: State, failure: Failure) -> None:
    """Says why; what may pass is tried again by the schedule until the claim lapses.

    While a network is silent a claim does not lapse: it cannot be proven. That prolongs no objection on a mere claim.
    """
    with process.working() as work:
        request = _held(work, request_id, stood)
        if request is None:
            return
        request.failure = failure.reason
        if failure.reason in PASSING and request.lapses_at:
            latest = min(work.now + PROOF_LIFE, request.received_at + PATIENCE)
            request.lapses_at = request.code_until = max(request.lapses_at, latest)
        lapses = request.lapses_at if stood is not State.OPEN else None
        again = failure.reason in PASSING and (lapses is None or work.now < lapses)
        request.due_at = retry_at(failure, work.now) if again else None
        if not again and stood is State.CHECKING:
            request.state = State.CLAIMED.value


def _held(work: Work, request_id: str, state: State) -> Request | None:
    """The request, locked, if it stands there."""
    request = work.session.get(Request, request_id, with_for_update=True, populate_existing=True)
    return request if request is not None and request.state == state else None
