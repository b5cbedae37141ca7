"""From the store to the score: the same number as scoring the signals directly."""

from collections.abc import Callable

import numpy as np
import pytest

from privacy import consent
from privacy.vocabulary import Purpose
from tests.factories.people import agree, make_connection
from tests.factories.readings import TODAY, ago, count, like, reading, reply
from tests.workers.signals.conftest import Garden
from workers.models import Connection
from workers.runtime.process import Process
from workers.scoring.score import score
from workers.scoring.signals import Signal, Signals
from workers.signals.store import put, put_audience
from workers.signals.take import take


def test_the_score_of_what_is_taken_is_the_score_of_the_signals(
    each_process: Process, make_garden: Callable[[Process], Garden]
) -> None:
    garden = make_garden(each_process)
    garden.put(reading(like("did:a", 2), like("did:b", 40), reply("did:a", 1, 3), count(7, "repost")))
    garden.put(reading(like("did:a", 9), number=2))
    with each_process.working() as work:
        put_audience(work, work.session.get_one(Connection, garden.connection_id), 250)
    direct = Signals.from_rows(
        [
            Signal("bluesky", "like", ago(2), "a", post="1"),
            Signal("bluesky", "like", ago(40), "b", post="1"),
            Signal("bluesky", "reply", ago(1), "a", 3, post="1"),
            Signal("bluesky", "repost", ago(10), None, 7, post="1"),
            Signal("bluesky", "like", ago(9), "a", post="2"),
            Signal("bluesky", "audience", TODAY, None, 250),
        ]
    )
    with each_process.reading() as session:
        taken = take(session, garden.subject_id, TODAY)
    found, expected = score(taken.signals, TODAY, {}), score(direct, TODAY, {})
    assert found.score == pytest.approx(expected.score, abs=1e-9)
    assert np.allclose(sorted(found.points), sorted(expected.points), atol=1e-9)


def test_two_accounts_on_one_network_are_told_apart_by_their_labels(garden: Garden) -> None:
    garden.put(reading(like("did:a", 2)))
    with garden.process.working() as work:
        second = make_connection(work, garden.subject_id, label="2")
        put(work, work.ring.person(garden.subject_id), second, reading(like("did:a", 2)))
    with garden.process.reading() as session:
        taken = take(session, garden.subject_id, TODAY).signals
    assert (len(taken), taken.accounts, len(taken.posts)) == (2, ("2",), 2)


def test_somebody_without_signals_has_none(garden: Garden) -> None:
    with garden.process.reading() as session:
        assert len(take(session, garden.subject_id, TODAY).signals) == 0


def test_signals_of_a_network_without_consent_are_not_taken(garden: Garden) -> None:
    garden.put(reading(like("did:a", 2)))
    with garden.process.working() as work:
        agree(work, garden.subject_id, network="mastodon")
        consent.withdraw(work.session, garden.subject_id, Purpose.SCORING, work.now, "bluesky")
    with garden.process.reading() as session:
        assert len(take(session, garden.subject_id, TODAY).signals) == 0
