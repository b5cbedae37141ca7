"""How scores, points and times of day are written, in one rule for pages, pictures and mails.

A score by itself has one decimal. Points, and scores in a sum or beside points, have two, so that sums come out.
Others than the person get whole points.
"""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from babel.dates import format_datetime, get_timezone_name
from babel.numbers import format_decimal, parse_pattern

from privacy.deadlines import ZONE

#: Every number that is added up has so many decimals.
_CENT = Decimal("0.01")
_MEGABYTE = 1_000_000
_SCORE, _POINTS = parse_pattern("0.0"), parse_pattern("0.00")


def score(value: float, locale: str) -> str:
    """A score that stands by itself."""
    return str(format_decimal(value, _SCORE, locale=locale))


def points(value: float | Decimal, locale: str) -> str:
    """Points, a difference of scores, or a score that is added up or compared."""
    return str(format_decimal(value, _POINTS, locale=locale))


def cents(value: float) -> Decimal:
    """Points as `points` writes them, to be added up."""
    return Decimal(repr(float(value))).quantize(_CENT, ROUND_HALF_EVEN)


def whole(value: float) -> int:
    """A score as others get it, in whole points."""
    return round(value)


def size(number: int, locale: str) -> str:
    """How large a file of so many bytes is, in kB or MB of a thousand each."""
    unit, of = ("MB", _MEGABYTE) if number >= _MEGABYTE else ("kB", 1_000)
    return f"{format_decimal(number / of, '#,##0.0', locale=locale)} {unit}"


def clock(moment: datetime, locale: str, width: str = "short") -> str:
    """Day and time as clocks show them where the organisation sits, with the name of their zone."""
    there = moment.astimezone(ZONE)
    return f"{format_datetime(there, width, locale=locale)} {get_timezone_name(there, 'short', locale=locale)}"
