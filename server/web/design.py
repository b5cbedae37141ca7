"""The living page of the design system: the tokens of the stylesheet and every building block, as pages use them."""

import re
from datetime import date
from functools import cache
from pathlib import Path

from flask import Blueprint, render_template

pages = Blueprint("design", __name__)

_SHEET = Path(__file__).parent / "static" / "klarwert.css"
_TOKEN = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-fA-F]{3,8})\s*;")
#: Day in the examples.
_DAY = date(2026, 11, 21)


@pages.get("/design")
def design() -> str:
    """Every token and every block, in the theme of whoever looks."""
    light, dark = _colours()
    return render_template("design.html", light=light, dark=dark, day=_DAY)


@cache
def _colours() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of both themes by name, read from the stylesheet: the first of a name is the light one."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for name, value in _TOKEN.findall(_SHEET.read_text(encoding="utf-8")):
        (dark if name in light else light).setdefault(name, value)
    return light, dark
