"""Lots that nobody can choose: each place once, each as likely, and the same for everybody who draws them anew."""

from collections import Counter
from hashlib import sha256
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from workers.audit.draw import places

ROOT = sha256(b"root").hexdigest()


@given(st.integers(0, 60), st.integers(0, 10**40))
def test_every_place_comes_exactly_once(people: int, number: int) -> None:
    assert sorted(places("2026-11-21", ROOT, str(number), people)) == list(range(people))


def test_day_root_and_number_each_change_the_draw() -> None:
    first = list(places("2026-11-21", ROOT, "1", 50))
    assert first == list(places("2026-11-21", ROOT, "1", 50))
    others = [("2026-11-22", ROOT, "1"), ("2026-11-21", ROOT[::-1], "1"), ("2026-11-21", ROOT, "2")]
    assert all(list(places(*other, 50)) != first for other in others)


def test_every_place_is_as_likely_as_any_other() -> None:
    drawn = Counter(place for number in range(4000) for place in islice(places("d", ROOT, str(number), 7), 1))
    assert set(drawn) == set(range(7))
    assert max(drawn.values()) - min(drawn.values()) < 160  # about 571 each, 22 standard deviation
