"""Tests the list of networks."""

import pytest

from workers.networks.failure import Failure, Reason
from workers.networks.registry import NAMES, Given, Key, network

GIVEN = Given("http://127.0.0.1:2584", Key({}))


def test_each_network_that_needs_nothing_is_there_under_its_own_name() -> None:
    assert {"bluesky", "mastodon"} <= NAMES
    assert network("mastodon", GIVEN).name == "mastodon"


def test_a_network_of_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        network("klatsch", GIVEN)


@pytest.mark.parametrize("parts", [{}, {"token": ""}, {"other": "x"}])
def test_a_key_without_the_part_that_is_needed_is_a_network_that_is_switched_off(parts: dict[str, str]) -> None:
    with pytest.raises(Failure) as failure:
        Key(parts)["token"]
    assert failure.value.reason == Reason.SWITCHED_OFF


def test_a_key_shows_itself_nowhere() -> None:
    key = Key({"token": "geheim-123"})
    assert key["token"] == "geheim-123"
    assert "geheim" not in f"{key!r}{key!s}{Given('http://127.0.0.1', key)!r}"
