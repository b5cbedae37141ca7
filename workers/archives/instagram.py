"""The archive of Instagram: only that of a professional account has, of each post, likes and comments received.

They lie in `logged_information/past_instagram_insights/posts.json` under labels in the language of the account; the
others have own posts without any number. Shares go to single people and are not public, so they do not count.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256

from workers.archives.found import Counted, RefusedError, Why, Window
from workers.archives.listed import objects
from workers.archives.packed import Packed
from workers.archives.x import number_of
from workers.networks import untrusted
from workers.networks.untrusted import Record

_INSIGHTS = r"(?:[^/]{1,100}/){0,3}past_instagram_insights/(?:posts|reels)(?:_[0-9]{1,3})?\.json"
_OURS = (
    r"(?:[^/]{1,100}/){0,2}(?:your_instagram_activity|past_instagram_insights|content|threads)/"
    r"(?:[^/]{1,100}/){0,2}(?:posts|reels|threads_and_replies|stories)[^/]{0,40}\.(?:json|html)"
)
_LABELS = {
    "likes": "like", "gefällt mir": "like", "„gefällt mir“-angaben": "like", "gefällt-mir-angaben": "like",
    "comments": "reply", "kommentare": "reply",
}  # fmt: skip
_MADE = ("creation timestamp", "zeitstempel der erstellung", "erstellungszeitstempel")


def is_one(packed: Packed) -> bool:
    """Is this an archive of Instagram (with Threads)?"""
    return bool(packed.names(_INSIGHTS) or packed.names(_OURS))


def read(packed: Packed, window: Window) -> Iterator[Counted]:
    """The counts of own posts in the window. Raises RefusedError."""
    names = packed.names(_INSIGHTS)
    if not names:
        html = all(name.endswith(".html") for name in packed.names(_OURS))
        raise RefusedError(Why.HTML if html else Why.NO_COUNTS)
    for name in names:
        for number, entry in enumerate(objects(packed.pieces(name))):
            yield from _counted(entry, f"{name}/{number}", window)


def _counted(entry: Record, place: str, window: Window) -> Iterator[Counted]:
    said = {label.strip().casefold(): untrusted.record(value) for label, value in _said(entry).items()}
    day = _day(entry, said)
    if day is None or not window.has(day):
        return
    # The archive has no address of a post: it gets a name of its own, which only tells it apart.
    post = f"instagram:{day.isoformat()}:{sha256(place.encode()).hexdigest()[:12]}"
    for label, kind in _LABELS.items():
        if count := number_of(said.get(label, {}).get("value")):
            yield Counted(post, day, kind, count)


def _said(entry: Record) -> Record:
    return untrusted.record(entry.get("string_map_data"))


def _day(entry: Record, said: dict[str, Record]) -> date | None:
    moments: list[object] = [said.get(label, {}).get("timestamp") for label in _MADE]
    moments += [
        untrusted.record(media).get("creation_timestamp")
        for media in untrusted.record(entry.get("media_map_data")).values()
    ]
    seconds = next((found for moment in moments if (found := untrusted.count(moment))), None)
    try:
        return datetime.fromtimestamp(seconds, UTC).date() if seconds else None
    except (OverflowError, ValueError, OSError):
        return None
