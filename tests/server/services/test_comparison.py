"""Being compared: only with a yes, only among ten, never in a way that gives somebody away."""

from datetime import timedelta

import pytest

from privacy import consent
from privacy.vocabulary import Purpose
from server.services.comparison import compare
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import agree, make_subject
from tests.server.browser import Browser
from workers.runtime.process import Process

SCORES = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0)


def crowd(process: Process, *scores: float) -> list[str]:
    """People who agreed yesterday and have these scores of today; the clock goes on to tomorrow."""
    clock = process.clock
    assert isinstance(clock, Clock)
    with process.working() as work:
        ids = []
        for score in scores:
            subject = make_subject(work)
            agree(work, subject.id, Purpose.COMPARISON)
            make_score(work, subject.id, work.today, score=score)
            ids.append(subject.id)
    clock.go(days=1)
    return ids


def test_ten_people_see_an_average_and_their_tenth(each_process: Process) -> None:
    ids = crowd(each_process, *SCORES)
    with each_process.reading() as session:
        found = [compare(session, who, each_process.clock()) for who in ids]
    assert all(one is not None for one in found)
    assert {one.average for one in found if one} == {round(sum(SCORES) / 10)}
    assert [one.tenth for one in found if one] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_nine_people_see_nothing(process: Process) -> None:
    ids = crowd(process, *SCORES[:9])
    with process.reading() as session:
        assert compare(session, ids[0], process.clock()) is None


def test_who_did_not_agree_sees_nothing_and_is_in_no_average(process: Process) -> None:
    ids = crowd(process, *SCORES)
    with process.working() as work:
        stranger = make_subject(work)
        make_score(work, stranger.id, work.today - timedelta(days=1), score=1.0)
    with process.reading() as session:
        assert compare(session, stranger.id, process.clock()) is None
        found = compare(session, ids[0], process.clock())
    assert found is not None
    assert found.average == round(sum(SCORES) / 10)


@pytest.mark.parametrize("number", [10, 11])
def test_when_somebody_leaves_there_is_no_second_average_of_that_day(process: Process, number: int) -> None:
    ids = crowd(process, *SCORES, *([55.0] if number > len(SCORES) else []))
    with process.working() as work:
        consent.withdraw(work.session, ids[-1], Purpose.COMPARISON, work.now)
    with process.reading() as session:
        assert compare(session, ids[0], process.clock()) is None
        assert compare(session, ids[-1], process.clock()) is None


def test_who_joins_today_is_in_tomorrows_average(process: Process) -> None:
    ids = crowd(process, *SCORES)
    with process.working() as work:
        late = make_subject(work)
        agree(work, late.id, Purpose.COMPARISON)
        make_score(work, late.id, work.today - timedelta(days=1), score=1.0)
    with process.reading() as session:
        assert compare(session, late.id, process.clock()) is None
        found = compare(session, ids[0], process.clock())
    assert found is not None
    assert found.average == round(sum(SCORES) / 10)


def test_the_page_says_what_there_is(ann: Browser, ann_id: str, process: Process) -> None:
    assert ann.get("/comparison").says("You are not compared")
    with process.working() as work:
        agree(work, ann_id, Purpose.COMPARISON)
        make_score(work, ann_id, work.today, score=42.0)
    assert ann.get("/comparison").says("There is no average today")
    crowd(process, *SCORES)
    ann.get("/comparison")
    for sentence in ("points of 100 on average", "42 points are yours", "At least 10 people", "22 November 2026"):
        assert ann.says(sentence), sentence
    assert ann.get("/consent").says("Compare yourself")
