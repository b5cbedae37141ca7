"""What people can bring from LinkedIn: the analytics table, since the archive has only reactions that they gave.

The ordinary archive (Settings, Get a copy of your data) has `Reactions.csv` and `Comments.csv`: what the person gave,
and `Shares.csv`: own posts without any number. What was received is in the table that *Post impressions*, *Export* has
(`Content_….xlsx`, sheet TOP POSTS: address, day, engagements) and in that of one post (`PostAnalytics_….xlsx`).
Engagements are reactions, comments and reposts together (https://www.linkedin.com/help/linkedin/answer/a516971): they
count as the lightest kind, likes. Impressions are no reactions.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from workers.archives import sheet
from workers.archives.found import Counted, RefusedError, Why, Window
from workers.archives.packed import Packed
from workers.archives.x import number_of

_GIVEN = r"(?:[^/]{1,100}/)?(?:Reactions|Comments|Shares|Connections|Profile|Invitations)\.csv"
_ADDRESS = re.compile(r"https://(?:www\.)?linkedin\.com/(?:feed/update|posts|pulse)/[\w%:.\-~/]{1,300}")
_ENGAGEMENTS = frozenset({"engagements", "engagement", "interaktionen"})
_ROWS = {
    "reactions": "like", "reaktionen": "like", "comments": "reply", "kommentare": "reply", "reposts": "repost",
    "geteilte beiträge": "repost",
}  # fmt: skip
_DAYS = (
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)",
    r"(?P<m>\d\d?)/(?P<d>\d\d?)/(?P<y>\d{4})",
    r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})",
)
_MONTHS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y")
#: Spreadsheets count days from here (ECMA-376, 18.17.4.1).
_FIRST = date(1899, 12, 30)


def is_one(packed: Packed) -> bool:
    """Is this an archive or a table of LinkedIn?"""
    return bool(packed.names(sheet.BOOK) or packed.names(_GIVEN))


def read(packed: Packed, window: Window) -> Iterator[Counted]:
    """The counts of own posts in the window. Raises RefusedError."""
    if not packed.names(sheet.BOOK):
        raise RefusedError(Why.ONLY_GIVEN)
    known = False
    for rows in sheet.sheets(packed):
        columns = _columns(rows)
        known |= columns is not None or _is_one_post(rows)
        found = _listed(rows, columns) if columns else _of_one_post(rows)
        yield from (one for one in found if window.has(one.day))
    if not known:
        raise RefusedError(Why.OTHER)


def _columns(rows: list[list[str]]) -> tuple[int, int] | None:
    """The row that has the headings, and the column of the engagements; address and day stand left of it."""
    for number, row in enumerate(rows[:20]):
        for column, text in enumerate(row):
            if column > 1 and text.strip().casefold() in _ENGAGEMENTS:
                return number, column
    return None


def _listed(rows: list[list[str]], columns: tuple[int, int]) -> Iterator[Counted]:
    heads, column = columns
    for row in rows[heads + 1 :]:
        if len(row) <= column:
            continue
        address, day, count = _ADDRESS.fullmatch(row[column - 2].strip()), _day(row[column - 1]), number_of(row[column])
        if address and day and count:
            yield Counted(address[0], day, "like", count)


def _is_one_post(rows: list[list[str]]) -> bool:
    return any(_ADDRESS.fullmatch(text.strip()) for row in rows for text in row) and _first_day(rows) is not None


def _of_one_post(rows: list[list[str]]) -> Iterator[Counted]:
    """The table of one post: a name and its value in each row."""
    address = next((found[0] for row in rows for text in row if (found := _ADDRESS.fullmatch(text.strip()))), None)
    day = _first_day(rows)
    if address is None or day is None:
        return
    for row in rows:
        kind = _ROWS.get(row[0].strip().casefold()) if len(row) > 1 else None
        if kind and (count := number_of(row[1])):
            yield Counted(address, day, kind, count)


def _first_day(rows: list[list[str]]) -> date | None:
    heads = ("post date", "post publish date", "datum des beitrags")
    said = (row[1] for row in rows if len(row) > 1 and row[0].strip().casefold() in heads)
    return next((day for text in said if (day := _day(text))), None)


def _day(said: str) -> date | None:
    """A day as these tables write it: with slashes the month first, with points the day first, or a count of days."""
    text = said.strip()[:40]
    try:
        for shape in _DAYS:
            if found := re.fullmatch(shape, text, re.ASCII):
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
        if re.fullmatch(r"\d{5}(?:\.\d+)?", text, re.ASCII):
            return _FIRST + timedelta(days=int(text[:5]))
    except ValueError:
        return None
    for shape in _MONTHS:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None
