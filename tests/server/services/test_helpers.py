"""Who helped: named only with both consents, by the account that reacted, and not a moment longer."""

import pytest

from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from server.services.helpers import named
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import like, reading
from workers.models import Connection
from workers.restriction import freeze
from workers.runtime.process import Process
from workers.signals.standing import link
from workers.signals.store import put
from workers.withdrawal import withdraw

Purposes = tuple[Purpose, ...]
BOTH = Purpose.RECOGNITION, Purpose.NAMED


def pair(process: Process, *purposes: Purpose) -> tuple[str, str]:
    """A participant, and another one who reacted to their post and agrees to these purposes: ids."""
    with process.working() as work:
        mine, other = make_subject(work).id, make_subject(work).id
        for who in (mine, other):
            agree(work, who)
        for purpose in purposes:
            agree(work, other, purpose)
        connection = make_connection(work, mine)
        make_connection(work, other, network="mastodon", actor_id="@other@elsewhere.test")
        make_connection(work, other, actor_id="did:other")
        key = work.ring.person(mine)
        put(work, key, connection, reading(like("did:other", 2), like("did:stranger", 2)))
        link(work, key, connection, ["did:other", "did:stranger"])
    return mine, other


def names(process: Process, mine: str, *, everybody: bool = True) -> dict[str, str]:
    with process.reading() as session:
        return named(session, process.ring, mine, None if everybody else [])


def test_who_agreed_to_both_is_named_by_the_account_that_reacted(each_process: Process) -> None:
    mine, other = pair(each_process, *BOTH)
    with each_process.reading() as session:
        accounts = session.query(Connection).where(Connection.subject_id == other, Connection.network == "bluesky")
        handle = unseal(accounts.one(), each_process.ring.person(other), "handle")
    actor = each_process.ring.person(mine).pseudonym("bluesky", "did:other")
    assert names(each_process, mine) == {actor: handle}
    assert names(each_process, mine, everybody=False) == {}
    assert names(each_process, other) == {}


@pytest.mark.parametrize("purposes", [(), (Purpose.RECOGNITION,), (Purpose.NAMED,)])
def test_who_did_not_agree_to_both_is_not_named(process: Process, purposes: Purposes) -> None:
    mine, _ = pair(process, *purposes)
    assert names(process, mine) == {}


@pytest.mark.parametrize("purpose", BOTH)
def test_a_withdrawal_ends_it_at_once(process: Process, purpose: Purpose) -> None:
    mine, other = pair(process, *BOTH)
    with process.working() as work:
        withdraw(work, other, purpose)
    assert names(process, mine) == {}


def test_a_pause_ends_it_too(process: Process) -> None:
    mine, other = pair(process, *BOTH)
    with process.working() as work:
        freeze(work, other)
    assert names(process, mine) == {}
