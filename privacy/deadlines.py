"""Until when a request has to be answered (Art. 12(3)): a month, counted as Regulation 1182/71 counts, in Germany.

Pure: days in, days out. The day on which a request arrives is the organisation's day, not the one in UTC.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

#: Where the organisations sit whose holidays we know.
ZONE = ZoneInfo("Europe/Berlin")
#: The federal states and their names; the key is the organisation's fact `state`.
STATES = {
    "BW": "Baden-Württemberg",
    "BY": "Bayern",
    "BE": "Berlin",
    "BB": "Brandenburg",
    "HB": "Bremen",
    "HH": "Hamburg",
    "HE": "Hessen",
    "MV": "Mecklenburg-Vorpommern",
    "NI": "Niedersachsen",
    "NW": "Nordrhein-Westfalen",
    "RP": "Rheinland-Pfalz",
    "SL": "Saarland",
    "SN": "Sachsen",
    "ST": "Sachsen-Anhalt",
    "SH": "Schleswig-Holstein",
    "TH": "Thüringen",
}
#: The officer is reminded so many days before the last one.
WARN_DAYS = 3
MOST_MONTHS_MORE = 2
_SATURDAY = 5


class ExtensionError(ValueError):
    """It cannot take longer: too late to say so, longer than the law allows, or a second time."""


@dataclass(frozen=True)
class Clock:
    """How a request stands in time."""

    due_on: date
    days_left: int
    """Until the end of the last day; negative when it is over."""

    @property
    def overdue(self) -> bool:
        """Is the last day over?"""
        return self.days_left < 0

    @property
    def close(self) -> bool:
        """Is it time to be reminded, or past it?"""
        return self.days_left <= WARN_DAYS


def day_of(moment: datetime) -> date:
    """The day of a moment where the organisation sits."""
    return moment.astimezone(ZONE).date()


def due(received: date, state: str = "") -> date:
    """The last day for the answer: one month later, and if nobody works on that day, the next on which they do."""
    return working_day(months_later(received, 1), state)


def extended(received: date, months: int, today: date, state: str = "", *, already: bool = False) -> date:
    """The last day of an answer that takes one or two months more. Raises `ExtensionError`.

    The person has to be told within the first month (Art. 12(3), third sentence), so it is refused after it.
    """
    if already:
        raise ExtensionError("it was extended before")
    if not 1 <= months <= MOST_MONTHS_MORE:
        raise ExtensionError("one or two months more, the law allows no others")
    if today > due(received, state):
        raise ExtensionError("the first month is over")
    return working_day(months_later(received, 1 + months), state)


def clock(due_on: date, now: datetime) -> Clock:
    """How far away the last day is."""
    return Clock(due_on, (due_on - day_of(now)).days)


def months_later(day: date, months: int) -> date:
    """The same day so many months later; where the month has no such day, its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def working_day(day: date, state: str = "") -> date:
    """This day, or the next that is no Saturday, Sunday or public holiday there."""
    while day.weekday() >= _SATURDAY or day in _holidays(state):
        day += timedelta(days=1)
    return day


def end_of(day: date) -> datetime:
    """The last second of a day where the organisation sits (UTC): there and in UTC it is of this day."""
    return datetime.combine(day, time(23, 59, 59), ZONE).astimezone(UTC)


@cache
def _holidays(state: str) -> HolidayBase:
    """Public holidays of a federal state; without one, those of all of Germany: the earlier date is the safe one."""
    return country_holidays("DE", subdiv=state if state in STATES else None)
