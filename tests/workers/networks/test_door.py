"""Tests the door: who and what comes in."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.networks.door import Actor, admitted, carries_mark, joined, plausible_day, reaction_day
from workers.networks.shape import Reaction

POSTED = date(2026, 11, 1)
TODAY = date(2026, 11, 22)


def actor(created: object = None, own: bool = False, closed: bool = False, name: str = "a") -> Actor:
    return Actor(name, own, closed, created)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("#nobot", True), ("Bitte #NoBot!", True), ("#noindex, danke", True), ("(#noarchive)", True),
        ("#nobots", False), ("#nobot-ish", False), ("nobot", False), ("", False), ("#no bot", False),
    ],
)  # fmt: skip
def test_marks_are_whole_hashtags_in_any_case(text: str, marked: bool) -> None:
    assert carries_mark(text) == marked


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 23, 1, tzinfo=UTC), TODAY),
        (datetime(2026, 11, 24, tzinfo=UTC), None),
        (datetime(2035, 1, 1, tzinfo=UTC), None),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime(2006, 1, 1, tzinfo=UTC), date(2006, 1, 1)),
        (None, None),
    ],
)
def test_impossible_days_are_none_and_tomorrow_is_a_wrong_clock(moment: datetime | None, day: date | None) -> None:
    assert plausible_day(moment, TODAY) == day


def test_nobody_reacts_before_the_post() -> None:
    assert reaction_day(datetime(2026, 10, 30, tzinfo=UTC), POSTED, TODAY) == POSTED
    assert reaction_day(datetime(2026, 11, 3, tzinfo=UTC), POSTED, TODAY) == date(2026, 11, 3)
    assert reaction_day(None, POSTED, TODAY) is None


@pytest.mark.parametrize(
    ("created", "day", "enters"),
    [
        ("2026-10-02T12:00:00Z", POSTED, True),
        ("2026-10-03T00:00:00.000Z", POSTED, False),
        ("2026-10-03T00:00:00.000Z", POSTED + timedelta(days=1), True),
        ("2026-10-03", None, False),
        ("2026-10-02", None, True),
        ("2027-01-01T00:00:00Z", POSTED, False),
        (None, POSTED, True),
        ("yesterday", POSTED, False),
        (1_700_000_000, POSTED, False),
    ],
)
def test_accounts_younger_than_thirty_days_stay_outside(created: object, day: date | None, enters: bool) -> None:
    found = admitted("like", actor(created), POSTED, day)
    assert found == (Reaction("like", "a", day) if enters else None)


def test_own_closed_and_nameless_accounts_stay_outside() -> None:
    assert admitted("like", actor(own=True), POSTED) is None
    assert admitted("like", actor(closed=True), POSTED) is None
    assert admitted("like", actor(name=""), POSTED) is None


def test_an_actor_never_shows_who_it_is_in_a_text() -> None:
    assert "secret" not in repr(Actor("secret", False, False, "secret"))


def test_replies_of_a_day_are_one_with_their_number_and_likes_are_one_at_all() -> None:
    second = POSTED + timedelta(days=1)
    found = joined(
        [
            Reaction("reply", "a", second), Reaction("reply", "a", POSTED), Reaction("reply", "b", POSTED),
            Reaction("reply", "a", POSTED), Reaction("quote", "a", POSTED), Reaction("like", "a", second),
            Reaction("like", "a", POSTED), Reaction("repost", "a", None), Reaction("repost", "a", None),
        ]
    )  # fmt: skip
    assert set(found) == {
        Reaction("reply", "a", POSTED, 2), Reaction("reply", "a", second), Reaction("reply", "b", POSTED),
        Reaction("quote", "a", POSTED), Reaction("like", "a", POSTED), Reaction("repost", "a", None),
    }  # fmt: skip
    assert len(found) == 6


reactions = st.builds(
    Reaction,
    st.sampled_from(["like", "repost", "reply", "quote"]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([POSTED, TODAY, None]),
)


@given(st.lists(reactions))
def test_joining_loses_no_reply_and_no_liker_and_does_not_depend_on_the_order(found: list[Reaction]) -> None:
    one = joined(found)
    assert set(one) == set(joined(found[::-1]))
    assert sum(each.count for each in one if each.kind in ("reply", "quote")) == len(
        [each for each in found if each.kind in ("reply", "quote")]
    )
    for kind in ("like", "repost"):
        likers = [each.actor_id for each in one if each.kind == kind]
        assert sorted(likers, key=str) == sorted({each.actor_id for each in found if each.kind == kind}, key=str)
