"""Signals become columns of codes without losing anything, and columns that cannot be are refused."""

from datetime import date

import numpy as np
import pytest

from workers.scoring.signals import KINDS, LARGEST_COUNT, BadSignals, Signal, Signals

DAY = date(2026, 11, 1)


def labels(codes: np.ndarray, names: tuple[str, ...]) -> list[str | None]:
    return [names[code] if code >= 0 else None for code in codes]


def test_rows_become_columns_that_still_say_everything() -> None:
    signals = Signals.from_rows(
        [
            Signal("mastodon", "reply", DAY, "aa", 3, "balcony", "https://garten.example/1", ("birds", "bread")),
            Signal("bluesky", "like", date(1969, 12, 31), "bb", topics=("bread", "bread")),
            Signal("mastodon", "audience", DAY, count=7),
        ]
    )
    assert len(signals) == 3
    assert labels(signals.network, signals.networks) == ["mastodon", "bluesky", "mastodon"]
    assert labels(signals.kind, KINDS) == ["reply", "like", "audience"]
    assert signals.day.tolist() == [(DAY - date(1970, 1, 1)).days, -1, (DAY - date(1970, 1, 1)).days]
    assert labels(signals.actor, signals.actors) == ["aa", "bb", None]
    assert signals.count.tolist() == [3, 1, 7]
    assert labels(signals.account, signals.accounts) == ["balcony", None, None]
    assert labels(signals.post, signals.posts) == ["https://garten.example/1", None, None]
    topics = list(zip(signals.topic_row.tolist(), labels(signals.topic, signals.topics), strict=True))
    assert topics == [(0, "birds"), (0, "bread"), (1, "bread")], "a topic named twice is one topic"


def test_columns_left_out_are_absent_everywhere() -> None:
    signals = Signals.from_columns(network=["x"], kind=["like"], day=[DAY])
    assert (signals.actor[0], signals.account[0], signals.post[0], signals.count[0]) == (-1, -1, -1, 1)
    assert len(signals.topic) == 0


def test_no_signals_are_columns_of_length_nothing() -> None:
    assert len(Signals.from_rows([])) == 0


def test_an_unknown_kind_is_refused_and_its_signal_named() -> None:
    with pytest.raises(BadSignals, match=r"signals\[1\]: the kind 'lik\\xe9' is unknown; known are like, ") as caught:
        Signals.from_columns(network=["x", "x"], kind=["like", "liké"], day=[DAY, DAY])
    assert caught.value.index == 1


@pytest.mark.parametrize("count", [0, -5, LARGEST_COUNT + 1, 10**30, -(10**30)])
def test_an_impossible_count_is_refused_and_its_signal_named(count: int) -> None:
    with pytest.raises(BadSignals, match=r"signals\[1\]: the count must be from 1 to "):
        Signals.from_columns(network=["x", "x"], kind=["like", "like"], day=[DAY, DAY], count=[1, count])


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadSignals, match="not equally long") as caught:
        Signals.from_columns(network=["x", "x"], kind=["like"], day=[DAY])
    assert caught.value.index is None


@pytest.mark.parametrize(
    ("column", "code"),
    [("network", -1), ("network", 1), ("kind", len(KINDS)), ("actor", 0), ("account", -2), ("post", 5)],
)
def test_a_code_without_a_label_is_refused(column: str, code: int) -> None:
    with pytest.raises(BadSignals, match=rf"signals\[0\]: the {column} has no label"):
        raw(**{column: np.array([code])})


def test_a_topic_of_no_signal_is_refused() -> None:
    with pytest.raises(BadSignals, match=r"signals\[4\]: there is a topic for it, but no such signal"):
        raw(topic=np.array([0]), topic_row=np.array([4]), topics=("birds",))


def raw(**columns: object) -> Signals:
    """One like as narrow columns of numbers, the way a store keeps them."""
    absent = np.array([-1], dtype=np.int8)
    none = np.array([], dtype=np.int8)
    plain = {
        "network": np.array([0], dtype=np.int8),
        "networks": ("x",),
        "kind": np.array([0], dtype=np.int8),
        "day": np.array([20_000], dtype=np.int16),
        "actor": absent,
        "actors": (),
        "count": np.array([1], dtype=np.uint8),
        "account": absent,
        "accounts": (),
        "post": absent,
        "posts": (),
        "topic": none,
        "topic_row": none,
        "topics": (),
    }
    return Signals(**(plain | columns))
