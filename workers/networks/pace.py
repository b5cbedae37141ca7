"""When a server wants to be asked again, read from its headers in the dialects that networks speak."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(days=1)
# A number above this is a moment (seconds since 1970), below it a number of seconds from now.
_EPOCH_FROM = 1_000_000_000
# Some networks count requests with a decimal point.
_NOTHING = re.compile(r"0+(?:\.0*)?")
_ALLOWANCES = ("x-ratelimit", "ratelimit", "x-rate-limit")


def asked_to_wait_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The moment that a refusal names: `Retry-After`, else the reset of the allowance; at most a day away."""
    names = ["retry-after", *(f"{name}-reset" for name in _ALLOWANCES)]
    return next((moment for name in names if (moment := _moment(headers.get(name, ""), now))), None)


def used_up_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the allowance begins anew, if this answer says that nothing of it is left; None otherwise."""
    for name in _ALLOWANCES:
        if _NOTHING.fullmatch(headers.get(f"{name}-remaining", "").strip()):
            return _moment(headers.get(f"{name}-reset", ""), now)
    return None


def is_spent(headers: Mapping[str, str]) -> bool:
    """Whether an answer says that nothing of the allowance is left."""
    return any(_NOTHING.fullmatch(headers.get(f"{name}-remaining", "").strip()) for name in _ALLOWANCES)


def _moment(text: str, now: datetime) -> datetime | None:
    moment = _number(text.strip(), now) if text.strip().isdecimal() else _date(text.strip())
    return moment and min(max(moment, now + _SHORTEST), now + _LONGEST)


def _number(text: str, now: datetime) -> datetime:
    value = int(text[:15])
    if value < _EPOCH_FROM:
        return now + timedelta(seconds=min(value, _LONGEST.total_seconds()))
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return now + _LONGEST


def _date(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
