"""The table of dates for R23: one calendar month, ends of months, weekends, holidays by federal state, extensions."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import deadlines
from privacy.deadlines import STATES, ExtensionError


def day(text: str) -> date:
    return date.fromisoformat(text)


#: received, federal state, last day for the answer, why.
DATES = [
    ("2026-11-23", "BE", "2026-12-23", "one month later"),
    ("2025-01-31", "BE", "2025-02-28", "February has 28 days"),
    ("2028-01-31", "BE", "2028-02-29", "February has 29 days"),
    ("2028-01-30", "BE", "2028-02-29", "and no 30th either"),
    ("2026-01-31", "BE", "2026-03-02", "28 February 2026 is a Saturday, so Monday"),
    ("2026-03-31", "BE", "2026-04-30", "April has 30 days"),
    ("2026-05-31", "BE", "2026-06-30", "from the last day to the last day"),
    ("2026-08-31", "BE", "2026-09-30", "September has 30 days"),
    ("2026-12-31", "BE", "2027-02-01", "across the year; 31 January 2027 is a Sunday"),
    ("2026-06-12", "BE", "2026-07-13", "12 July 2026 is a Sunday"),
    ("2026-06-11", "BE", "2026-07-13", "11 July 2026 is a Saturday"),
    ("2026-11-25", "BE", "2026-12-28", "Christmas, Boxing Day, Sunday, so the 28th"),
    ("2026-11-24", "BE", "2026-12-24", "Christmas Eve is a working day"),
    ("2026-12-01", "BE", "2027-01-04", "New Year is a Friday, then a weekend"),
    ("2026-12-06", "BY", "2027-01-07", "Epiphany in Bavaria"),
    ("2026-12-06", "BE", "2027-01-06", "and not in Berlin"),
    ("2027-02-08", "BE", "2027-03-09", "Women's Day is a holiday in Berlin, the 8th is a Monday"),
    ("2027-02-08", "BY", "2027-03-08", "and none in Bavaria"),
    ("2026-03-03", "BE", "2026-04-07", "Good Friday, the weekend, Easter Monday"),
    ("2026-05-04", "NW", "2026-06-05", "Corpus Christi in North Rhine-Westphalia is a Thursday"),
    ("2026-05-04", "HH", "2026-06-04", "and no holiday in Hamburg"),
    ("2025-09-03", "HH", "2025-10-06", "German Unity Day, a Friday, then a weekend"),
    ("2027-10-01", "BW", "2027-11-02", "All Saints' Day is a Monday"),
    ("2027-10-01", "SN", "2027-11-01", "and none in Saxony"),
    ("2026-10-18", "SN", "2026-11-19", "Day of Repentance, in Saxony only"),
    ("2026-10-18", "TH", "2026-11-18", "and not in Thuringia"),
    ("2026-12-06", "", "2027-01-06", "without a state only what is a holiday everywhere: the earlier day"),
    ("2026-04-01", "", "2026-05-04", "1 May everywhere, a Friday"),
    ("2026-12-06", "nowhere", "2027-01-06", "a state that does not exist is none"),
]


@pytest.mark.parametrize(("received", "state", "last", "why"), DATES, ids=[f"{d[0]}-{d[1]}" for d in DATES])
def test_the_last_day_for_an_answer(received: str, state: str, last: str, why: str) -> None:
    assert deadlines.due(day(received), state) == day(last), why


#: received, months more, federal state, last day.
LONGER = [
    ("2026-11-23", 1, "BE", "2027-01-25"),
    ("2026-11-23", 2, "BE", "2027-02-23"),
    ("2025-11-30", 2, "BE", "2026-03-02"),
    ("2027-12-31", 1, "BE", "2028-02-29"),
    ("2027-12-31", 2, "BE", "2028-03-31"),
    ("2026-11-06", 1, "BY", "2027-01-07"),
]


@pytest.mark.parametrize(("received", "months", "state", "last"), LONGER)
def test_the_last_day_of_an_answer_that_takes_longer(received: str, months: int, state: str, last: str) -> None:
    assert deadlines.extended(day(received), months, day(received), state) == day(last)


def test_it_is_extended_on_the_first_last_day_and_not_after_it() -> None:
    assert deadlines.extended(day("2026-11-23"), 2, day("2026-12-23"), "BE") == day("2027-02-23")
    with pytest.raises(ExtensionError, match="over"):
        deadlines.extended(day("2026-11-23"), 2, day("2026-12-24"), "BE")


@pytest.mark.parametrize("months", [-1, 0, 3, 12])
def test_it_is_extended_by_one_or_two_months_and_no_others(months: int) -> None:
    with pytest.raises(ExtensionError, match="one or two"):
        deadlines.extended(day("2026-11-23"), months, day("2026-11-24"))


def test_it_is_extended_once() -> None:
    with pytest.raises(ExtensionError, match="before"):
        deadlines.extended(day("2026-11-23"), 1, day("2026-11-24"), already=True)


def test_a_day_is_the_one_in_germany() -> None:
    assert deadlines.day_of(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == day("2026-11-23")
    assert deadlines.day_of(datetime(2026, 6, 22, 22, 30, tzinfo=UTC)) == day("2026-06-23")
    assert deadlines.end_of(day("2026-11-22")) == datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC)
    assert deadlines.end_of(day("2026-06-22")) == datetime(2026, 6, 22, 21, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "left", "close", "overdue"),
    [
        ("2026-12-19", 4, False, False),
        ("2026-12-20", 3, True, False),
        ("2026-12-23", 0, True, False),
        ("2026-12-24", -1, True, True),
    ],
)
def test_the_clock_warns_three_days_before_and_runs_out_after_the_last_day(
    now: str, left: int, close: bool, overdue: bool
) -> None:
    clock = deadlines.clock(day("2026-12-23"), datetime.combine(day(now), datetime.min.time(), UTC))
    assert (clock.days_left, clock.close, clock.overdue) == (left, close, overdue)


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.sampled_from([*STATES, ""]))
def test_any_last_day_is_a_working_day_a_month_away(received: date, state: str) -> None:
    last = deadlines.due(received, state)
    assert last.weekday() < 5
    assert last == deadlines.working_day(last, state)
    assert 28 <= (last - received).days <= 31 + 5
