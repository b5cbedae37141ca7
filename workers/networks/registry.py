"""The networks that this instance can read, by name, each made ready with what it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.networks.blog import Blog
from workers.networks.bluesky import Bluesky
from workers.networks.facebook import Facebook
from workers.networks.failure import Failure, Reason
from workers.networks.flickr import Flickr
from workers.networks.github import GitHub
from workers.networks.hacker_news import HackerNews
from workers.networks.instagram import Instagram
from workers.networks.lemmy import Lemmy
from workers.networks.mastodon import Mastodon
from workers.networks.peertube import PeerTube
from workers.networks.reddit import Reddit
from workers.networks.shape import Network
from workers.networks.stack_exchange import StackExchange
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
    "blog": lambda _: Blog(),
    "bluesky": lambda given: Bluesky(given.appview),
    "facebook": lambda given: Facebook(given.key["token"]),
    "flickr": lambda given: Flickr(given.key["key"]),
    "github": lambda given: GitHub(given.key["token"]),
    "hacker_news": lambda _: HackerNews(),
    "instagram": lambda given: Instagram(given.key["account"], given.key["token"]),
    "lemmy": lambda _: Lemmy(),
    "mastodon": lambda _: Mastodon(),
    "peertube": lambda _: PeerTube(),
    "reddit": lambda given: Reddit(given.key["client_id"], given.key["client_secret"]),
    "stack_exchange": lambda _: StackExchange(),
    "tumblr": lambda given: Tumblr(given.key["key"]),
    "x": lambda given: X(given.key["token"]),
    "youtube": lambda given: YouTube(given.key["key"]),
}
NAMES = frozenset(_MAKERS)


def network(name: str, given: Given) -> Network:
    """A network by its name. Raises KeyError for an unknown one, Failure(SWITCHED_OFF) where its key is missing."""
    return _MAKERS[name](given)
