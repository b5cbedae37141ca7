"""Posts and reactions in ActivityStreams 2.0 (W3C Recommendation, 2017), as far as they fit: nobody is named in them.

https://www.w3.org/TR/activitystreams-core/ and https://www.w3.org/TR/activitystreams-vocabulary/
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

CONTEXT = "https://www.w3.org/ns/activitystreams"
#: What each kind of reaction is; mentions and links name the post that nobody kept, and fit as a plain activity.
_TYPES = {"like": "Like", "endorsement": "Like", "repost": "Announce", "reply": "Create", "quote": "Create"}


def activities(
    posts: Mapping[str, tuple[str, date]], signals: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The files: the posts (id to address and day), and the reactions to them without who reacted.

    Several reactions that are stored as one have their number in `totalItems`. Followers are no activities.
    """
    addresses = {id_: address for id_, (address, _) in posts.items()}
    notes = [
        {"type": "Note", "id": address, "url": address, "published": f"{day}T00:00:00Z"}
        for address, day in posts.values()
    ]
    reactions = [_activity(signal, addresses) for signal in signals if signal["kind"] != "audience"]
    return {
        "activitystreams/posts.json": _collection(notes),
        "activitystreams/reactions.json": _collection(reactions),
    }


def _collection(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "OrderedCollection",
        "totalItems": len(items),
        "orderedItems": items,
    }


def _activity(signal: Mapping[str, Any], addresses: Mapping[str, str]) -> dict[str, Any]:
    """One reaction. A reply and a quote are the making of a note that answers the post; its own address is not kept."""
    type_ = _TYPES.get(signal["kind"], "Activity")
    address = addresses.get(signal.get("post", ""))
    made: dict[str, Any] = {"type": type_, "published": f"{signal['day']}T00:00:00Z", "name": signal["kind"]}
    if type_ == "Create":
        made["object"] = {"type": "Note", "inReplyTo": address} if address else {"type": "Note"}
    elif address:
        made["object"] = address
    if signal["count"] > 1:
        made["result"] = {"type": "Collection", "totalItems": signal["count"]}
    return made
