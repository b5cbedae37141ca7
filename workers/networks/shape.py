"""What a network is to us: how it finds an account, shows public posts with their public reactions, and fails.

Nothing here names a database, a job or a person: a network turns public answers into the values below, and whoever
calls it turns those into signals. The stable ids of reacting accounts live in these values only, in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Protocol

from workers.networks.client import Client
from workers.networks.failure import Failure, Reason

__all__ = ["Cost", "Failure", "Network", "Page", "Post", "Profile", "Reaction", "Reading", "Reason"]


@dataclass(frozen=True)
class Profile:
    """A public profile. `remote_id` is the network's stable id (a DID, or host and id), `address` its page."""

    remote_id: str
    handle: str
    host: str
    address: str
    bio: str
    links: tuple[str, ...] = ()
    """Addresses that the profile links to as its own (`rel="me"` or profile fields)."""
    followers: int | None = None
    domain: str = ""
    """The host (and port) that the account is, where it is a whole one: a blog's, a handle on Bluesky."""
    actor_id: str = ""
    """The id under which this account appears as `Reaction.actor_id` on the same network, to know a participant by."""


@dataclass(frozen=True)
class Post:
    """A public post of the participant. `text` is read in memory and dropped (R10)."""

    address: str
    day: date
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class Reaction:
    """A public reaction of somebody else to a post, already let through the network's door.

    `actor_id` is the network's stable id of who reacted (None where only a count is public); `day` is UTC, None where
    the network does not tell it; `count` is how often (replies and quotes on one day), or the whole public count.
    """

    kind: str
    actor_id: str | None = field(repr=False)
    day: date | None
    count: int = 1


@dataclass(frozen=True)
class Reading:
    """One post with the reactions found. `complete` names the kinds whose public list was read to its end."""

    post: Post
    reactions: tuple[Reaction, ...]
    complete: frozenset[str]
    same: frozenset[str] = frozenset()
    """Kinds whose list has not changed since it was last read, so that it was not read again."""
    unlisted: int = 0
    """How many reactions the network counts beyond those that its lists show: of closed accounts, or lost by it."""


@dataclass(frozen=True)
class Page:
    """Some readings (one, or none at the very end), and where to go on if the run ends here.

    `resume` is opaque; it is None on the last page only, so a run that saw None has read everything there was.
    """

    readings: tuple[Reading, ...]
    resume: str | None
    unchanged: bool = False
    """The network says that there is nothing but what was read last time, and that all of it is still there."""


@dataclass(frozen=True)
class Cost:
    """How many requests a reading takes at most where each list fits on one page: `once`, and for each post."""

    once: int
    each: float

    def of(self, posts: int) -> int:
        """Requests for so many posts, rounded up."""
        return self.once + ceil(posts * self.each)


class Network(Protocol):
    """A network: one file, one class. Every method may raise `Failure` and nothing else.

    What people read about it (title, operator, what is taken) stands in `workers/catalogue/<name>.toml`.
    """

    name: str
    """The name in signals and addresses: `bluesky`, `mastodon`."""
    needs: tuple[str, ...]
    """The parts of the operator's key, as the catalogue names them; empty where everybody may ask."""
    proofs: frozenset[str]
    """How an account can be proven: `bio`, `rel_me`, `post`, `file`, `dns` (see `proof`)."""
    cost: Cost

    def find(self, client: Client, address: str) -> Profile:
        """The public profile for what a person typed: a handle, an address of a profile, or a stable id."""

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The public profile of an account known by its stable id, with the count of followers of now."""

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Texts of the newest public posts (at most 20), to look for a code in them; not stored."""

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The account's own public posts from `since` (UTC) on, newest first, with their public reactions."""

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given posts that are no longer public at their source (R13)."""
