"""Withdrawal wins over whatever runs (R4), on both databases: whoever is late waits and then sees what was decided."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from privacy import consent
from privacy.base import Subject, new_id
from privacy.consent import Consent, NoConsentError, NoticeText
from privacy.vocabulary import Purpose
from tests.factories.people import agree, make_notice, make_subject
from tests.privacy.conftest import Beside, waits
from workers.models import DayScored
from workers.runtime.process import Process
from workers.runtime.work import Work


@pytest.fixture
def ann(each_process: Process) -> str:
    with each_process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        return subject.id


def wrote(process: Process) -> int:
    """How many times the job of these tests has written."""
    with process.reading() as session:
        return session.scalar(select(func.count()).select_from(DayScored)) or 0


def write(work: Work) -> None:
    """What a job writes: any row will do."""
    work.session.add(DayScored(day=work.today, done_at=work.now, people=1))
    work.session.flush()


def withdrawal(process: Process, subject_id: str) -> Callable[[], int]:
    """Withdraws, and says how much had been written when it was through."""

    def run() -> int:
        with process.working() as work:
            assert consent.withdraw(work.session, subject_id, Purpose.SCORING, work.now, "bluesky")
            return work.session.scalar(select(func.count()).select_from(DayScored)) or 0

    return run


def refusal(process: Process, subject_id: str) -> Callable[[], int]:
    def run() -> int:
        with process.working() as work:
            consent.decide(work.session, subject_id, make_notice(), granted=False, now=work.now, network="bluesky")
            return work.session.scalar(select(func.count()).select_from(DayScored)) or 0

    return run


def erasure(process: Process, subject_id: str) -> Callable[[], int]:
    def run() -> int:
        with process.working() as work:
            work.session.get_one(Subject, subject_id).erasing_at = work.now
            work.session.flush()
            return work.session.scalar(select(func.count()).select_from(DayScored)) or 0

    return run


@pytest.mark.parametrize("ending", [withdrawal, refusal, erasure])
def test_the_end_of_a_consent_waits_for_who_holds_it_and_sees_what_they_wrote(
    beside: Beside, each_process: Process, ann: str, ending: Callable[[Process, str], Callable[[], int]]
) -> None:
    with each_process.working() as work:
        consent.require(work.session, ann, Purpose.SCORING, "bluesky")
        end = beside(ending(each_process, ann))
        waits(end)
        write(work)
    assert end.result() == 1
    with each_process.working() as work, pytest.raises(NoConsentError):
        consent.require(work.session, ann, Purpose.SCORING, "bluesky")


@pytest.mark.parametrize("ending", ["withdrawal", "erasure"])
def test_a_job_that_comes_while_a_consent_ends_writes_nothing(
    beside: Beside, each_process: Process, ann: str, ending: str
) -> None:
    def job() -> None:
        with each_process.working() as work:
            consent.require(work.session, ann, Purpose.SCORING, "bluesky")
            write(work)

    with each_process.working() as work:
        if ending == "withdrawal":
            consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "bluesky")
        else:
            work.session.get_one(Subject, ann).erasing_at = work.now
            work.session.flush()
        late = beside(job)
        waits(late)
    with pytest.raises(NoConsentError):
        late.result()
    assert wrote(each_process) == 0


def test_a_job_that_asked_before_and_holds_after_a_withdrawal_writes_nothing(each_process: Process, ann: str) -> None:
    """Asking is no holding: between the two the person may say no, even if the job's transaction is old."""
    with each_process.reading() as session:
        assert consent.agreed(session, ann, Purpose.SCORING, "bluesky")
        withdrawal(each_process, ann)()
    with each_process.working() as work, pytest.raises(NoConsentError):
        consent.require(work.session, ann, Purpose.SCORING, "bluesky")


def test_a_withdrawal_that_is_rolled_back_leaves_the_consent(each_process: Process, ann: str) -> None:
    with each_process.working() as work:
        consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "bluesky")
        work.session.rollback()
    with each_process.working() as work:
        consent.require(work.session, ann, Purpose.SCORING, "bluesky")


def test_a_yes_right_after_a_withdrawal_counts(beside: Beside, each_process: Process, ann: str) -> None:
    def again() -> str:
        with each_process.working() as work:
            return agree(work, ann).id

    with each_process.working() as work:
        consent.withdraw(work.session, ann, Purpose.SCORING, work.now, "bluesky")
        second = beside(again)
        waits(second)
    new = second.result()
    with each_process.reading() as session:
        assert session.scalars(select(Consent.id).where(Consent.ended_at.is_(None))).all() == [new]
        assert consent.agreed(session, ann, Purpose.SCORING, "bluesky")


def test_two_tabs_that_say_yes_together_make_one_record(beside: Beside, each_process: Process) -> None:
    with each_process.working() as work:
        bea = make_subject(work).id

    def yes() -> str:
        with each_process.working() as work:
            return agree(work, bea).id

    with each_process.working() as work:
        first = agree(work, bea).id
        second = beside(yes)
        waits(second)
    assert second.result() == first


def test_two_people_who_see_a_new_text_first_together_both_decide(beside: Beside, each_process: Process) -> None:
    with each_process.working() as work:
        people = [make_subject(work).id for _ in range(2)]

    def yes() -> None:
        with each_process.working() as work:
            agree(work, people[1], Purpose.RECOGNITION)

    with each_process.working() as work:
        agree(work, people[0], Purpose.RECOGNITION)
        second = beside(yes)
        waits(second)
    second.result()
    with each_process.reading() as session:
        assert session.scalar(select(func.count()).select_from(NoticeText)) == 1
        assert all(consent.agreed(session, each, Purpose.RECOGNITION) for each in people)


def test_holding_does_not_keep_others_from_holding(postgres_process: Process) -> None:
    with postgres_process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
    with postgres_process.working() as first, postgres_process.working() as second:
        second.session.execute(text("SET LOCAL lock_timeout = '2s'"))
        for work in (first, second):
            consent.require(work.session, subject.id, Purpose.SCORING, "bluesky")


def test_holding_one_persons_consent_does_not_stop_another_from_withdrawing(postgres_process: Process) -> None:
    with postgres_process.working() as work:
        people = [make_subject(work).id for _ in range(2)]
        for person in people:
            agree(work, person)
    with postgres_process.working() as job:
        consent.require(job.session, people[0], Purpose.SCORING, "bluesky")
        assert withdrawal(postgres_process, people[1])() == 0


@pytest.mark.parametrize("doing", ["holding", "deciding"])
def test_rows_that_point_at_the_person_need_not_wait(postgres_process: Process, doing: str) -> None:
    with postgres_process.working() as work:
        subject = make_subject(work)
        record = agree(work, subject.id)
    with postgres_process.working() as job, postgres_process.working() as other:
        if doing == "holding":
            consent.require(job.session, subject.id, Purpose.SCORING, "bluesky")
        else:
            consent.withdraw(job.session, subject.id, Purpose.SCORING, job.now, "bluesky")
        other.session.execute(text("SET LOCAL lock_timeout = '2s'"))
        past = {column.name: getattr(record, column.name) for column in Consent.__table__.columns}
        other.session.add(Consent(**{**past, "id": new_id(), "ended_at": other.now}))
        other.session.flush()
