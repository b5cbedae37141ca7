"""The scenario of the main job, and the signals that must come of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.networks.bluesky.expected import expected_signals
from tests.networks.bluesky.scenario import (
    DEACTIVATED,
    DELETED_POST,
    FOREIGN_POST,
    GROWING,
    OLD_POSTS,
    OPTED_OUT,
    OPTED_OUT_PARTICIPANT,
    PARTICIPANT,
    POSTS,
    RENAMED,
    UNDATED,
    YOUNG,
    main_job_scenario,
    post_days_ago,
)

TODAY = date(2026, 3, 1)
Signal = dict[str, Any]


@pytest.fixture(scope="module")
def scenario() -> dict[str, Any]:
    return main_job_scenario(TODAY)


@pytest.fixture(scope="module")
def signals(scenario: dict[str, Any]) -> list[Signal]:
    return expected_signals(scenario, PARTICIPANT, TODAY)


@pytest.fixture
def of(signals: list[Signal]) -> Callable[..., list[tuple[str, str, int, int]]]:
    """Kind, post, days ago and count of the signals of one actor, or of one post."""

    def found(**where: str) -> list[tuple[str, str, int, int]]:
        return [
            (one["kind"], one["post"], (TODAY - date.fromisoformat(one["day"])).days, one["count"])
            for one in signals
            if all(one[key] == value for key, value in where.items())
        ]

    return found


def test_the_same_day_gives_the_same_scenario(scenario: dict[str, Any]) -> None:
    assert main_job_scenario(TODAY) == scenario


def test_another_suffix_gives_other_handles_and_the_same_story(scenario: dict[str, Any]) -> None:
    other = main_job_scenario(TODAY, suffix="-b2")
    assert other["events"] == scenario["events"]
    assert {a["handle"] for a in other["accounts"]}.isdisjoint(a["handle"] for a in scenario["accounts"])


def test_everything_happens_before_today(scenario: dict[str, Any]) -> None:
    midnight = datetime.combine(TODAY, datetime.min.time(), UTC)
    assert max(datetime.fromisoformat(event["at"]) for event in scenario["events"]) < midnight


def test_handles_are_unique_and_short_enough_for_a_pds(scenario: dict[str, Any]) -> None:
    names = [account["handle"].removesuffix(".test") for account in scenario["accounts"]]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 18


def test_about_forty_people_react_in_german_and_english(scenario: dict[str, Any], signals: list[Signal]) -> None:
    assert len(scenario["accounts"]) == 41
    assert len({one["actor"] for one in signals}) > 30
    assert {event["langs"][0] for event in scenario["events"] if "langs" in event} == {"de", "en"}


def test_every_one_of_the_thirteen_weeks_has_a_reaction(signals: list[Signal]) -> None:
    ages = [(TODAY - date.fromisoformat(one["day"])).days for one in signals if one["kind"] != "audience"]
    assert min(ages) > 0
    assert {age // 7 for age in ages} == set(range(13))


def test_every_kind_that_an_anonymous_reader_sees_occurs(signals: list[Signal]) -> None:
    assert {one["kind"] for one in signals} == {"like", "repost", "reply", "quote", "audience"}


def test_followers_are_one_signal_of_the_day_of_reading(signals: list[Signal]) -> None:
    assert [one for one in signals if one["kind"] == "audience"] == [
        {"network": "bluesky", "kind": "audience", "day": "2026-03-01", "actor": None, "post": None, "count": 23}
    ]


def test_a_repost_bears_the_day_of_the_post(signals: list[Signal]) -> None:
    for one in signals:
        if one["kind"] == "repost" and one["post"] in {f"p{n:02d}" for n in range(1, len(POSTS) + 1)}:
            assert date.fromisoformat(one["day"]) == TODAY - timedelta(days=post_days_ago(int(one["post"][1:])))


@pytest.mark.parametrize("actor", [PARTICIPANT, OPTED_OUT, DEACTIVATED, YOUNG])
def test_some_people_never_become_a_signal(signals: list[Signal], actor: str) -> None:
    assert not [one for one in signals if one["actor"] == actor]


@pytest.mark.parametrize("post", [DELETED_POST, FOREIGN_POST, *OLD_POSTS, "answer"])
def test_reactions_to_some_posts_never_become_a_signal(signals: list[Signal], post: str) -> None:
    assert not [one for one in signals if one["post"] == post]


def test_an_account_counts_from_its_thirtieth_day_on(of: Callable[..., object]) -> None:
    assert of(actor=GROWING) == [("like", "p18", 4, 1)]


def test_an_account_of_unknown_age_counts(of: Callable[..., object]) -> None:
    assert of(actor=UNDATED) == [("like", "p25", 4, 1)]


def test_a_renamed_account_counts_with_all_it_did(of: Callable[..., object]) -> None:
    dated = [(kind, "p12", 49, 1) for kind in ("like", "quote", "reply")]
    assert of(actor=RENAMED) == [*dated, ("repost", "p12", 50, 1)]


def test_several_replies_of_one_day_are_one_signal_and_another_day_is_another(
    of: Callable[..., list[tuple[str, str, int, int]]],
) -> None:
    assert {("reply", "p07", 60, 2), ("reply", "p07", 59, 1)} <= set(of(actor="c07"))
    assert ("quote", "p08", 55, 2) in of(actor="c08")


def test_replies_and_quotes_of_the_participant_are_posts_of_theirs(of: Callable[..., object]) -> None:
    assert of(post="own-reply") == [("like", "own-reply", 69, 1)]
    assert of(post="own-quote") == [("like", "own-quote", 39, 1)]
    assert of(post="advice") == [("like", "advice", 28, 1), ("reply", "advice", 28, 1)]


def test_what_was_taken_back_is_no_signal(of: Callable[..., object]) -> None:
    assert of(post="plain") == [("like", "plain", 44, 1)]


def test_who_opted_out_of_being_shown_has_no_signals_at_all(scenario: dict[str, Any]) -> None:
    assert expected_signals(scenario, OPTED_OUT_PARTICIPANT, TODAY) == []


def test_who_was_switched_on_again_counts_again(scenario: dict[str, Any]) -> None:
    back = {**scenario, "after": [*scenario["after"], {"do": "activate", "who": DEACTIVATED}]}
    kinds = [one["kind"] for one in expected_signals(back, PARTICIPANT, TODAY) if one["actor"] == DEACTIVATED]
    assert kinds == ["like", "quote", "reply", "repost"]


def test_reading_later_loses_what_left_the_window(scenario: dict[str, Any], signals: list[Signal]) -> None:
    later = expected_signals(scenario, PARTICIPANT, TODAY + timedelta(days=30))
    assert 0 < len(later) < len(signals)
    assert "p01" not in {one["post"] for one in later}
