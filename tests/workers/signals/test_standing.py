"""Standing: lent only with consent, gone with whoever lent it or was lent it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from privacy.vocabulary import Purpose
from tests.factories.days import make_score
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, ago, like, reading
from tests.workers.signals.conftest import Garden
from workers import jobs
from workers.models import Connection, StandingLink
from workers.models.connection import State
from workers.runtime.process import Process
from workers.signals.standing import lent, link
from workers.signals.store import drop_connections, drop_posts, drop_unheard, found, put
from workers.signals.take import take
from workers.withdrawal import withdraw


@dataclass
class Pair:
    """A participant whose post a lender liked."""

    garden: Garden
    lender_id: str
    lender_connection: str

    def read(self) -> None:
        """Reads the like again, and links whoever may be linked."""
        with self.garden.process.working() as work:
            connection = work.session.get_one(Connection, self.garden.connection_id)
            key = work.ring.person(self.garden.subject_id)
            put(work, key, connection, reading(like("did:lender", 2), like("did:stranger", 2)))
            link(work, key, connection, ["did:lender", "did:stranger"])

    def links(self) -> list[tuple[str, str]]:
        with self.garden.process.reading() as session:
            rows = session.scalars(select(StandingLink).where(StandingLink.subject_id == self.garden.subject_id))
            return [(row.actor, row.lender_id) for row in rows]

    def lent(self) -> dict[str, float]:
        with self.garden.process.reading() as session:
            return lent(session, self.garden.subject_id, TODAY)


def pair_of(process: Process, garden: Garden) -> Pair:
    with process.working() as work:
        lender = make_subject(work)
        agree(work, lender.id)
        agree(work, lender.id, Purpose.RECOGNITION)
        connection = make_connection(work, lender.id, actor_id="did:lender")
        make_score(work, lender.id, ago(1), 60.0)
    return Pair(garden, lender.id, connection.id)


@pytest.fixture
def pair(garden: Garden) -> Pair:
    return pair_of(garden.process, garden)


def test_a_participant_who_agreed_is_linked_and_lends_their_last_score(
    each_process: Process, make_garden: Callable[[Process], Garden]
) -> None:
    pair = pair_of(each_process, make_garden(each_process))
    pair.read()
    pair.read()
    actor = pair.garden.pseudonym("did:lender")
    assert pair.links() == [(actor, pair.lender_id)]
    assert pair.lent() == {actor: 60.0}
    with each_process.reading() as session:
        assert take(session, pair.garden.subject_id, TODAY).yesterday == {actor: 60.0}


def test_without_consent_nobody_is_linked(pair: Pair) -> None:
    with pair.garden.process.working() as work:
        withdraw(work, pair.lender_id, Purpose.RECOGNITION)
    pair.read()
    assert pair.links() == []


def test_an_account_that_is_not_proven_is_nobodys(pair: Pair) -> None:
    with pair.garden.process.working() as work:
        work.session.get_one(Connection, pair.lender_connection).state = State.CLAIMED
    pair.read()
    assert pair.links() == []


def test_nobody_lends_standing_to_themselves(pair: Pair) -> None:
    with pair.garden.process.working() as work:
        own = work.session.get_one(Connection, pair.lender_connection)
        link(work, work.ring.person(pair.lender_id), own, ["did:lender"])
    with pair.garden.process.reading() as session:
        assert session.scalars(select(StandingLink)).all() == []


def test_the_last_published_score_before_the_day_counts(pair: Pair) -> None:
    pair.read()
    with pair.garden.process.working() as work:
        make_score(work, pair.lender_id, ago(5), 20.0)
        make_score(work, pair.lender_id, TODAY, 90.0)
        make_score(work, pair.lender_id, ago(0).replace(day=23), 95.0, preliminary=True)
    assert list(pair.lent().values()) == [60.0]


def test_a_preliminary_score_is_not_published(pair: Pair) -> None:
    with pair.garden.process.working() as work:
        other = make_subject(work)
        agree(work, other.id, Purpose.RECOGNITION)
        make_connection(work, other.id, actor_id="did:stranger")
        make_score(work, other.id, ago(1), 80.0, preliminary=True)
    pair.read()
    assert len(pair.links()) == 2
    assert list(pair.lent().values()) == [60.0]


def test_the_link_goes_with_the_lenders_withdrawal(pair: Pair) -> None:
    pair.read()
    with pair.garden.process.working() as work:
        withdraw(work, pair.lender_id, Purpose.RECOGNITION)
    assert (pair.links(), pair.lent()) == ([], {})


def test_the_link_goes_with_the_lenders_account(pair: Pair) -> None:
    pair.read()
    with pair.garden.process.working() as work:
        drop_connections(work.session, [work.session.get_one(Connection, pair.lender_connection)])
    assert pair.links() == []


def test_the_link_goes_with_the_lenders_erasure(pair: Pair) -> None:
    pair.read()
    jobs.erase(pair.lender_id)
    assert pair.links() == []


def test_the_link_goes_with_the_participants_withdrawal_and_erasure(pair: Pair) -> None:
    pair.read()
    with pair.garden.process.working() as work:
        withdraw(work, pair.garden.subject_id, Purpose.SCORING, "bluesky")
    assert pair.links() == []
    jobs.erase(pair.garden.subject_id)
    assert pair.links() == []


def test_the_link_goes_with_the_reaction(pair: Pair) -> None:
    pair.read()
    with pair.garden.process.working() as work:
        connection = work.session.get_one(Connection, pair.garden.connection_id)
        drop_unheard(work.session, pair.garden.subject_id)
        drop_posts(work.session, found(work, connection, ["https://netz.test/p/1"]))
    assert len(pair.links()) == 1
    with pair.garden.process.working() as work:
        drop_unheard(work.session, pair.garden.subject_id)
    assert pair.links() == []
