"""The archive of X: `data/tweets.js` has, of each own post, how often it was liked and reposted.

Shape: https://help.x.com/en/managing-your-account/how-to-download-your-x-archive and its README.txt. Numbers are texts.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from workers.archives.found import Counted, RefusedError, Why, Window
from workers.archives.listed import objects
from workers.archives.packed import Packed
from workers.networks import untrusted
from workers.networks.untrusted import Record

_TWEETS = r"(?:[^/]{1,100}/)?data/tweets?(?:-part[0-9]{1,3})?\.js"
_PROTECTED = r"(?:[^/]{1,100}/)?data/protected-history\.js"
_OURS = r"(?:[^/]{1,100}/)?data/(?:account|manifest)\.js"
_KINDS = {"favorite_count": "like", "retweet_count": "repost"}
_LONGEST_ID = 20
#: A post of somebody else, passed on: its numbers are theirs.
_PASSED_ON = "RT @"


def is_one(packed: Packed) -> bool:
    """Is this an archive of X?"""
    return bool(packed.names(_TWEETS) or packed.names(_OURS))


def read(packed: Packed, window: Window) -> Iterator[Counted]:
    """The counts of own posts in the window. Raises RefusedError."""
    if _is_protected(packed):
        raise RefusedError(Why.NOT_PUBLIC)
    for name in packed.names(_TWEETS):
        for entry in objects(packed.pieces(name)):
            yield from _counted(untrusted.record(entry.get("tweet", entry)), window)


def _counted(tweet: Record, window: Window) -> Iterator[Counted]:
    day = _day(untrusted.text(tweet.get("created_at"), 60))
    number = untrusted.text(tweet.get("id_str") or tweet.get("id"), 60)
    sound = number.isascii() and number.isdecimal() and len(number) <= _LONGEST_ID
    if day is None or not window.has(day) or not sound:
        return
    if untrusted.text(tweet.get("full_text"), len(_PASSED_ON)) == _PASSED_ON:
        return
    for field, kind in _KINDS.items():
        if count := number_of(tweet.get(field)):
            yield Counted(f"https://x.com/i/status/{number}", day, kind, count)


def number_of(value: object) -> int:
    """A number of things, perhaps a text with commas or points between the thousands; 0 for what is none."""
    if isinstance(value, str):
        digits = value.strip().replace(",", "").replace(".", "").replace("\u202f", "").replace("\xa0", "")
        value = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 12 else None  # noqa: PLR2004
    return untrusted.count(value) or 0


def _day(said: str) -> date | None:
    """`Wed Nov 11 10:00:00 +0000 2026` as a day (UTC)."""
    try:
        return datetime.strptime(said, "%a %b %d %H:%M:%S %z %Y").astimezone(UTC).date()
    except (ValueError, OverflowError):
        moment = untrusted.moment(said)
        return moment.date() if moment else None


def _is_protected(packed: Packed) -> bool:
    """Was the account protected the last time that this was changed?"""
    changes = []
    for name in packed.names(_PROTECTED):
        for entry in objects(packed.pieces(name)):
            change = untrusted.record(entry.get("protectedHistory"))
            changes.append((untrusted.text(change.get("protectedAt"), 40), untrusted.text(change.get("action"), 20)))
    return bool(changes) and max(changes)[1].casefold() == "protect"
