"""Random sequences of decisions, compared with a model that fits on one page (R1 to R5)."""

from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from privacy import consent
from privacy.base import Subject
from privacy.consent import Consent, NoConsentError
from privacy.notices import VERSIONS, Notice
from privacy.vocabulary import PER_NETWORK, Purpose
from tests.conftest import Clock
from tests.factories.people import make_subject
from workers.runtime.process import Process

TOPICS = (
    (Purpose.SCORING, "bluesky"),
    (Purpose.SCORING, "mastodon"),
    *((purpose, "") for purpose in Purpose if purpose not in PER_NETWORK),
)
people = st.integers(0, 1)
topics = st.sampled_from(TOPICS)
Topic = tuple[Purpose, str]


@dataclass
class Told:
    """What one person said about one topic, as the model remembers it."""

    open: tuple[bool, int, str] | None = None
    """The answer that stands, with version and language of the notice."""
    decisions: int = 0
    versions: set[int] = field(default_factory=set)


class Consents(RuleBasedStateMachine):
    """Two people, two networks, changing notices."""

    def __init__(self, process: Process, clock: Clock) -> None:
        super().__init__()
        self.process = process
        self.clock = clock
        self.before = dict(VERSIONS)
        self.told: list[dict[Topic, Told]] = [defaultdict(Told), defaultdict(Told)]
        self.leaving = [False, False]

    @initialize()
    def two_people(self) -> None:
        with self.process.working() as work:
            self.ids = [make_subject(work).id for _ in range(2)]

    @rule(person=people, topic=topics, granted=st.booleans(), language=st.sampled_from(["de", "en"]))
    def decide(self, person: int, topic: Topic, granted: bool, language: str) -> None:
        purpose, network = topic
        told, answer = self.told[person][topic], (granted, VERSIONS[purpose], language)
        with self.process.working() as work:
            record = consent.decide(
                work.session, self.ids[person], self._notice(purpose, language),
                granted=granted, now=work.now, network=network,
            )  # fmt: skip
        assert (record.granted, record.ended_at) == (granted, None)
        told.decisions += told.open != answer
        told.open = answer
        told.versions.add(VERSIONS[purpose])

    @rule(person=people, topic=topics)
    def withdraw(self, person: int, topic: Topic) -> None:
        purpose, network = topic
        told = self.told[person][topic]
        with self.process.working() as work:
            ended = consent.withdraw(work.session, self.ids[person], purpose, work.now, network)
        assert ended == (told.open is not None and told.open[0])
        if ended:
            told.open = None

    @rule(purpose=st.sampled_from(Purpose))
    def change_the_notice(self, purpose: Purpose) -> None:
        assert isinstance(VERSIONS, dict)
        VERSIONS[purpose] += 1

    @rule(person=people)
    def ask_for_erasure(self, person: int) -> None:
        with self.process.working() as work:
            work.session.get_one(Subject, self.ids[person]).erasing_at = work.now
        self.leaving[person] = True

    @rule(hours=st.integers(1, 1000))
    def wait(self, hours: int) -> None:
        self.clock.go(hours=hours)

    @invariant()
    def what_is_agreed_is_what_the_model_says(self) -> None:
        with self.process.working() as work:
            for person, id_ in enumerate(self.ids):
                for purpose, network in TOPICS:
                    wanted = self._agrees(person, (purpose, network))
                    assert consent.agreed(work.session, id_, purpose, network) == wanted
                    assert consent.agreed(work.session, id_, purpose, network, hold=True) == wanted
                    if not wanted:
                        with pytest.raises(NoConsentError):
                            consent.require(work.session, id_, purpose, network)
                    asked = VERSIONS[purpose] in self.told[person][purpose, network].versions
                    assert consent.asked(work.session, id_, purpose, network) == asked
                scored = [name for name in ("bluesky", "mastodon") if self._agrees(person, (Purpose.SCORING, name))]
                assert consent.networks(work.session, id_) == scored

    @invariant()
    def at_most_one_decision_stands_and_none_is_lost(self) -> None:
        with self.process.reading() as session:
            for person, id_ in enumerate(self.ids):
                kept: dict[Topic, list[Consent]] = defaultdict(list)
                for record, text in consent.history(session, id_):
                    assert (record.subject_id, record.notice_digest) == (id_, text.digest)
                    assert record.ended_at is None or record.ended_at >= record.decided_at
                    kept[Purpose(record.purpose), record.network].append(record)
                for topic in TOPICS:
                    told = self.told[person][topic]
                    assert len(kept[topic]) == told.decisions
                    stands = [record.granted for record in kept[topic] if record.ended_at is None]
                    assert stands == ([told.open[0]] if told.open else [])

    def teardown(self) -> None:
        assert isinstance(VERSIONS, dict)
        VERSIONS.update(self.before)

    def _agrees(self, person: int, topic: Topic) -> bool:
        answer = self.told[person][topic].open
        return not self.leaving[person] and answer is not None and answer[0] and answer[1] == VERSIONS[topic[0]]

    @staticmethod
    def _notice(purpose: Purpose, language: str) -> Notice:
        text = f"{purpose} {VERSIONS[purpose]} {language}"
        return Notice(purpose, VERSIONS[purpose], language, text, "Verein Beispiel e. V.")


@pytest.mark.parametrize(("database", "examples"), [("process", 25), ("postgres_process", 8)])
def test_consent_is_what_people_said_and_nothing_else(
    request: pytest.FixtureRequest, clock: Clock, database: str, examples: int
) -> None:
    process: Process = request.getfixturevalue(database)
    run_state_machine_as_test(
        lambda: Consents(process, clock),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
