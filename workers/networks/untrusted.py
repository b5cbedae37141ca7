"""Takes values out of answers that may be anything: what is not of the expected kind counts as absent.

Nothing here raises. Texts are cut, and freed of what no database or encoding takes.
"""

from datetime import UTC, datetime
from typing import TypeAlias

Record: TypeAlias = dict[str, object]
_LONGEST_TEXT = 20_000
_HIGHEST_COUNT = 10**12
_LONGEST_MOMENT = 40
_LONGEST_NUMBER = 13
# The year 2100.
_LATEST_SECOND = 4_102_444_800


def record(value: object) -> Record:
    """The JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[Record]:
    """The objects of a JSON list; what is no object is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object, longest: int = _LONGEST_TEXT) -> str:
    """The text without NUL and lone surrogates, at most `longest` characters; empty for what is none."""
    if not isinstance(value, str):
        return ""
    return value[:longest].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def count(value: object) -> int | None:
    """A number of things from 0 up; None for what is none (negative, a fraction, a text, absurdly high)."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _HIGHEST_COUNT
    return value if fits and isinstance(value, int) else None


def moment(value: object) -> datetime | None:
    """The moment of an ISO 8601 text, in UTC (which is assumed where no zone is said); None for what is none."""
    if not isinstance(value, str) or len(value) > _LONGEST_MOMENT:
        return None
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def quantity(value: object) -> int | None:
    """A number of things that may be written as a text of digits; None for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER:
        return count(int(value))
    return count(value)


def epoch(value: object) -> datetime | None:
    """The moment (UTC) of seconds since 1970, a number or a text of digits; None for what is none."""
    seconds = quantity(value) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _LATEST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def number(value: object) -> str:
    """A whole number above 0 that stands for something, as text; empty for what is none."""
    found = count(value)
    return str(found) if found else ""
