"""Charts: Vega-Lite specifications of a score's history and its shares, drawn as SVG on the server.

They stand in pages as pictures, so a phone gets a smaller drawing and not a shrunken one, and a dark page a dark one.
Everything is readable without colour: bars bear their numbers, the line has one colour only.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from threading import Thread
from typing import Any

import vl_convert
from babel import Locale
from babel.core import get_global
from babel.numbers import format_percent

from server.services import figures

Spec = dict[str, Any]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
#: How d3 writes a day of a year on an axis, where it is not the number and the month.
_DAYS = {"de": "%-d. %b"}
_DAY = "%-d %b"
_MONTHS = "%b %y"
#: Days from which on an axis shows months and years.
_LONG = 300
#: Days that a history shows at least, so that the first days do not look like a landslide.
_SHORT = 14


@dataclass(frozen=True)
class Colours:
    """The colours of a theme: the same as in klarwert.css."""

    ink: str
    muted: str
    line: str
    accent: str
    paper: str


THEMES = {
    "light": Colours(ink="#182224", muted="#52605f", line="#d5dbd5", accent="#0b6464", paper="#ffffff"),
    "dark": Colours(ink="#e9efed", muted="#a9b7b5", line="#2f3c3e", accent="#74d3ca", paper="#182123"),
}


@dataclass(frozen=True)
class Look:
    """For whom a chart is drawn."""

    theme: str
    """A name in `THEMES`."""
    language: str
    small: bool
    """For a phone."""

    @property
    def colours(self) -> Colours:
        """Colours of the theme."""
        return THEMES[self.theme]

    @property
    def width(self) -> int:
        """Pixels of the whole drawing."""
        return 340 if self.small else 940


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: what it is, and its points."""

    label: str
    points: float


def history(
    scores: Sequence[tuple[date, float, bool]], look: Look, title: str, marks: Sequence[tuple[date, str]] = ()
) -> Spec:
    """A line of daily scores (day, score, preliminary?), oldest first, at least one; days without a score are gaps.

    The newest one bears its number; while it is preliminary its point is hollow. `title` names the unit of the axis.
    `marks` are days with a sign each (a number that a list beside the chart explains).
    """
    days = {day: score for day, score, _ in scores}
    first, (last, newest, preliminary) = scores[0][0], scores[-1]
    values = [
        {"day": day.isoformat(), "score": days.get(day)}
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
    ]
    start = min(first, last - timedelta(days=_SHORT - 1))
    end = {"day": last.isoformat(), "score": newest, "text": figures.score(newest, look.language)}
    form = _MONTHS if (last - start).days > _LONG else _DAYS.get(look.language, _DAY)
    x = {
        "field": "day",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc", "domain": [_moment(start), _moment(last)]},
        "axis": {"format": form, "tickCount": 3 if look.small else 8},
    }
    y = {
        "field": "score",
        "type": "quantitative",
        "title": title,
        "scale": {"domain": list(_span(list(days.values()))), "zero": False, "nice": False},
        "axis": {"tickCount": 5, "grid": True},
    }
    ring = {"fill": look.colours.paper if preliminary else look.colours.accent, "stroke": look.colours.accent}
    layers = [
        {"data": {"values": values}, "mark": {"type": "line", "strokeWidth": 2.5, "strokeJoin": "round"}},
        {"data": {"values": _lonely(values)}, "mark": {"type": "circle", "size": 24, "opacity": 1}},
        {"data": {"values": [end]}, "mark": {"type": "point", "size": 70, "strokeWidth": 2.5, "opacity": 1, **ring}},
        {
            "data": {"values": [end]},
            "mark": {"type": "text", "align": "left", "dx": 10, "fontSize": 17, "fontWeight": "bold"},
            "encoding": {"text": {"field": "text"}},
        },
    ]
    layers += _marks([mark for mark in marks if first <= mark[0] <= last])
    return _spec(look, 230 if look.small else 300, {"encoding": {"x": x, "y": y}, "layer": layers}, right=52)


def bars(rows: Sequence[Bar], look: Look) -> Spec:
    """Bars from left to right, in the order given; each has its name above and its points and share behind it."""
    whole = sum(row.points for row in rows) or 1.0
    values = [{"label": row.label, "points": row.points, "text": _share(row.points, whole, look)} for row in rows]
    most = max((row.points for row in rows), default=1.0) or 1.0
    # Room for the number behind the longest bar.
    scale = {"domain": [0, most * (1.5 if look.small else 1.2)]}
    x = {"field": "points", "type": "quantitative", "scale": scale, "axis": None}
    y = {"field": "label", "type": "nominal", "sort": None, "axis": None}
    name = {"type": "text", "align": "left", "x": 0, "dx": 1, "yOffset": -11}
    layers = [
        {"mark": {"type": "bar", "cornerRadius": 3, "height": 14, "yOffset": 7}},
        {"mark": name, "encoding": {"text": {"field": "label"}, "x": {"value": 0}}},
        {
            "mark": {"type": "text", "align": "left", "dx": 8, "yOffset": 7},
            "encoding": {"text": {"field": "text"}},
        },
    ]
    body = {"data": {"values": values}, "encoding": {"x": x, "y": y}, "layer": layers}
    return _spec(look, bars_height(len(rows)), body)


def bars_height(rows: int) -> int:
    """Height in pixels of a chart of so many bars."""
    return 50 * max(rows, 1) + 8


def digest(spec: Spec, language: str) -> str:
    """What the drawing depends on, as 32 hex digits: the same digest means the same picture."""
    text = json.dumps([spec, language, version("vl-convert-python")], sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:32]


def draw(spec: Spec, language: str) -> str:
    """The SVG. Takes about 40 ms, the first one in a process half a second (`warm`); safe from several threads.

    Never before a fork: the engine behind it (V8) lives in a thread that a child would not have.
    """
    numbers, days = _d3(language)
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[], format_locale=numbers, time_format_locale=days))


@cache
def _d3(language: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """How d3 writes numbers and days as in the likeliest country of a language; English where it does not know it."""
    country = Locale.parse(get_global("likely_subtags").get(language, "en_Latn_US")).territory
    name: Any = f"{language}-{country}"
    try:
        return vl_convert.get_format_locale(name), vl_convert.get_time_format_locale(name)
    except ValueError:
        return _d3("en")


def warm() -> Thread:
    """Starts the drawing engine in a thread of its own, so that nobody waits for it."""
    look = Look("light", "en", small=True)
    thread = Thread(target=draw, args=(bars([Bar("", 1.0)], look), "en"), name="charts", daemon=True)
    thread.start()
    return thread


def _spec(look: Look, height: int, body: Spec, right: int = 6) -> Spec:
    colours = look.colours
    size = 13 if look.small else 14
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": look.width,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": {"left": 2, "top": 6, "right": right, "bottom": 2},
        "background": colours.paper,  # dark letters or light ones: they can be read wherever they are printed
        **body,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "line": {"color": colours.accent},
            "circle": {"color": colours.accent},
            "bar": {"color": colours.accent},
            "rule": {"color": colours.muted},
            "text": {"color": colours.ink, "fontSize": size},
            "axis": {
                "labelColor": colours.muted,
                "labelFontSize": size,
                "titleColor": colours.muted,
                "titleFontSize": size,
                "titleFontWeight": "normal",
                "gridColor": colours.line,
                "domainColor": colours.line,
                "ticks": False,
                "labelPadding": 6,
            },
            "axisX": {"grid": False},
            "axisY": {"domain": False, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleY": -12},
        },
    }


def _marks(marks: Sequence[tuple[date, str]]) -> list[dict[str, Any]]:
    """Days on which something happened: a dashed line each, with its sign at the top."""
    if not marks:
        return []
    data = {"values": [{"day": day.isoformat(), "sign": sign} for day, sign in marks]}
    rule = {"mark": {"type": "rule", "strokeDash": [3, 3], "opacity": 0.7}, "encoding": {"y": None}}
    sign = {
        "mark": {"type": "text", "align": "left", "baseline": "top", "dx": 4, "y": 0},
        "encoding": {"text": {"field": "sign"}, "y": {"value": 0}},
    }
    return [{"data": data, **rule}, {"data": data, **sign}]


def _lonely(values: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Days whose neighbours have no score: a line cannot show them."""
    scores = [None, *(value["score"] for value in values), None]
    return [
        value
        for n, value in enumerate(values)
        if value["score"] is not None and scores[n] is None and scores[n + 2] is None
    ]


def _span(scores: Sequence[float]) -> tuple[float, float]:
    """From where to where the axis goes: whole fives around the scores, at least ten points."""
    low = max(0.0, (min(scores) - 1) // 5 * 5)
    high = min(100.0, -((-max(scores) - 1) // 5) * 5)
    return (low, high) if high - low >= 10 else (max(0.0, high - 10), max(high, 10.0))  # noqa: PLR2004 - see above


def _moment(day: date) -> dict[str, int | bool]:
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


def _share(points: float, whole: float, look: Look) -> str:
    return f"{figures.points(points, look.language)} · {format_percent(points / whole, locale=look.language)}"
