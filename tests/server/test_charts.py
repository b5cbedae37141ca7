"""Charts: what is drawn for which day, theme, width and language; and that several threads may draw at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest

from server.web import charts
from server.web.charts import THEMES, Bar, Look, bars, bars_height, digest, draw, history

DAY = date(2026, 7, 26)
WIDE = Look("light", "en", small=False)


def scores(days: int, gap: range = range(0)) -> list[tuple[date, float, bool]]:
    """A rising score over some days, the last one preliminary."""
    return [(DAY + timedelta(days=n), 30 + n / 10, n == days - 1) for n in range(days) if n not in gap]


def words(svg: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize(("language", "newest", "month"), [("de", "41,9", "1. Okt"), ("en", "41.9", "1 Oct")])
def test_a_history_is_drawn_for_each_theme_width_and_language(
    theme: str, small: bool, language: str, newest: str, month: str
) -> None:
    look = Look(theme, language, small)
    svg = draw(history(scores(120), look, "Points"), language)
    assert newest in words(svg)
    assert month in words(svg)
    assert "Points" in words(svg)
    assert f'width="{look.width}"' in svg
    assert THEMES[theme].accent in svg
    assert not re.search(r"\sstyle=|<style|<script|https?://(?!www\.w3\.org)", svg)


def test_days_without_a_score_are_gaps_and_a_day_alone_is_a_point() -> None:
    spec = history([*scores(10, range(4, 6)), (DAY + timedelta(days=20), 35.0, False)], WIDE, "Points")
    line, lonely, end, _ = spec["layer"]
    assert [value["score"] for value in line["data"]["values"][3:7]] == [30.3, None, None, 30.6]
    assert [value["day"] for value in lonely["data"]["values"]] == ["2026-08-15"]
    assert end["mark"]["fill"] == THEMES["light"].accent


def test_a_preliminary_score_is_a_hollow_point() -> None:
    assert history(scores(3), WIDE, "Points")["layer"][2]["mark"]["fill"] == THEMES["light"].paper


def test_the_first_days_do_not_fill_the_whole_width() -> None:
    start, end = history(scores(1), WIDE, "Points")["encoding"]["x"]["scale"]["domain"]
    assert (start["month"], start["date"], end["date"]) == (7, 13, 26)
    draw(history(scores(1), WIDE, "Points"), "en")


def test_a_long_history_shows_months_and_years() -> None:
    assert history(scores(365), WIDE, "Points")["encoding"]["x"]["axis"]["format"] == "%b %y"


@pytest.mark.parametrize(
    ("drawn", "span"),
    [
        ([30.5, 41.9], (25, 45)),
        ([1.0], (0, 10)),
        ([99.5, 99.9], (90, 100)),
        ([37.0, 38.0], (30, 40)),
        ([35.5], (30, 40)),
    ],
)
def test_the_scale_goes_in_fives_and_over_at_least_ten_points(drawn: list[float], span: tuple[int, int]) -> None:
    assert charts._span(drawn) == span


def test_bars_bear_name_points_and_share() -> None:
    svg = draw(bars([Bar("Gefällt mir", 9.0), Bar("<Antwort>", 3.0)], Look("dark", "de", small=True)), "de")
    assert {"Gefällt mir", "<Antwort>", "9,00 · 75\xa0%", "3,00 · 25\xa0%"} <= set(words(svg))
    assert f'height="{bars_height(2)}"' in svg


@pytest.mark.parametrize("rows", [[], [Bar("nothing", 0.0)]])
def test_bars_of_nothing_can_be_drawn(rows: list[Bar]) -> None:
    assert draw(bars(rows, WIDE), "en").startswith("<svg")


def test_a_digest_stands_for_one_picture() -> None:
    one, same, other = (bars([Bar("a", points)], WIDE) for points in (1.0, 1.0, 2.0))
    assert digest(one, "en") == digest(same, "en") != digest(other, "en")
    assert digest(one, "en") != digest(one, "de")


def test_several_threads_draw_at_once() -> None:
    charts.warm().join()
    specs = [bars([Bar(f"bar {n}", 1.0 + n)], WIDE) for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda spec: draw(spec, "en"), specs))
    for n, svg in enumerate(drawn):
        assert f"bar {n}" in words(svg)
