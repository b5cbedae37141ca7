from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from privacy import consent
from privacy.base import Subject, new_id
from privacy.consent import Consent, NoConsentError, NoticeText
from privacy.notices import VERSIONS, Notice
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.people import agree, make_notice, make_subject
from workers.runtime.process import Process


@pytest.fixture
def versions() -> Iterator[dict[Purpose, int]]:
    """The versions that count, to be changed; afterwards they are what they were."""
    assert isinstance(VERSIONS, dict)
    before = dict(VERSIONS)
    yield VERSIONS
    VERSIONS.update(before)


@pytest.fixture
def ann(each_process: Process) -> str:
    with each_process.working() as work:
        return make_subject(work).id


def said(process: Process, subject_id: str, purpose: Purpose = Purpose.SCORING, network: str = "bluesky") -> bool:
    """Does the person agree, as a reader sees it?"""
    with process.reading() as session:
        return consent.agreed(session, subject_id, purpose, network)


def records(process: Process, subject_id: str) -> list[Consent]:
    with process.reading() as session:
        return [record for record, _ in consent.history(session, subject_id)]


def test_nobody_agrees_before_they_were_asked(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        assert not consent.agreed(work.session, ann, Purpose.SCORING, "bluesky")
        assert not consent.asked(work.session, ann, Purpose.SCORING, "bluesky")
        assert consent.networks(work.session, ann) == []
        with pytest.raises(NoConsentError, match="no consent for scoring"):
            consent.require(work.session, ann, Purpose.SCORING, "bluesky")


def test_a_yes_counts_for_its_network_only(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        agree(work, ann)
    assert said(each_process, ann)
    assert not said(each_process, ann, network="mastodon")
    assert not said(each_process, ann, network="")


def test_a_yes_counts_for_its_purpose_only(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        agree(work, ann, Purpose.RECOGNITION)
    assert said(each_process, ann, Purpose.RECOGNITION, "")
    assert not said(each_process, ann)


def test_a_yes_counts_for_its_person_only(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        bea = make_subject(work).id
        agree(work, ann)
    assert not said(each_process, bea)
    assert not said(each_process, new_id())


def test_a_no_is_remembered(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        consent.decide(work.session, ann, make_notice(), granted=False, now=work.now, network="bluesky")
    assert not said(each_process, ann)
    with each_process.reading() as session:
        assert consent.asked(session, ann, Purpose.SCORING, "bluesky")
        assert not consent.asked(session, ann, Purpose.SCORING, "mastodon")


def test_a_record_says_who_decided_what_when_and_how(each_process: Process, ann: str, clock: Clock) -> None:
    notice = make_notice()
    with each_process.working() as work:
        consent.decide(work.session, ann, notice, granted=True, now=work.now, network="bluesky", method="on paper")
    with each_process.reading() as session:
        [(record, text)] = consent.history(session, ann)
    assert (record.subject_id, record.purpose, record.network, record.granted) == (ann, "scoring", "bluesky", True)
    assert (record.method, record.decided_at, record.ended_at) == ("on paper", clock.now, None)
    assert (text.text, text.digest) == (notice.text, notice.digest)
    assert (text.purpose, text.version, text.language) == ("scoring", notice.version, "de")


def test_saying_the_same_again_changes_nothing(each_process: Process, ann: str, clock: Clock) -> None:
    with each_process.working() as work:
        first = agree(work, ann)
    clock.go(days=1)
    with each_process.working() as work:
        assert agree(work, ann).id == first.id
    assert [record.decided_at for record in records(each_process, ann)] == [first.decided_at]


def test_a_yes_in_another_language_is_a_new_record(each_process: Process, ann: str, clock: Clock) -> None:
    with each_process.working() as work:
        agree(work, ann)
    clock.go(days=1)
    with each_process.working() as work:
        english = make_notice(language="en")
        consent.decide(work.session, ann, english, granted=True, now=work.now, network="bluesky")
    new, old = records(each_process, ann)
    assert (new.ended_at, old.ended_at) == (None, clock.now)
    assert said(each_process, ann)


def test_a_withdrawal_ends_the_yes_and_keeps_the_record(each_process: Process, ann: str, clock: Clock) -> None:
    with each_process.working() as work:
        agree(work, ann)
    clock.go(hours=1)
    with each_process.working() as work:
        assert consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "bluesky") is True
    assert not said(each_process, ann)
    assert [(record.granted, record.ended_at) for record in records(each_process, ann)] == [(True, clock.now)]


def test_withdrawing_what_was_never_given_changes_nothing(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        consent.decide(work.session, ann, make_notice(), granted=False, now=work.now, network="bluesky")
        assert consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "bluesky") is False
        assert consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "mastodon") is False
        assert consent.withdraw(work.session, ann, Purpose.RECOGNITION, work.now) is False
        assert consent.withdraw(work.session, new_id(), Purpose.SCORING, work.now, "bluesky") is False
    assert [record.ended_at for record in records(each_process, ann)] == [None]


def test_a_withdrawal_spares_the_other_network_and_the_other_person(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        bea = make_subject(work).id
        for person in (ann, bea):
            for network in ("bluesky", "mastodon"):
                agree(work, person, network=network)
        consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "bluesky")
    with each_process.reading() as session:
        assert consent.networks(session, ann) == ["mastodon"]
        assert consent.networks(session, bea) == ["bluesky", "mastodon"]


def test_a_changed_notice_does_not_stretch_an_old_yes(
    each_process: Process, ann: str, versions: dict[Purpose, int]
) -> None:
    with each_process.working() as work:
        agree(work, ann)
    old = make_notice()
    versions[Purpose.SCORING] += 1
    assert not said(each_process, ann)
    with each_process.working() as work:
        assert not consent.asked(work.session, ann, Purpose.SCORING, "bluesky")
        assert consent.networks(work.session, ann) == []
        with pytest.raises(NoConsentError):
            consent.require(work.session, ann, Purpose.SCORING, "bluesky")
        new = Notice(Purpose.SCORING, versions[Purpose.SCORING], "de", f"{old.text} Neu.", old.controller)
        consent.decide(work.session, ann, new, granted=True, now=work.now, network="bluesky")
    assert said(each_process, ann)


def test_an_outdated_yes_can_be_withdrawn(each_process: Process, ann: str, versions: dict[Purpose, int]) -> None:
    with each_process.working() as work:
        agree(work, ann)
        versions[Purpose.SCORING] += 1
        assert consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "bluesky") is True


def test_who_is_being_erased_agrees_to_nothing(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        agree(work, ann)
        work.session.get_one(Subject, ann).erasing_at = work.now
    assert not said(each_process, ann)
    with each_process.reading() as session:
        assert consent.networks(session, ann) == []


def test_a_network_is_named_exactly_where_the_purpose_asks_for_one(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work).id
        for purpose, network in ((Purpose.SCORING, ""), (Purpose.RECOGNITION, "bluesky")):
            with pytest.raises(ValueError, match="a network is named exactly where"):
                consent.decide(work.session, subject, make_notice(purpose), granted=True, now=work.now, network=network)


def test_the_database_refuses_a_second_open_decision(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        first = agree(work, ann)
        copy: dict[str, Any] = {
            column.name: getattr(first, column.name) for column in Consent.__table__.columns if column.name != "id"
        }
        with pytest.raises(IntegrityError), work.session.begin_nested():
            work.session.add(Consent(id=new_id(), **copy))


def test_two_people_share_the_text_they_saw(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        bea = make_subject(work).id
        agree(work, ann)
        agree(work, bea)
    with each_process.reading() as session:
        assert session.scalar(select(func.count()).select_from(NoticeText)) == 1


def test_the_history_is_newest_first_and_only_ones_own(each_process: Process, ann: str, clock: Clock) -> None:
    with each_process.working() as work:
        bea = make_subject(work).id
    for subject, network in ((ann, "bluesky"), (bea, "bluesky"), (ann, "mastodon")):
        clock.go(hours=1)
        with each_process.working() as work:
            agree(work, subject, network=network)
    assert [record.network for record in records(each_process, ann)] == ["mastodon", "bluesky"]
