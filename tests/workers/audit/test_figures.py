"""Figures from which nobody can be read: ten people at least, and no difference about fewer."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import make_subject
from tests.factories.scores import day_before
from workers.audit import figures, root
from workers.models import Score
from workers.runtime.process import Process


@given(st.lists(st.floats(1, 99.999), max_size=80))
def test_no_band_has_fewer_than_ten_and_all_together_are_everybody(scores: list[float]) -> None:
    found = figures.bands([sum(10 * band <= score < 10 * (band + 1) for score in scores) for band in range(10)])
    assert all(number >= 10 for number in found.values())
    assert sum(found.values()) == (len(scores) if len(scores) >= 10 else 0)
    edges = [tuple(map(int, band.split("-"))) for band in found]
    assert [low for low, _ in edges[1:]] == [high for _, high in edges[:-1]]
    if edges:
        assert (edges[0][0], edges[-1][1]) == (0, 100)


def test_what_fewer_than_ten_have_is_in_no_share() -> None:
    sums = [("mastodon", 100.0, 10), ("bluesky", 345.0, 19), ("rare", 450.0, 9)]
    assert figures.shares(sums) == {"bluesky": 78, "mastodon": 22}
    assert figures.shares(sums[2:]) == {}


@pytest.mark.parametrize(
    ("before", "now", "both", "may"),
    [(12, 12, 12, True), (12, 13, 12, False), (12, 11, 11, False), (12, 22, 12, True), (22, 12, 12, True),
     (20, 20, 15, False), (30, 30, 20, True)],
)  # fmt: skip
def test_nobody_or_ten_come_and_nobody_or_ten_leave(before: int, now: int, both: int, *, may: bool) -> None:
    assert figures.may_follow(before, now, both) is may


def published(process: Process, people: list[str], clock: Clock) -> bool:
    """A day with a score for each of some people; were figures made?"""
    with process.working() as work:
        day = day_before(work, 1)
        for number, subject_id in enumerate(people):
            make_score(work, subject_id, day, 20.0 + number)
        root.publish(work, day)
        return figures.make(work, day) is not None


def test_figures_are_made_once_a_week_and_only_if_enough_people_came_or_left(
    each_process: Process, clock: Clock
) -> None:
    process = each_process
    with process.working() as work:
        everybody = [make_subject(work).id for _ in range(40)]
    assert not published(process, everybody[:9], clock)
    clock.go(days=1)
    assert published(process, everybody[:12], clock)
    clock.go(days=1)
    assert not published(process, everybody[:12], clock)  # a day later
    clock.go(days=6)
    assert not published(process, everybody[:13], clock)  # one came
    clock.go(days=1)
    assert published(process, everybody[:24], clock)  # twelve came
    with process.working() as work:
        work.session.execute(delete(Score).where(Score.subject_id == everybody[0]))
    clock.go(days=7)
    assert not published(process, everybody[1:24], clock)  # one withdrew and left nothing
    with process.reading() as session:
        newest = figures.newest(session)
        assert newest is not None
        assert (newest.people, newest.day) == (24, clock.now.date() - timedelta(days=8))
        assert newest.bands == {"0-30": 10, "30-100": 14}
        assert (newest.networks, newest.kinds) == ({"bluesky": 100}, {"like": 100})
