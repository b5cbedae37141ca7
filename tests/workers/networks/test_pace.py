"""Tests reading when a server wants to be asked again."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.networks.pace import asked_to_wait_until, used_up_until

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": " 30 "}, 30),
        ({"retry-after": "Sun, 22 Nov 2026 09:31:00 GMT"}, 60),
        ({"retry-after": "Sun, 22 Nov 2026 09:31:00"}, 60),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "Sun, 22 Nov 2020 09:31:00 GMT"}, 1),
        ({"retry-after": "99999999"}, 86_400),
        ({"retry-after": "9" * 400}, 86_400),
        ({"x-ratelimit-reset": "2026-11-22T09:35:00.000Z"}, 300),
        ({"x-ratelimit-reset": "2026-11-22T10:35:00+01:00"}, 300),
        ({"x-ratelimit-reset": "2035-01-01T00:00:00Z"}, 86_400),
        ({"ratelimit-reset": str(int(NOW.timestamp()) + 44)}, 44),
        ({"ratelimit-reset": "44"}, 44),
        ({"retry-after": "soon", "x-ratelimit-reset": "9"}, 9),
        ({"retry-after": "5", "x-ratelimit-reset": "900"}, 5),
    ],
)
def test_every_dialect_of_come_again_is_understood_and_bounded(headers: dict[str, str], seconds: int) -> None:
    assert asked_to_wait_until(headers, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "2026-13-01", "0001-01-01T00:00:00+23:00", "x" * 9000])
def test_what_is_no_time_is_none(text: str) -> None:
    assert asked_to_wait_until({"retry-after": text}, NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-22T09:30:10Z"}, 10),
        ({"ratelimit-remaining": " 0", "ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "12"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({}, None),
    ],
)
def test_an_allowance_is_used_up_at_zero(headers: dict[str, str], seconds: int | None) -> None:
    assert used_up_until(headers, NOW) == (None if seconds is None else NOW + timedelta(seconds=seconds))
