"""An explanation adds up to the score, and every 'without it' and 'what if' equals a recomputation from scratch."""

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.scoring.case import read_signals
from workers.scoring.explain import Explanation, Part, Wish, explain

from .draws import ACTORS, DAY, NETWORKS, POSTS, REACTIONS, age_of, day_before, rows, yesterdays
from .reference import reference

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
NEAR = 1e-9
Row = dict[str, object]


def near(expected: object) -> object:
    return pytest.approx(expected, abs=NEAR, rel=0)


def explained(signals: list[Row], yesterday: dict[str, float] | None = None) -> Explanation:
    return explain(read_signals(signals), DAY, yesterday or {})


def from_scratch(signals: list[Row], yesterday: dict[str, float], gone: Callable[[Row], bool]) -> float:
    return reference([row for row in signals if not gone(row)], DAY, yesterday)["score"]


def by_label(parts: tuple[Part, ...]) -> dict[str, Part]:
    return {part.label: part for part in parts}


def inside(row: Row) -> bool:
    return 0 <= age_of(row) <= 90


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_every_vector_without_a_network_or_a_post_agrees(case: dict) -> None:
    told = explain(read_signals(case["signals"]), date.fromisoformat(case["day"]), case["yesterday"])
    parts = {f"network:{part.label}": part.without for part in told.networks}
    parts |= {f"post:{part.label}": part.without for part in told.posts}
    # What has no signal in the window is no part of the explanation: without it the score is as it is.
    found = {name: parts.get(name, told.total.score) for name in case["expect"]["without"]}
    assert found == near(case["expect"]["without"])


@settings(deadline=None)
@given(rows, yesterdays)
def test_without_each_network_kind_post_and_week_equals_a_recomputation(signals: list[Row], yesterday: dict) -> None:
    told = explained(signals, yesterday)
    for field, parts in (("network", told.networks), ("kind", told.kinds), ("post", told.posts)):
        assert {part.label for part in parts} == {row[field] for row in signals if inside(row) and field in row}
        for part in parts:
            gone = from_scratch(signals, yesterday, lambda row, f=field, label=part.label: row.get(f) == label)
            assert part.without == near(gone)
    for week, part in enumerate(told.weeks):
        gone = from_scratch(signals, yesterday, lambda row, w=week: inside(row) and age_of(row) // 7 == w)
        assert (part.label, part.without) == (str(week), near(gone))


@settings(deadline=None)
@given(rows, yesterdays)
def test_without_each_topic_equals_a_recomputation(signals: list[Row], yesterday: dict) -> None:
    told = explained(signals, yesterday)
    for part in told.topics:
        gone = from_scratch(signals, yesterday, lambda row, topic=part.label: topic in row.get("topics", []))
        assert part.without == near(gone)


@settings(deadline=None)
@given(rows, yesterdays)
def test_without_each_signal_equals_a_recomputation(signals: list[Row], yesterday: dict) -> None:
    expected = [
        reference(signals[:index] + signals[index + 1 :], DAY, yesterday)["score"] for index in range(len(signals))
    ]
    assert explained(signals, yesterday).without_each().tolist() == near(expected)


@settings(deadline=None)
@given(rows, yesterdays, st.data())
def test_without_any_chosen_group_equals_a_recomputation(signals: list[Row], yesterday: dict, data) -> None:
    gone = data.draw(st.lists(st.booleans(), min_size=len(signals), max_size=len(signals)))
    left = [row for row, out in zip(signals, gone, strict=True) if not out]
    found, expected = explained(signals, yesterday).without(np.array(gone, dtype=bool)), reference(left, DAY, yesterday)
    assert (found.score, found.weeks) == (near(expected["score"]), expected["weeks"])
    assert found.points[~np.array(gone, dtype=bool)].tolist() == near(expected["points"])
    assert not found.points[np.array(gone, dtype=bool)].any()


@settings(deadline=None)
@given(rows, yesterdays)
def test_points_of_all_parts_of_a_sort_add_up_to_the_score_above_one(signals: list[Row], yesterday: dict) -> None:
    told = explained(signals, yesterday)
    for parts in (told.networks, told.kinds, told.weeks):
        assert sum(part.points for part in parts) == near(told.total.score - 1)
    assert sum(part.signals for part in told.kinds) == sum(map(inside, signals))
    assert sum(part.influence for part in told.kinds) * told.steadiness == pytest.approx(told.total.impact)


@settings(deadline=None)
@given(rows, yesterdays)
def test_points_of_posts_and_topics_are_sums_of_their_signals(signals: list[Row], yesterday: dict) -> None:
    told, points = explained(signals, yesterday), reference(signals, DAY, yesterday)["points"]
    for part in told.posts:
        assert part.points == near(
            sum(p for row, p in zip(signals, points, strict=True) if row.get("post") == part.label)
        )
    for part in told.topics:
        shares = [
            point / len(row["topics"])
            for row, point in zip(signals, points, strict=True)
            if part.label in row.get("topics", [])
        ]
        assert part.points == near(sum(shares))


@settings(deadline=None)
@given(rows, yesterdays)
def test_parts_are_ranked_by_their_points(signals: list[Row], yesterday: dict) -> None:
    told = explained(signals, yesterday)
    for parts in (told.networks, told.kinds, told.posts, told.topics):
        assert [part.rank for part in parts] == list(range(1, len(parts) + 1))
        assert all(above.points >= below.points - NEAR for above, below in pairwise(parts))
    assert sorted(part.rank for part in told.weeks) == list(range(1, 14))


@settings(deadline=None)
@given(rows, yesterdays)
def test_lent_standing_shows_the_people_who_lend_it(signals: list[Row], yesterday: dict) -> None:
    told = explained(signals, yesterday)
    points = reference(signals, DAY, yesterday)["points"]
    lent = [row.get("actor") in yesterday and row["kind"] != "audience" for row in signals]
    assert told.lent.points == near(sum(point for point, by in zip(points, lent, strict=True) if by))
    assert told.lent.signals == sum(by and inside(row) for row, by in zip(signals, lent, strict=True))
    assert told.lent.without == near(from_scratch(signals, yesterday, lambda row: row.get("actor") in yesterday))
    assert told.lent.unlent == near(reference(signals, DAY, {})["score"])
    heard = {(row["network"], row["actor"]) for row, by in zip(signals, lent, strict=True) if by and inside(row)}
    assert sum(number for _, number in told.lent.steps) == len(heard)


@settings(deadline=None)
@given(rows, yesterdays, st.integers(0, 100))
def test_the_way_forward_equals_a_recomputation_on_the_later_day(
    signals: list[Row], yesterday: dict, days: int
) -> None:
    known = [row for row in signals if age_of(row) >= 0]
    later = reference(known, DAY + timedelta(days=days), yesterday)["score"]
    assert explained(signals, yesterday).forward(days) == near(later)


@settings(deadline=None)
@given(rows, yesterdays, st.sampled_from(REACTIONS), st.integers(0, 12))
def test_more_reactions_equal_a_recomputation_with_new_people(
    signals: list, yesterday: dict, kind: str, k: int
) -> None:
    new = [{"network": "x", "kind": kind, "day": day_before(0), "actor": f"{99 + i:016x}"} for i in range(k)]
    more = reference(signals + new, DAY, yesterday)["score"]
    assert explained(signals, yesterday).with_more(kind, k) == near(more)


def test_the_rest_of_a_voice_of_a_trillion_is_exact_to_the_last_reaction() -> None:
    counted = {"network": "youtube", "kind": "like", "post": POSTS[0]}
    signals = [
        counted | {"day": day_before(0), "count": 10**12},
        counted | {"day": day_before(90), "count": 1},
        {"network": "mastodon", "kind": "like", "day": day_before(89), "actor": ACTORS[0], "post": POSTS[1]},
    ]
    told = explained(signals)
    week = from_scratch(signals, {}, lambda row: age_of(row) == 0)
    assert told.weeks[0].without == near(week)
    assert by_label(told.networks)["youtube"].without == near(reference(signals[2:], DAY, {})["score"])


def test_without_everything_the_score_is_exactly_one() -> None:
    signals = [
        {"network": "x", "kind": "like", "day": day_before(age), "actor": f"{age:016x}", "post": POSTS[0]}
        for age in range(90)
    ]
    told = explained(signals)
    assert [part.without for part in (*told.networks, *told.kinds, *told.posts)] == [1.0, 1.0, 1.0]


def test_without_the_week_of_the_latest_follower_count_the_one_before_counts() -> None:
    audience = {"network": "x", "kind": "audience"}
    signals = [
        {"network": "x", "kind": "like", "day": day_before(20), "actor": ACTORS[0]},
        audience | {"day": day_before(0), "count": 900},
        audience | {"day": day_before(8), "count": 5_000},
    ]
    told = explained(signals)
    assert told.weeks[0].without == near(from_scratch(signals, {}, lambda row: row["day"] == day_before(0)))
    assert told.weeks[0].without > told.total.score, "the older count was higher"


def test_without_the_only_reaction_of_a_week_more_is_missing_than_its_points() -> None:
    like = {"network": "x", "kind": "like", "actor": ACTORS[0]}
    signals = [
        like | {"day": day_before(0), "count": 50, "post": POSTS[0]},
        like | {"day": day_before(7), "post": POSTS[1]},
    ]
    told = explained(signals)
    small = by_label(told.posts)[POSTS[1]]
    assert told.total.score - small.without > small.points


def test_many_topics_that_all_fill_one_voice_are_taken_out_exactly() -> None:
    topics = [f"t{number}" for number in range(7)]
    like = {"network": "x", "kind": "like", "actor": ACTORS[0], "day": day_before(3)}
    signals = [like | {"topics": topics}, like | {"topics": topics[:5], "count": 10**9}, like | {"topics": ["t6"]}]
    for part in explained(signals).topics:
        gone = from_scratch(signals, {}, lambda row, topic=part.label: topic in row["topics"])
        assert part.without == near(gone)


def test_equal_points_are_ranked_by_label_whatever_the_order_of_the_rows() -> None:
    signals = [
        {"network": "x", "kind": "like", "actor": ACTORS[i], "day": day_before(0), "post": POSTS[i]} for i in range(4)
    ]
    for order in (signals, signals[::-1]):
        assert [part.label for part in explained(order).posts] == POSTS


def test_nobody_heard_is_explained_by_empty_parts() -> None:
    told = explained([])
    assert (told.networks, told.kinds, told.posts, told.topics) == ((), (), (), ())
    assert [(part.points, part.signals, part.without) for part in told.weeks] == [(0, 0, 1)] * 13
    assert (told.lent.points, told.lent.steps, told.lent.without) == (0, (), 1)
    assert (told.forward(5), told.without_each().tolist()) == (1, [])


def test_every_signal_shows_the_standing_it_counts_with() -> None:
    signals = [{"network": n, "kind": "like", "actor": ACTORS[0], "day": day_before(0)} for n in NETWORKS]
    signals.append({"network": "x", "kind": "audience", "day": day_before(0), "count": 5})
    assert explained(signals, {ACTORS[0]: 60}).standing.tolist() == [1.6, 1.6, 1.6, 1]
    assert explained(signals, {ACTORS[0]: 60}).lent.steps == ((1.6, 3),)


@pytest.mark.parametrize(("kind", "k"), [("audience", 1), ("applause", 1), ("like", -1)])
def test_more_of_what_is_no_reaction_is_refused(kind: str, k: int) -> None:
    with pytest.raises(ValueError, match="kind of reaction"):
        explained([]).with_more(kind, k)


def test_no_way_leads_backward() -> None:
    with pytest.raises(ValueError, match="not be negative"):
        explained([]).forward(-1)


def test_an_explanation_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        explained([]).steadiness = 1.0


@settings(deadline=None)
@given(rows, yesterdays, st.data(), st.sampled_from(REACTIONS), st.integers(0, 5), st.integers(0, 100))
def test_a_wish_equals_a_recomputation_of_what_would_be(
    signals: list[Row], yesterday: dict, data: st.DataObject, kind: str, people: int, days: int
) -> None:
    """Some signals never were, others arrive today, one network is doubled under another name, then days go by."""
    gone = data.draw(st.lists(st.booleans(), min_size=len(signals), max_size=len(signals)))
    networks = sorted({row["network"] for row in signals})
    again = data.draw(st.sampled_from([None, *networks]))
    left = [row for row, out in zip(signals, gone, strict=True) if not out and age_of(row) >= 0]
    new = [{"network": "new", "kind": kind, "day": day_before(0), "actor": f"{99 + i:016x}"} for i in range(people)]
    doubled = [row | {"network": "doubled"} for row in left if row["network"] == again]
    later = reference([*left, *new, *doubled], DAY + timedelta(days=days), yesterday)
    found = explained(signals, yesterday).what_if(Wish(np.array(gone, dtype=bool), kind, people, again, days))
    assert (found.score, found.weeks) == (near(later["score"]), later["weeks"])


def test_a_network_that_is_none_cannot_be_doubled() -> None:
    with pytest.raises(ValueError, match="not in"):
        explained([]).what_if(Wish(again="nowhere"))
