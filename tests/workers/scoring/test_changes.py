"""What changed between two days adds up to the difference, and every part says what it is called."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.scoring.case import read_signals
from workers.scoring.changes import PARTS, Known, Rows, changed, changes, pair
from workers.scoring.explain import explain
from workers.scoring.model import KLARWERT_1

from .draws import ACTORS, DAY, day_before, rows, yesterdays
from .reference import reference

NEAR = 1e-9
Row = dict[str, object]
LIKE: Row = {"network": "x", "kind": "like", "post": "p"}


def known(signals: list[Row], day: date, yesterday: dict | None = None, disputed: list[int] | None = None) -> Known:
    """What a score of a day is made of; `disputed` are places in the list."""
    marked = np.zeros(len(signals), dtype=bool)
    marked[disputed or []] = True
    return Known(day, read_signals(signals), yesterday or {}, marked)


def without(signals: list[Row], indexes: list[int]) -> list[Row]:
    return [row for index, row in enumerate(signals) if index not in indexes]


def identity(row: Row) -> tuple:
    return tuple(row.get(name) for name in ("network", "kind", "day", "actor", "account", "post"))


def parts_of(before: Known, after: Known) -> dict[str, float]:
    """The parts that are not nothing."""
    return {name: value for name, value in changed(before, after).items() if abs(value) > NEAR}


@settings(deadline=None, max_examples=300)
@given(st.data(), rows, yesterdays, yesterdays, st.integers(0, 20))
def test_the_parts_add_up_to_the_difference_of_the_two_scores(
    data: st.DataObject, signals: list[Row], lent: dict, lends: dict, days: int
) -> None:
    """Any signals may go, come, be disputed or freed again; the same signal is treated alike wherever it stands."""
    kept, came, out, back = (
        set(map(identity, data.draw(st.lists(st.sampled_from(signals), max_size=8)))) if signals else set()
        for _ in range(4)
    )
    first = [row for row in signals if identity(row) not in came]
    second = [row for row in signals if identity(row) not in kept]
    outs = [index for index, row in enumerate(first) if identity(row) in back]
    nows = [index for index, row in enumerate(second) if identity(row) in out]
    before = known(first, DAY - timedelta(days=days), lent, outs)
    after = known(second, DAY, lends, nows)
    old = reference(without(first, outs), before.day, lent)["score"]
    new = reference(without(second, nows), after.day, lends)["score"]
    found = changed(before, after)
    assert list(found) == list(PARTS)
    assert sum(found.values()) == pytest.approx(new - old, abs=NEAR, rel=0)


@settings(deadline=None)
@given(st.lists(st.tuples(rows, rows, yesterdays), min_size=1, max_size=5))
def test_many_people_at_once_give_what_each_gives_alone(people: list[tuple]) -> None:
    days = (DAY - timedelta(days=1), DAY)
    pairs = [(known(first, days[0], lent), known(second, days[1], lent)) for first, second, lent in people]
    joined, voices = [], 0
    for number, (before, after) in enumerate(pairs):
        one = pair(before, after)
        size = len(one.person)
        joined.append(replace(one, person=np.full(size, number), voice=one.voice + voices))
        voices += len(one.standing[0])
    both = Rows(
        **{name: np.concatenate([getattr(one, name) for one in joined]) for name in ("person", "voice", "kind", "day")},
        **{
            name: tuple(np.concatenate([getattr(one, name)[side] for one in joined]) for side in (0, 1))
            for name in ("counts", "disputed", "standing")
        },
    )
    found = changes(both, (days[0].toordinal(), days[1].toordinal()), len(people))
    for number, (before, after) in enumerate(pairs):
        assert found.parts[number].tolist() == pytest.approx(list(changed(before, after).values()), abs=NEAR, rel=0)
        assert found.after[number] == pytest.approx(
            explain(after.signals, after.day, after.yesterday).total.score, abs=NEAR, rel=0
        )


def test_nothing_new_only_ages() -> None:
    signals = [LIKE | {"day": day_before(age), "actor": ACTORS[0]} for age in (2, 9)]
    assert list(parts_of(known(signals, DAY - timedelta(days=1)), known(signals, DAY))) == ["aged"]


def test_what_falls_out_of_the_window_has_aged() -> None:
    fresh, old = LIKE | {"day": day_before(3), "actor": ACTORS[0]}, LIKE | {"day": day_before(91), "actor": ACTORS[1]}
    found = parts_of(known([fresh, old], DAY - timedelta(days=1)), known([fresh, old], DAY))
    assert list(found) == ["aged", "steadiness"]
    assert found["aged"] < 0 > found["steadiness"], "its week is empty now, too"


def test_what_was_taken_back_is_gone_and_what_came_is_new() -> None:
    stays = LIKE | {"day": day_before(1), "actor": ACTORS[0]}
    leaves, comes = stays | {"actor": ACTORS[1]}, stays | {"actor": ACTORS[2], "day": day_before(0)}
    same_day = known([stays, leaves], DAY), known([stays, comes], DAY)
    found = parts_of(*same_day)
    assert list(found) == ["gone", "new"]
    assert found["gone"] < 0 < found["new"]


def test_a_count_that_grows_is_new_and_one_that_falls_is_gone() -> None:
    few, many = (LIKE | {"day": day_before(1), "count": count} for count in (10, 40))
    assert list(parts_of(known([few], DAY), known([many], DAY))) == ["new"]
    assert list(parts_of(known([many], DAY), known([few], DAY))) == ["gone"]


def test_standing_that_others_lend_is_a_part_of_its_own() -> None:
    signals = [LIKE | {"day": day_before(1), "actor": ACTORS[0]}]
    assert list(parts_of(known(signals, DAY), known(signals, DAY, {ACTORS[0]: 60.0}))) == ["standing"]


def test_a_dispute_takes_points_away_and_its_rejection_gives_them_back() -> None:
    signals = [LIKE | {"day": day_before(1), "actor": actor} for actor in ACTORS[:2]]
    whole, disputed = known(signals, DAY), known(signals, DAY, disputed=[0])
    away, back = parts_of(whole, disputed), parts_of(disputed, whole)
    assert list(away) == list(back) == ["disputed"]
    assert away["disputed"] == pytest.approx(-back["disputed"])


def test_what_is_new_and_disputed_at_once_never_was() -> None:
    signals = [LIKE | {"day": day_before(0), "actor": actor} for actor in ACTORS[:2]]
    assert parts_of(known(signals[:1], DAY), known(signals, DAY, disputed=[1])) == {}


def test_the_first_reaction_after_an_empty_time_is_new_and_not_steadiness() -> None:
    followers: Row = {"network": "x", "kind": "audience", "day": day_before(2), "count": 900}
    comes = LIKE | {"day": day_before(0), "actor": ACTORS[0]}
    before, after = known([followers], DAY - timedelta(days=1)), known([followers, comes], DAY)
    assert list(parts_of(before, after)) == ["new"]


def test_the_newest_number_of_followers_replaces_the_one_before() -> None:
    like = LIKE | {"day": day_before(1), "actor": ACTORS[0]}
    followers: Row = {"network": "x", "kind": "audience"}
    old = followers | {"day": day_before(1), "count": 5000}
    new = followers | {"day": day_before(0), "count": 100}
    found = changed(known([like, old], DAY - timedelta(days=1)), known([like, old, new], DAY))
    assert found["new"] < 0, "the higher number is older and does not count any more"


def test_nobody_at_all_changed_nothing() -> None:
    assert parts_of(known([], DAY - timedelta(days=1)), known([], DAY)) == {}
    nothing = pair(known([], DAY), known([], DAY))
    assert changes(nothing, (1, 2), 0, KLARWERT_1).parts.shape == (0, len(PARTS))
