"""The living page of the design system: the tokens of the stylesheet and every building block, as pages use them."""

import re
from datetime import date
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, render_template

from server.web import charts, drawing
from server.web.charts import Bar
from server.web.kinds import KINDS

pages = Blueprint("design", __name__)

_SHEET = Path(__file__).parent / "static" / "klarwert.css"
_TOKEN = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-fA-F]{3,8})\s*;")
#: Day in the examples.
_DAY = date(2026, 11, 21)
#: What the example of a chart shows.
_SHARES = (("like", 12.4), ("repost", 8.1), ("reply", 3.5))


@pages.get("/design")
def design() -> str:
    """Every token and every block, in the theme of whoever looks."""
    light, dark = _colours()
    return render_template(
        "design.html", light=light, dark=dark, day=_DAY, shares=_shares(), bars_height=charts.bars_height
    )


@pages.get("/design/chart.svg")
def chart() -> Response:
    """The chart of the page, in the theme and the size that a browser asks for."""
    return drawing.picture(charts.bars(_shares(), drawing.look(drawing.wish())))


def _shares() -> list[Bar]:
    return [Bar(str(KINDS[kind]), points) for kind, points in _SHARES]


@cache
def _colours() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of both themes by name, read from the stylesheet: the first of a name is the light one."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for name, value in _TOKEN.findall(_SHEET.read_text(encoding="utf-8")):
        (dark if name in light else light).setdefault(name, value)
    return light, dark
