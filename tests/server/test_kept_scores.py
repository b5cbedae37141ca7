"""Where files of signals cannot be read: people keep their last score and are told so, and so is the organisation."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.models import Account, Role
from tests.conftest import Clock
from tests.factories.days import keep_basis, run_day
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from workers import buckets
from workers.fold import Fault
from workers.models import Bucket
from workers.runtime.process import Process


@pytest.fixture
def broken(process: Process, ann: Browser, ann_id: str, clock: Clock) -> Browser:
    """Ann has a score of yesterday, then her file is damaged, and the next night fails for it."""
    with process.working() as work:
        make_scored(work, ann_id)
    keep_basis(process, clock().date() - timedelta(days=1))
    with process.reading() as session:
        file = session.get_one(Bucket, buckets.number_of(session, ann_id)).file
    assert file is not None
    process.storage.write(file, b"damaged")
    return ann


def night(process: Process, clock: Clock) -> None:
    clock.go(days=1)
    run_day(process, clock().date() - timedelta(days=1))


def test_the_last_score_stays_with_its_date_and_a_sentence(process: Process, broken: Browser, clock: Clock) -> None:
    night(process, clock)
    broken.sign_in()
    assert broken.get("/score").status == 200
    assert broken.says("You keep the last score, that of 22 November 2026")
    assert broken.says("because your stored reactions cannot be read at the moment")


def test_pages_made_of_the_reactions_say_that_they_cannot_be_read(broken: Browser) -> None:
    for path in ("/explanation", "/explanation/followers"):
        assert broken.get(path).status == 503
        assert broken.says("cannot be read at the moment. It is our mistake")
    assert broken.get("/score").says("You keep the last score")


def test_in_german_too(process: Process, broken: Browser, clock: Clock, ann_id: str) -> None:
    with process.working() as work:
        work.session.scalars(select(Account).where(Account.subject_id == ann_id)).one().language = "de"
    broken.get("/score")
    assert broken.says("Du behältst den letzten Punktestand, den vom 22. November 2026")


def test_the_organisation_reads_what_happened_and_what_to_do(process: Process, broken: Browser, clock: Clock) -> None:
    night(process, clock)
    with process.working() as work:
        work.session.scalars(select(Account)).one().role = Role.ADMIN.value
    broken.sign_in()
    broken.get("/organisation/overview")
    assert broken.says("Some scores could not be computed anew")
    assert broken.says("The file is damaged or gone. Please restore it from a backup")
    assert broken.says("It concerns 1 file since 23/11/2026, 13:00 CET")


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_its_sentence(process: Process, ann: Browser, fault: Fault) -> None:
    with process.working() as work:
        buckets.settle(work)
        work.session.scalars(select(Account)).one().role = Role.ADMIN.value
        row = work.session.scalars(select(Bucket).limit(1)).one()
        row.failure, row.failed_at = fault.value, work.now
    assert ann.get("/organisation/overview").says("Some scores could not be computed anew")


def test_who_has_a_newer_score_is_told_nothing(process: Process, ann: Browser, ann_id: str, clock: Clock) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    keep_basis(process, clock().date() - timedelta(days=1))
    assert not ann.get("/score").says("You keep the last score")
