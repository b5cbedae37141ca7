"""The living page of the design system: it shows every building block, and every block is used by pages."""

import re
from pathlib import Path

import pytest

from server.web import design
from tests.server.browser import Browser

TEMPLATES = Path(design.__file__).parent / "templates"
BLOCKS = re.findall(r"^{% macro ([a-z]\w*)\(", (TEMPLATES / "parts.html").read_text(encoding="utf-8"), re.MULTILINE)
STYLES = "".join(file.read_text(encoding="utf-8") for file in (TEMPLATES.parent / "static").glob("*.css"))


def imported(template: Path) -> set[str]:
    """The building blocks that a template takes from parts.html."""
    lists = re.findall(r'{% from "parts.html" import (.*?)(?: with context)? %}', template.read_text(encoding="utf-8"))
    return {name.split(" as ")[0].strip() for names in lists for name in names.split(",")}


def test_the_living_page_shows_every_building_block() -> None:
    assert len(BLOCKS) > 20
    shown = TEMPLATES / "design.html"
    calls = shown.read_text(encoding="utf-8")
    # The forgery token is a field that nobody sees; buttons that are forms have it.
    assert imported(shown) == set(BLOCKS) - {"token"}
    assert [name for name in imported(shown) if not re.search(rf"{{[{{%].*\b{name}\(", calls)] == []


def test_every_building_block_is_used_by_pages() -> None:
    pages = [file for file in TEMPLATES.rglob("*.html") if file.name not in {"design.html", "parts.html"}]
    used = set().union(*(imported(page) for page in pages))
    assert used == set(BLOCKS)


def test_every_class_of_the_stylesheets_is_used() -> None:
    written = "".join(
        file.read_text(encoding="utf-8")
        for kind in ("templates/**/*.html", "static/*.js", "*.py")
        for file in TEMPLATES.parent.glob(kind)
    )
    rules = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", STYLES, flags=re.DOTALL)
    classes = set(re.findall(r"\.([a-z][a-z-]*)", rules))
    assert len(classes) > 80
    assert [name for name in sorted(classes) if not re.search(rf"(?<![\w-]){name}(?![\w-])", written)] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "small"])
def test_the_chart_of_the_living_page_is_drawn_for_both_themes_and_sizes(
    browser: Browser, theme: str, size: str
) -> None:
    assert "/design/chart.svg" in browser.get("/design").page
    drawn = browser.get(f"/design/chart.svg?theme={theme}&size={size}").page
    assert drawn.startswith("<svg")
    assert "12.40 · 52%" in drawn
    assert browser.get("/design/chart.svg?theme=pink").status == 404
