"""Tests the list of networks."""

from workers.networks.registry import networks


def test_each_network_is_there_under_its_own_name() -> None:
    known = networks("http://127.0.0.1:2584")
    assert set(known) == {"bluesky", "mastodon"}
    assert all(network.name == name and network.title for name, network in known.items())
