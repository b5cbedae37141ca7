"""The networks that this instance can read, by name, each made ready with what it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.networks.bluesky import Bluesky
from workers.networks.facebook import Facebook
from workers.networks.failure import Failure, Reason
from workers.networks.flickr import Flickr
from workers.networks.instagram import Instagram
from workers.networks.mastodon import Mastodon
from workers.networks.shape import Network
from workers.networks.tumblr import Tumblr
from workers.networks.x import X
from workers.networks.youtube import YouTube


class Key:
    """The operator's key for one network, part by part. It never shows itself."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = parts

    def __getitem__(self, part: str) -> str:
        """One part. Raises Failure(SWITCHED_OFF) where the operator gave none."""
        value = self._parts.get(part, "")
        if not value:
            raise Failure(Reason.SWITCHED_OFF)
        return value


@dataclass(frozen=True)
class Given:
    """What an installation gives its networks: the Bluesky AppView to ask (an origin), the key of the one at hand."""

    appview: str
    key: Key = field(default_factory=lambda: Key({}), repr=False)


_MAKERS: Mapping[str, Callable[[Given], Network]] = {
    "bluesky": lambda given: Bluesky(given.appview),
    "facebook": lambda given: Facebook(given.key["token"]),
    "flickr": lambda given: Flickr(given.key["key"]),
    "instagram": lambda given: Instagram(given.key["account"], given.key["token"]),
    "mastodon": lambda _: Mastodon(),
    "tumblr": lambda given: Tumblr(given.key["key"]),
    "x": lambda given: X(given.key["token"]),
    "youtube": lambda given: YouTube(given.key["key"]),
}
NAMES = frozenset(_MAKERS)


def network(name: str, given: Given) -> Network:
    """A network by its name. Raises KeyError for an unknown one, Failure(SWITCHED_OFF) where its key is missing."""
    return _MAKERS[name](given)
