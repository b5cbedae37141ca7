"""The networks that this instance can read, by name."""

from workers.networks.bluesky import Bluesky
from workers.networks.mastodon import Mastodon
from workers.networks.shape import Network


def networks(appview: str) -> dict[str, Network]:
    """Every network by its name. `appview` is the origin of the Bluesky AppView to ask."""
    known: tuple[Network, ...] = (Bluesky(appview), Mastodon())
    return {network.name: network for network in known}
