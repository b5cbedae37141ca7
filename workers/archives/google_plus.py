"""The archive of Google+, which closed on 2 April 2019: recognised, so that it can be said why it gives no points."""

from collections.abc import Iterator

from workers.archives.found import Counted, RefusedError, Why, Window
from workers.archives.packed import Packed

#: Takeout names its folders in the language of the account; the name of the product stays.
_OURS = r"(?:[^/]{1,100}/){0,3}[^/]{0,60}(?:Google\+|Google Plus)[^/]{0,60}(?:/.{0,400})?"


def is_one(packed: Packed) -> bool:
    """Is this a Takeout with Google+ in it?"""
    return bool(packed.names(_OURS))


def read(_packed: Packed, _window: Window) -> Iterator[Counted]:
    """Nothing: everything in it is older than any window. Raises RefusedError(TOO_OLD)."""
    raise RefusedError(Why.TOO_OLD)
