"""The short run of damaged answers; the long one is `bin/test --fuzz`."""

import pytest

from tests.workers.networks.contract.fuzz import run
from workers.networks.registry import NAMES


@pytest.mark.slow
def test_two_thousand_damaged_answers_crash_nothing_and_give_no_wrong_signal() -> None:
    figures = run(2_000, seed=7)
    assert figures.damaged >= 2_000
    assert set(figures.by_network) == NAMES
    assert figures.readings > 100
    assert figures.crashes == []
    assert figures.wrong == []


def test_the_same_seed_gives_the_same_figures() -> None:
    first, second = run(50, seed=3), run(50, seed=3)
    first.seconds = second.seconds = 0.0
    assert first == second
    assert "0 crashes, 0 wrong signals" in first.line()
