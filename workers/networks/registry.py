"""The networks that this instance can read, by name, each made ready with what it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.networks.bluesky import Bluesky
from workers.networks.failure import Failure, Reason
from workers.networks.mastodon import Mastodon
from workers.networks.shape import Network


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
    "mastodon": lambda _: Mastodon(),
}
NAMES = frozenset(_MAKERS)


def network(name: str, given: Given) -> Network:
    """A network by its name. Raises KeyError for an unknown one, Failure(SWITCHED_OFF) where its key is missing."""
    return _MAKERS[name](given)
