"""Who reacts on Bluesky, as the door needs to see them; descriptions that a list leaves out are looked up in bulk."""

import re
from collections.abc import Iterable

from workers.networks import untrusted
from workers.networks.door import Actor, carries_mark
from workers.networks.listing import Lists
from workers.networks.untrusted import Record
from workers.networks.xrpc import Xrpc

_DID = re.compile(r"did:[a-z]{2,10}:[A-Za-z0-9._:%-]{3,300}\Z")
_AT_ONCE = 25
_NO_LOGGED_OUT_VIEWERS = "!no-unauthenticated"


def is_opted_out(profile: Record) -> bool:
    """Whether an account asks, by a label, not to be shown to logged-out viewers. Damaged labels are taken as a yes."""
    labels = profile.get("labels")
    if labels is None:
        return False
    return not isinstance(labels, list) or any(_says_no(label) for label in labels)


def _says_no(label: object) -> bool:
    value = untrusted.record(label).get("val")
    return not isinstance(value, str) or (
        value == _NO_LOGGED_OUT_VIEWERS and untrusted.record(label).get("neg") is not True
    )


class Actors:
    """The reacting accounts of one run. Lists of people show descriptions, posts do not: those are asked for once."""

    def __init__(self, xrpc: Xrpc, lists: Lists, own_did: str) -> None:
        self._xrpc = xrpc
        self._lists = lists
        self._own_did = own_did
        self._closed = {own_did: True}

    def look_up(self, authors: list[Record]) -> bool:
        """Learns which of these authors carry a mark in their description; whether it could. Raises Failure."""
        dids = dict.fromkeys(_did(author) for author in authors)
        unknown = [did for did in dids if did and did not in self._closed]
        batches = (unknown[start : start + _AT_ONCE] for start in range(0, len(unknown), _AT_ONCE))
        return all(self._learned(batch) for batch in batches)

    def _learned(self, dids: list[str]) -> bool:
        listing = self._lists.read("profile", lambda _: (self._profiles(dids), None), _did)
        if listing.complete:
            shown = {_did(profile): profile for profile in listing.items}
            # Whoever is not shown any more is left out with those who do not want to be.
            self._closed |= {did: did not in shown or _is_closed(shown[did]) for did in dids}
        return listing.complete

    def _profiles(self, dids: list[str]) -> list[Record]:
        return self._xrpc.objects(self._xrpc.ask("app.bsky.actor.getProfiles", {"actors": dids}), "profiles")

    def actor(self, profile: Record) -> Actor:
        """The account in a list of people, which shows its description, ready for the door."""
        did = _did(profile)
        return Actor(did, did == self._own_did, _is_closed(profile), profile.get("createdAt"))

    def author(self, profile: Record) -> Actor:
        """The author of a post, ready for the door: closed as long as it has not been looked up."""
        did = _did(profile)
        closed = _is_closed(profile) or self._closed.get(did, True)
        return Actor(did, did == self._own_did, closed, profile.get("createdAt"))


def _is_closed(profile: Record) -> bool:
    return is_opted_out(profile) or carries_mark(untrusted.text(profile.get("description")))


def _did(profile: Record) -> str:
    did = untrusted.text(profile.get("did"), 320)
    return did if _DID.match(did) else ""


def shown(xrpc: Xrpc, dids: Iterable[str]) -> dict[str, Record]:
    """The profiles of accounts, as far as anybody may see them and they do not ask to be left alone. Raises Failure."""
    wanted = sorted(did for did in set(dids) if _DID.match(did))
    found: dict[str, Record] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        answer = xrpc.ask("app.bsky.actor.getProfiles", {"actors": wanted[start : start + _AT_ONCE]})
        found |= {_did(one): one for one in xrpc.objects(answer, "profiles") if not _is_closed(one)}
    return found
