"""Being compared: only with a yes, only among ten, never in a way that gives somebody away."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from privacy import consent
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from server.services.comparison import Standing, compare
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import agree, make_subject
from tests.server.browser import Browser
from workers import comparing, restriction
from workers.models import Compared, Comparison
from workers.runtime.process import Process
from workers.withdrawal import withdraw

SCORES = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0)


def crowd(process: Process, *scores: float, topics: dict[str, int] | None = None) -> list[str]:
    """People who agreed yesterday and have these scores of today; the clock goes on to tomorrow, and they are compared.

    `topics` says how many of them (from the first) are heard on a topic, with all points of their score.
    """
    clock = process.clock
    assert isinstance(clock, Clock)
    with process.working() as work:
        ids = []
        for place, score in enumerate(scores):
            subject = make_subject(work)
            agree(work, subject.id, Purpose.COMPARISON)
            row = make_score(work, subject.id, work.today, score=score)
            row.impact = score * 10
            mine = {topic: score - 1 for topic, number in (topics or {}).items() if place < number}
            if mine:
                agree(work, subject.id, Purpose.TOPICS)
                seal(row, work.ring.person(subject.id), by_topic=json.dumps(mine))
            ids.append(subject.id)
    clock.go(days=1)
    night(process)
    return ids


def night(process: Process) -> None:
    """Yesterday is compared."""
    with process.working() as work:
        comparing.compare(work, work.today - timedelta(days=1))


def standing(process: Process, subject_id: str) -> Standing | None:
    with process.reading() as session:
        return compare(session, process.ring, subject_id, process.clock())


def test_ten_people_see_an_average_and_their_tenth(each_process: Process) -> None:
    ids = crowd(each_process, *SCORES)
    found = [standing(each_process, who) for who in ids]
    assert all(one is not None for one in found)
    assert {one.average for one in found if one} == {round(sum(SCORES) / 10)}
    assert [one.tenth for one in found if one] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_nine_people_see_nothing(process: Process) -> None:
    ids = crowd(process, *SCORES[:9])
    assert standing(process, ids[0]) is None
    with process.reading() as session:
        assert session.scalars(select(Compared)).all() == []


def test_who_did_not_agree_sees_nothing_and_is_in_no_average(process: Process) -> None:
    with process.working() as work:
        stranger = make_subject(work)
        make_score(work, stranger.id, work.today, score=1.0)
    ids = crowd(process, *SCORES)
    assert standing(process, stranger.id) is None
    found = standing(process, ids[0])
    assert found is not None
    assert found.average == round(sum(SCORES) / 10)


def test_equal_scores_are_in_the_same_tenth() -> None:
    assert comparing.tenths([5.0, 7.0, 5.0, 9.0, 1.0]) == [6, 4, 6, 2, 10]


@pytest.mark.parametrize("way", ["withdraws", "withdraws scoring", "pauses", "is erased"])
def test_when_somebody_leaves_there_is_no_second_average_of_that_day(each_process: Process, way: str) -> None:
    ids = crowd(each_process, *SCORES, 55.0)
    assert standing(each_process, ids[0]) is not None
    with each_process.working() as work:
        if way == "withdraws":
            assert withdraw(work, ids[-1], Purpose.COMPARISON)
        elif way == "withdraws scoring":
            agree(work, ids[-1])
            assert withdraw(work, ids[-1], Purpose.SCORING, "bluesky")
        elif way == "pauses":
            assert restriction.freeze(work, ids[-1])
        else:
            comparing.leave(work.session, ids[-1])
    for _again in range(2):
        assert standing(each_process, ids[0]) is None
        assert standing(each_process, ids[-1]) is None
        night(each_process)


def test_who_joins_today_is_in_tomorrows_average(process: Process) -> None:
    ids = crowd(process, *SCORES)
    with process.working() as work:
        late = make_subject(work)
        agree(work, late.id, Purpose.COMPARISON)
        make_score(work, late.id, work.today - timedelta(days=1), score=1.0)
        work.session.delete(work.session.get_one(Comparison, work.today - timedelta(days=1)))
    night(process)
    assert standing(process, late.id) is None
    found = standing(process, ids[0])
    assert found is not None
    assert found.average == round(sum(SCORES) / 10)


def test_a_tenth_on_a_topic_is_told_from_ten_people_up_and_only_to_who_agreed_to_both(each_process: Process) -> None:
    ids = crowd(each_process, *SCORES, 99.0, 98.0, topics={"bread": 10, "chess": 9})
    found = [standing(each_process, who) for who in ids]
    # The last two agreed to be compared, not to topics: they are in nobody's tenth on bread.
    assert [one.topics for one in found if one] == [{"bread": tenth} for tenth in range(10, 0, -1)] + [{}, {}]
    with each_process.working() as work:
        stored = [row.topics for row in work.session.scalars(select(Compared)) if row.topics]
        assert len(stored) == 10
        assert not any(b"bread" in bytes(one) for one in stored)
        assert withdraw(work, ids[0], Purpose.TOPICS)
    assert standing(each_process, ids[1]) is None


def test_influence_on_a_topic_is_in_voices_and_not_in_points(process: Process) -> None:
    """Who has fewer points on a topic can have more influence on it: the scale is no straight line."""
    with process.working() as work:
        quiet, loud = make_subject(work), make_subject(work)
        small = make_score(work, quiet.id, work.today, score=50.0)
        big = make_score(work, loud.id, work.today, score=80.0)
        small.impact, small.weeks = 100.0, 13
        big.impact, big.weeks = 6900.0, 13
        assert comparing.influence(small, {"bread": 49.0}) == {"bread": 100.0}
        assert comparing.influence(big, {"bread": 40.0})["bread"] == pytest.approx(6900 * 40 / 79)
        big.weeks = 0
        assert comparing.influence(big, {"bread": 40.0}) == {}


def test_the_page_says_what_there_is(ann: Browser, ann_id: str, process: Process) -> None:
    assert ann.get("/comparison").says("You are not compared")
    with process.working() as work:
        agree(work, ann_id, Purpose.COMPARISON)
        agree(work, ann_id, Purpose.TOPICS)
        row = make_score(work, ann_id, work.today, score=42.0)
        seal(row, work.ring.person(ann_id), by_topic=json.dumps({"bread": 12.0}))
    assert ann.get("/comparison").says("There is no average today")
    crowd(process, *SCORES, topics={"bread": 10})
    ann.get("/comparison")
    for sentence in (
        "points of 100: the average", "42.0 points of 100: you", "At least 10 people", "22 November 2026", "By topic",
        "Bread",
    ):  # fmt: skip
        assert ann.says(sentence), sentence
    assert ann.get("/consent").says("Compare yourself")
    with process.working() as work:
        assert consent.withdraw(work.session, ann_id, Purpose.TOPICS, work.now)
    assert not ann.get("/comparison").says("By topic")
