"""Topics of posts: only with the consent, never the text, gone with the withdrawal, and rejected for good."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from privacy import consent
from privacy.consent import NoConsentError
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, like, reading
from tests.privacy.scan import hits
from tests.workers.signals.conftest import Garden
from workers.models import Connection, Post, RejectedTopic
from workers.runtime.process import Process
from workers.scoring.explain import explain
from workers.signals.store import put
from workers.signals.take import take
from workers.signals.topics import give_topics, reject, rejected, take_back, topics_by_post
from workers.topics.taxonomy import own_giver
from workers.withdrawal import withdraw

ADDRESS = "https://netz.test/p/1"
TEXT = "Radtour mit dem Fahrrad, Kanarienwort"


def agree_to_topics(garden: Garden) -> None:
    with garden.process.working() as work:
        agree(work, garden.subject_id, Purpose.TOPICS)


def read(garden: Garden, text: str = TEXT) -> None:
    """The post is read, as a collector does it."""
    garden.put(reading(like("did:a", 2)))
    with garden.process.working() as work:
        connection = work.session.get_one(Connection, garden.connection_id)
        give_topics(work, work.ring.person(garden.subject_id), connection, {ADDRESS: text}, own_giver)


def stored(garden: Garden) -> list[tuple[str, ...]]:
    with garden.process.reading() as session:
        key = garden.process.ring.person(garden.subject_id)
        return list(topics_by_post(session, key, garden.subject_id).values())


def test_without_a_consent_no_topic_is_given(garden: Garden) -> None:
    read(garden)
    with garden.process.reading() as session:
        assert session.scalars(select(Post.topics)).all() == [None]
    assert stored(garden) == []


def test_with_a_consent_a_post_has_its_topics_and_they_are_in_the_explanation(
    each_process: Process, make_garden: Callable[[Process], Garden]
) -> None:
    garden = make_garden(each_process)
    agree_to_topics(garden)
    read(garden)
    assert stored(garden) == [("cycling",)]
    with each_process.reading() as session:
        key = each_process.ring.person(garden.subject_id)
        topics = topics_by_post(session, key, garden.subject_id)
        taken = take(session, garden.subject_id, TODAY, topics)
        plain = take(session, garden.subject_id, TODAY)
    told, untold = explain(taken.signals, TODAY, {}), explain(plain.signals, TODAY, {})
    assert [(part.label, part.signals) for part in told.topics] == [("cycling", 1)]
    assert told.topics[0].points == pytest.approx(told.total.score - 1)
    assert untold.topics == ()
    assert told.total.score == untold.total.score


def test_neither_text_nor_topic_stands_readable_in_any_file(garden: Garden) -> None:
    agree_to_topics(garden)
    read(garden)
    with garden.process.working() as work:
        reject(work, work.ring.person(garden.subject_id), garden.subject_id, "bread")
    assert hits(garden.process.settings.data, ["Kanarienwort", "Radtour", "cycling", "bread"]) == []


def test_a_post_that_was_changed_to_an_excluded_matter_loses_its_topics_like_any_without_one(garden: Garden) -> None:
    agree_to_topics(garden)
    read(garden)
    read(garden, "Radtour mit dem Fahrrad zum Parteitag")
    with garden.process.reading() as session:
        assert session.scalars(select(Post.topics)).all() == [None]


def test_a_withdrawal_erases_topics_and_rejections_and_nothing_else(
    each_process: Process, make_garden: Callable[[Process], Garden]
) -> None:
    gardens = [make_garden(each_process)]
    with each_process.working() as work:
        other = make_subject(work)
        agree(work, other.id)
        gardens.append(Garden(each_process, other.id, make_connection(work, other.id).id))
    for garden in gardens:
        agree_to_topics(garden)
        read(garden)
        with each_process.working() as work:
            reject(work, work.ring.person(garden.subject_id), garden.subject_id, "bread")
    with each_process.working() as work:
        assert withdraw(work, gardens[0].subject_id, Purpose.TOPICS)
    assert [stored(garden) for garden in gardens] == [[], [("cycling",)]]
    with each_process.reading() as session:
        assert [row.subject_id for row in session.scalars(select(RejectedTopic))] == [other.id]
        assert all(topics is None for topics in session.scalars(
            select(Post.topics).where(Post.subject_id == gardens[0].subject_id)))  # fmt: skip
    assert len(gardens[0].stored()) == 1
    read(gardens[0])
    assert stored(gardens[0]) == []


def test_topics_are_not_shown_between_a_changed_notice_and_a_new_yes(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree_to_topics(garden)
    read(garden)
    monkeypatch.setattr(consent, "VERSIONS", {**consent.VERSIONS, Purpose.TOPICS: 2})
    assert stored(garden) == []


def test_a_rejected_topic_goes_at_once_and_is_not_given_again(garden: Garden) -> None:
    agree_to_topics(garden)
    read(garden, TEXT + " #sauerteigbrot #fahrrad")
    assert set(stored(garden)[0]) == {"cycling", "bread"}
    for _ in range(2):
        with garden.process.working() as work:
            reject(work, work.ring.person(garden.subject_id), garden.subject_id, "cycling")
    assert stored(garden) == [("bread",)]
    read(garden, TEXT)
    assert stored(garden) == []
    with garden.process.working() as work:
        key = work.ring.person(garden.subject_id)
        assert set(rejected(work.session, key, garden.subject_id)) == {"cycling"}
        take_back(work, key, garden.subject_id, "cycling")
        take_back(work, key, garden.subject_id, "bread")
    read(garden)
    assert stored(garden) == [("cycling",)]


def test_rejecting_needs_the_consent(garden: Garden, clock: Clock) -> None:
    with garden.process.working() as work:
        key = work.ring.person(garden.subject_id)
        for change in (reject, take_back):
            with pytest.raises(NoConsentError):
                change(work, key, garden.subject_id, "cycling")


def test_a_post_that_is_not_stored_gets_no_topics(garden: Garden) -> None:
    agree_to_topics(garden)
    with garden.process.working() as work:
        connection = work.session.get_one(Connection, garden.connection_id)
        key = work.ring.person(garden.subject_id)
        give_topics(work, key, connection, {"https://netz.test/other": TEXT}, own_giver)
        put(work, key, connection, reading(like("did:a", 2)))
    assert stored(garden) == []
