"""What the firehose says about participants, turned into readings: each post and each reacting account is looked at.

The firehose says who did what to which post and nothing else: whether the post is public and how old the account is
that reacted, the AppView knows. What it does not show (yet) is left to the daily reading.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from workers.networks.bluesky import shown_posts
from workers.networks.bluesky_actors import shown
from workers.networks.client import Client
from workers.networks.door import Actor, admitted, joined
from workers.networks.firehose import Happened, What
from workers.networks.shape import Reaction, Reading
from workers.networks.xrpc import Xrpc

#: What is a reaction, and not something about an account or a post itself.
REACTIONS = frozenset({What.LIKE, What.REPOST, What.REPLY, What.QUOTE})


def readings(client: Client, appview: str, happened: Iterable[Happened], since: date) -> dict[str, list[Reading]]:
    """Readings (none of them complete) of posts from `since` on, by the DID of the participant. Raises `Failure`."""
    xrpc = Xrpc(client, appview)
    reactions = [one for one in happened if one.what in REACTIONS]
    posts = shown_posts(xrpc, ((one.did, one.post) for one in reactions), since)
    known = [one for one in reactions if (one.did, one.post) in posts]
    profiles = shown(xrpc, (one.actor for one in known))
    found: dict[tuple[str, str], list[Reaction]] = defaultdict(list)
    for one in known:
        profile = profiles.get(one.actor)
        if profile is not None:
            actor = Actor(one.actor, own=False, closed=False, created=profile.get("createdAt"))
            reaction = admitted(one.what.value, actor, posts[one.did, one.post].day, xrpc.today())
            found[one.did, one.post] += [reaction] if reaction else []
    by_person: dict[str, list[Reading]] = defaultdict(list)
    for named, given in found.items():
        if given:
            by_person[named[0]].append(Reading(posts[named], joined(given), frozenset()))
    return by_person
