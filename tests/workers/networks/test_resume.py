"""Tests remembering where a run stopped."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.networks.failure import Failure, Reason
from workers.networks.resume import Place, opened, place, rest
from workers.networks.untrusted import Record


@given(st.none() | st.text(max_size=50), st.text(max_size=50))
def test_a_place_is_read_as_it_was_written(cursor: str | None, after: str) -> None:
    assert place(str(Place(cursor, after))) == Place(cursor, after)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "x",
        "1",
        "null",
        "[]",
        "[1, 2]",
        '["a"]',
        '["a", null]',
        "{}",
        "[" * 5000,
        '["' + "a" * 3000 + '", ""]',
    ],
)
def test_what_is_no_place_is_the_start(text: str | None) -> None:
    assert place(text) == Place(None, "")


def test_the_rest_follows_the_last_one_or_is_everything() -> None:
    assert rest(["c", "b", "a"], "b") == ["a"]
    assert rest(["c", "b", "a"], "a") == []
    assert rest(["c", "b", "a"], "x") == ["c", "b", "a"]
    assert rest([], "") == []


def feed_without(lost: str, reason: Reason) -> Callable[[str | None], tuple[list[Record], str | None]]:
    def feed(cursor: str | None) -> tuple[list[Record], str | None]:
        if cursor == lost:
            raise Failure(reason)
        return [{"cursor": cursor}], None

    return feed


def test_a_place_that_the_server_knows_is_opened() -> None:
    feed = feed_without("lost", Reason.GONE)
    assert opened(feed, Place("known", "x")) == ([{"cursor": "known"}], None, Place("known", "x"))


@pytest.mark.parametrize("reason", [Reason.GONE, Reason.UNREACHABLE, Reason.NOT_UNDERSTOOD])
def test_a_place_that_the_server_has_lost_is_the_start(reason: Reason) -> None:
    assert opened(feed_without("lost", reason), Place("lost", "x")) == ([{"cursor": None}], None, Place())


@pytest.mark.parametrize("reason", [Reason.RATE_LIMITED, Reason.REFUSED_ADDRESS])
def test_a_refusal_is_no_loss(reason: Reason) -> None:
    with pytest.raises(Failure):
        opened(feed_without("lost", reason), Place("lost", "x"))
