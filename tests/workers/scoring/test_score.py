"""The score equals the published vectors and a second, plain computation of the same text, and keeps its promises."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.scoring.case import read_signals
from workers.scoring.score import scale, score
from workers.scoring.signals import Signals

from .draws import DAY, NETWORKS, day_before, rows, rows_of, yesterdays
from .reference import reference

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
NEAR = 1e-9


def like(actor: int, age: int = 0, **more: object) -> dict[str, object]:
    return {"network": "mastodon", "kind": "like", "day": day_before(age), "actor": f"{actor:016x}"} | more


def audience(count: int, age: int = 0, **more: object) -> dict[str, object]:
    return {"network": "x", "kind": "audience", "day": day_before(age), "count": count} | more


def scored(signals: list[dict[str, object]], yesterday: dict[str, float] | None = None):
    return score(read_signals(signals), DAY, yesterday or {})


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_every_vector_agrees(case: dict) -> None:
    result = score(read_signals(case["signals"]), date.fromisoformat(case["day"]), case["yesterday"])
    assert result.score == pytest.approx(case["expect"]["score"], abs=NEAR, rel=0)
    assert result.impact == pytest.approx(case["expect"]["impact"], abs=0, rel=NEAR)
    assert result.points.tolist() == pytest.approx(case["expect"]["points"], abs=NEAR, rel=0)


@settings(deadline=None)
@given(rows, yesterdays)
def test_a_plain_computation_gives_the_same(signals: list, yesterday: dict) -> None:
    result, expected = scored(signals, yesterday), reference(signals, DAY, yesterday)
    assert result.score == pytest.approx(expected["score"], abs=NEAR, rel=0)
    assert result.impact == pytest.approx(expected["impact"], abs=0, rel=NEAR)
    assert (result.weeks, result.voices) == (expected["weeks"], expected["voices"])
    assert result.points.tolist() == pytest.approx(expected["points"], abs=NEAR, rel=0)


@settings(deadline=None)
@given(rows, yesterdays)
def test_points_add_up_to_the_score_above_one(signals: list, yesterday: dict) -> None:
    result = scored(signals, yesterday)
    assert result.points.sum() == pytest.approx(result.score - 1, abs=NEAR, rel=0)
    assert 1 <= result.score < 100


@settings(deadline=None)
@given(rows, yesterdays, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(signals: list, yesterday: dict, chance) -> None:
    mixed = chance.sample(signals, len(signals))
    assert scored(mixed, yesterday).score == pytest.approx(scored(signals, yesterday).score, abs=NEAR, rel=0)


@settings(deadline=None)
@given(rows, rows_of(["pixelfed"]), yesterdays)
def test_connecting_one_more_network_never_lowers_the_score(signals: list, more: list, yesterday: dict) -> None:
    assert scored(signals + more, yesterday).score >= scored(signals, yesterday).score - 1e-12


@settings(deadline=None)
@given(rows, st.sampled_from(NETWORKS), st.integers(0, 90), yesterdays)
def test_one_more_reaction_never_lowers_the_score(signals: list, network: str, age: int, yesterday: dict) -> None:
    more = like(0, age, network=network)
    assert scored([*signals, more], yesterday).score >= scored(signals, yesterday).score - 1e-12


def test_the_published_table_of_impact_and_score_holds() -> None:
    impacts = np.array([0, 1, 10, 27, 100, 500, 2_000, 10_000, 1_000_000, 10_000_000], dtype=np.float64)
    shown = [1, 17.5, 31.6, 39.4, 50.5, 64.1, 74.3, 83.5, 96.2, 98.3]
    assert scale(impacts).round(1).tolist() == shown


def test_a_hundred_is_never_reached() -> None:
    video = {"network": "youtube", "kind": "like", "count": 10**12}
    world = [video | {"day": day_before(7 * week), "post": str(post)} for week in range(13) for post in range(50)]
    assert 99 < scored(world).score < 100


def test_nobody_heard_is_a_score_of_one() -> None:
    result = scored([])
    assert (result.score, result.impact, result.weeks, result.voices, len(result.points)) == (1, 0, 0, 0, 0)


def test_ninety_days_count_and_neither_a_day_more_nor_tomorrow() -> None:
    result = scored([like(1, 90), like(2, 91), like(3, -1)])
    assert result.voices == 1
    assert [point > 0 for point in result.points] == [True, False, False]


def test_thirty_days_halve_the_value() -> None:
    assert scored([like(1, 30)]).impact == pytest.approx(scored([like(1)]).impact / 2**0.5)


def test_followers_do_not_age_and_count_only_while_somebody_reacts() -> None:
    assert scored([audience(10_000)]).score == 1
    fresh, old = (scored([like(1), audience(10_000, age)]) for age in (0, 90))
    assert fresh.score == old.score > scored([like(1)]).score


def test_of_several_follower_counts_the_latest_in_the_window_gets_all_points() -> None:
    result = scored([audience(9_000, 5), like(1), audience(400, 2), audience(10**6, 91), audience(10**6, -1)])
    assert result.score == scored([like(1), audience(400)]).score
    assert [point > 0 for point in result.points] == [False, True, True, False, False]


def test_of_two_follower_counts_of_one_day_the_higher_counts_and_of_equal_ones_the_first() -> None:
    result = scored([like(1), audience(300), audience(400), audience(400)])
    assert result.score == scored([like(1), audience(400)]).score
    assert [point > 0 for point in result.points] == [True, False, True, False]


def test_followers_of_two_accounts_or_two_networks_are_voices_of_their_own() -> None:
    result = scored(
        [like(1), audience(9, account="b"), audience(9, account="c"), audience(9), audience(9, network="y")]
    )
    assert result.voices == 5


def test_an_audience_is_never_lent_standing() -> None:
    lent = {"0000000000000001": 99.0}
    signals = [like(2), audience(100, actor="0000000000000001")]
    assert scored(signals, lent).score == scored(signals).score


def test_one_admirer_is_one_voice_a_network_whatever_the_post_and_kind() -> None:
    signals = [like(1), like(1, kind="quote", post="https://garten.example/1"), like(1, account="balcony")]
    assert scored(signals).voices == 1
    assert scored([*signals, like(1, network="bluesky")]).voices == 2


def test_counted_reactions_share_a_voice_per_network_post_and_kind() -> None:
    counted = {"network": "youtube", "kind": "like", "day": day_before(0), "count": 5}
    videos = [counted | {"post": post} for post in ("https://garten.example/v", "https://garten.example/w")]
    assert scored([counted, counted | {"account": "balcony"}]).voices == 1
    assert scored([counted, *videos, videos[0] | {"kind": "repost"}]).voices == 4


def test_the_same_row_twice_counts_twice() -> None:
    assert scored([like(1), like(1)]).impact == pytest.approx(scored([like(1)]).impact * 2**0.5)


def test_standing_counts_on_every_network_where_the_actor_reacts() -> None:
    signals = [like(1), like(1, network="bluesky")]
    assert scored(signals, {"0000000000000001": 75}).impact == pytest.approx(2 * scored(signals).impact)


def test_points_along_the_way_from_nothing_to_all_are_the_same() -> None:
    """The points are the Aumann-Shapley value: marginal gain of each signal, averaged while all grow together."""
    signals = [like(1, count=4), like(1, 8, count=9), like(2, count=2), like(3, 15, kind="quote")]
    values, voices = np.array([4, 9 * 2 ** (-8 / 30), 2, 5 * 2**-0.5]), np.array([0, 0, 1, 2])
    gains, grain = np.zeros(4), 400
    for step in range(grain):
        # Steps grow with the sixth power, as the slope is steepest near nothing.
        part, width = ((step + 0.5) / grain) ** 6, 6 * ((step + 0.5) / grain) ** 5 / grain
        sums = np.bincount(voices, weights=part * values)
        impact = (3 / 13) ** 0.5 * np.sqrt(sums).sum()
        power = (100 / impact) ** 0.35
        slope = 99 * 0.35 * power / impact / (1 + power) ** 2
        gains += slope * (3 / 13) ** 0.5 / (2 * np.sqrt(sums))[voices] * values * width
    assert scored(signals).points == pytest.approx(gains, abs=1e-3)


def test_columns_as_narrow_as_a_store_keeps_them_give_the_same_score() -> None:
    wide = read_signals(
        [like(number, number % 60, post=f"https://garten.example/{number % 100}") for number in range(127)]
    )
    narrow = Signals(
        network=wide.network.astype(np.int8),
        networks=wide.networks,
        kind=wide.kind.astype(np.int8),
        day=wide.day.astype(np.uint16),
        actor=wide.actor.astype(np.int8),
        actors=wide.actors,
        count=wide.count.astype(np.uint8),
        account=wide.account.astype(np.int8),
        accounts=wide.accounts,
        post=wide.post.astype(np.int8),
        posts=wide.posts,
        topic=wide.topic.astype(np.int8),
        topic_row=wide.topic_row.astype(np.int8),
        topics=wide.topics,
    )
    assert score(narrow, DAY, {}).points.tolist() == score(wide, DAY, {}).points.tolist()
