"""R1 and R4: nothing exists without a consent, after whatever happened before."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from privacy import consent
from privacy.base import new_id
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.days import make_score, signals
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, ago, like, reading
from workers.models import Connection, Post, PostSplit, RejectedTopic, Run, Score, StandingLink
from workers.results import store_score
from workers.runtime.process import Process
from workers.runtime.settings import Settings
from workers.runtime.work import Work
from workers.signals.standing import link
from workers.signals.store import put, put_audience
from workers.signals.topics import give_topics, reject
from workers.topics.taxonomy import own_giver
from workers.withdrawal import withdraw

NETWORKS = ("bluesky", "mastodon")


def read_all(work: Work, subject_id: str, network: str) -> None:
    """Connects an account where the person agreed to it, and reads it."""
    consent.require(work.session, subject_id, Purpose.SCORING, network)
    key = work.ring.person(subject_id)
    connection = make_connection(work, subject_id, network, actor_id=f"{subject_id}@{network}")
    put(work, key, connection, reading(like("did:a", 2), like("did:b", 3)))
    put_audience(work, connection, 9)
    work.session.add(
        Run(
            id=new_id(),
            subject_id=subject_id,
            connection_id=connection.id,
            collector="1",
            started_at=work.now,
            seen_at=work.now,
            posts=1,
            reactions=2,
        )
    )


def test_the_withdrawal_of_one_network_keeps_the_other(each_process: Process) -> None:
    with each_process.working() as work:
        subject = make_subject(work)
        for network in NETWORKS:
            agree(work, subject.id, network=network)
            read_all(work, subject.id, network)
        make_score(work, subject.id, ago(3), by_network={"mastodon": 5.0})
        store_score(work, subject.id, TODAY)
    with each_process.working() as work:
        assert withdraw(work, subject.id, Purpose.SCORING, "bluesky")
    with each_process.reading() as session:
        assert [row.network for row in session.scalars(select(Connection))] == ["mastodon"]
        assert {row["network"] for row in signals(each_process)} == {"mastodon"}
        assert len(session.scalars(select(Post)).all()) == 1
        assert [row.day for row in session.scalars(select(Score))] == [ago(3)]
    assert [each.func_name for each in each_process.queue.rq.jobs] == ["workers.jobs.score"]


def test_what_was_never_agreed_to_cannot_be_withdrawn(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        assert not withdraw(work, subject.id, Purpose.SCORING, "bluesky")
        assert not withdraw(work, subject.id, Purpose.RECOGNITION)


def test_the_withdrawal_of_recognition_keeps_the_score(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        agree(work, subject.id, Purpose.RECOGNITION)
        read_all(work, subject.id, "bluesky")
        store_score(work, subject.id, TODAY)
        assert withdraw(work, subject.id, Purpose.RECOGNITION)
    with process.reading() as session:
        assert session.scalars(select(Score)).one()


class Consents(RuleBasedStateMachine):
    """Two people who agree, connect, are read, scored, and withdraw in any order."""

    settings: Settings
    template: Path
    clock: Clock
    people = st.integers(0, 1)
    networks = st.sampled_from(NETWORKS)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(dir=self.settings.data))
        (self.folder / "keys").mkdir()
        shutil.copy(self.template, self.folder / "klarwert.sqlite")
        chosen = replace(
            self.settings,
            database=f"sqlite:///{self.folder / 'klarwert.sqlite'}",
            keyring=f"sqlite:///{self.folder / 'keys' / 'keyring.sqlite'}",
        )
        self.process = Process(chosen, self.clock)
        with self.process.working() as work:
            self.ids = [make_subject(work).id for _ in range(2)]

    @rule(who=people, network=networks)
    def agrees(self, who: int, network: str) -> None:
        with self.process.working() as work:
            agree(work, self.ids[who], network=network)

    @rule(who=people)
    def lends(self, who: int) -> None:
        with self.process.working() as work:
            agree(work, self.ids[who], Purpose.RECOGNITION)

    @rule(who=people, network=networks)
    def is_read(self, who: int, network: str) -> None:
        mine, other = self.ids[who], self.ids[1 - who]
        with self.process.working() as work:
            known = work.session.scalar(
                select(Connection).where(Connection.subject_id == mine, Connection.network == network)
            )
            if not consent.agreed(work.session, mine, Purpose.SCORING, network):
                return
            if known is None:
                read_all(work, mine, network)
            else:
                key, actor = work.ring.person(mine), f"{other}@{network}"
                put(work, key, known, reading(like(actor, 1), number=2))
                link(work, key, known, [actor])

    @rule(who=people)
    def allows_topics(self, who: int) -> None:
        with self.process.working() as work:
            agree(work, self.ids[who], Purpose.TOPICS)

    @rule(who=people, network=networks)
    def is_given_topics(self, who: int, network: str) -> None:
        mine = self.ids[who]
        with self.process.working() as work:
            key = work.ring.person(mine)
            rows = select(Connection).where(Connection.subject_id == mine, Connection.network == network)
            for connection in work.session.scalars(rows).all():
                give_topics(work, key, connection, {"https://netz.test/p/1": "Radtour mit dem Fahrrad"}, own_giver)
            if consent.agreed(work.session, mine, Purpose.TOPICS):
                reject(work, key, mine, "bread")

    @rule(who=people)
    def allows_topics_no_more(self, who: int) -> None:
        with self.process.working() as work:
            withdraw(work, self.ids[who], Purpose.TOPICS)

    @rule(who=people, days=st.integers(0, 2))
    def is_scored(self, who: int, days: int) -> None:
        with self.process.working() as work:
            store_score(work, self.ids[who], TODAY - timedelta(days=days))

    @rule(who=people, network=networks)
    def withdraws(self, who: int, network: str) -> None:
        with self.process.working() as work:
            withdraw(work, self.ids[who], Purpose.SCORING, network)

    @rule(who=people)
    def lends_no_more(self, who: int) -> None:
        with self.process.working() as work:
            withdraw(work, self.ids[who], Purpose.RECOGNITION)

    @invariant()
    def nothing_is_there_without_consent(self) -> None:
        with self.process.reading() as session:
            for subject_id in self.ids:
                agreed = set(consent.networks(session, subject_id))
                stored = signals(self.process, subject_id)
                of_network = {row["network"] for row in stored}
                mine = select(Connection.network).where(Connection.subject_id == subject_id)
                of_network |= set(session.scalars(mine))
                assert of_network <= agreed
                connections = set(session.scalars(select(Connection.id).where(Connection.subject_id == subject_id)))
                for table in (Post, Run):
                    rows = session.scalars(select(table.connection_id).where(table.subject_id == subject_id))
                    assert set(rows) <= connections
                scores = session.scalars(select(Score).where(Score.subject_id == subject_id)).all()
                assert {network for row in scores for network in row.by_network} <= agreed
                assert agreed or not scores
                splits = session.scalars(select(PostSplit.day).where(PostSplit.subject_id == subject_id))
                assert set(splits) == {row.day for row in scores}
                links = session.scalars(select(StandingLink).where(StandingLink.lender_id == subject_id)).all()
                assert consent.agreed(session, subject_id, Purpose.RECOGNITION) or not links
                given = session.scalars(
                    select(Post.topics).where(Post.subject_id == subject_id, Post.topics.is_not(None))
                )
                unwanted = session.scalars(select(RejectedTopic).where(RejectedTopic.subject_id == subject_id))
                assert consent.agreed(session, subject_id, Purpose.TOPICS) or not [*given, *unwanted]
                heard = {row["actor"] for row in stored}
                lent_to = session.scalars(select(StandingLink.actor).where(StandingLink.subject_id == subject_id))
                assert set(lent_to) <= heard

    def teardown(self) -> None:
        self.process.close()
        shutil.rmtree(self.folder)


@pytest.mark.slow
def test_after_any_sequence_nothing_exists_without_a_consent(
    process: Process, sqlite_template: Path, clock: Clock
) -> None:
    class Here(Consents):
        pass

    Here.settings, Here.template, Here.clock = process.settings, sqlite_template, clock
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
