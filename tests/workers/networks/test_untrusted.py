"""Tests taking values out of answers that may be anything."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.networks import untrusted

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(anything)
def test_nothing_raises_and_everything_is_of_the_promised_kind(value: object) -> None:
    assert isinstance(untrusted.record(value), dict)
    assert all(isinstance(item, dict) for item in untrusted.records(value))
    untrusted.text(value).encode()
    count = untrusted.count(value)
    assert count is None or count >= 0
    moment = untrusted.moment(value)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize("value", [-1, 1.0, "3", True, None, 10**13, [], float("nan")])
def test_what_is_no_count_is_none(value: object) -> None:
    assert untrusted.count(value) is None


def test_counts_are_whole_numbers_from_zero() -> None:
    assert [untrusted.count(value) for value in (0, 7)] == [0, 7]


def test_texts_lose_what_no_database_takes_and_are_cut() -> None:
    assert untrusted.text("a\x00b\ud800c") == "ab?c"
    assert untrusted.text("x" * 30_000) == "x" * 20_000
    assert untrusted.text(3) == ""


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-22T09:30:00.000Z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T10:30:00+01:00", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:00", None),
        ("yesterday", None),
        ("2026-11-22T09:30:00Z" + " " * 40, None),
        (1_700_000_000, None),
    ],
)
def test_moments_are_iso_and_become_utc(value: object, moment: datetime | None) -> None:
    assert untrusted.moment(value) == moment
