"""The score model once more in plain Python, written from its text and apart from the engine, to compare with it."""

import math
from collections import defaultdict
from datetime import date

WEIGHTS = {"like": 1, "mention": 2, "reply": 3, "repost": 4, "endorsement": 4, "quote": 5, "link": 5}

Row = dict[str, object]


def age_of(row: Row, day: date) -> int:
    return (day - date.fromisoformat(row["day"])).days


def voice_of(row: Row) -> tuple:
    if row["kind"] == "audience":
        return "audience", row["network"], row.get("account")
    if row.get("actor") is not None:
        return "actor", row["network"], row["actor"]
    return "counted", row["network"], row.get("post"), row["kind"]


def latest_audience(rows: list[Row], day: date) -> set[int]:
    """Index of the one count of each network account that counts: latest day, then highest, then first."""
    best: dict[tuple, int] = {}
    for i, row in enumerate(rows):
        if row["kind"] == "audience" and 0 <= age_of(row, day) <= 90:
            j = best.setdefault(voice_of(row), i)
            if (row["day"], row["count"]) > (rows[j]["day"], rows[j]["count"]):
                best[voice_of(row)] = i
    return set(best.values())


def values_of(rows: list[Row], day: date) -> list[float]:
    latest = latest_audience(rows, day)
    values = []
    for i, row in enumerate(rows):
        age = age_of(row, day)
        if not 0 <= age <= 90:
            values.append(0.0)
        elif row["kind"] == "audience":
            values.append(0.01 * row["count"] if i in latest else 0.0)
        else:
            values.append(WEIGHTS[row["kind"]] * row.get("count", 1) * 2 ** (-age / 30))
    return values


def standing_of(voice: tuple, yesterday: dict[str, float]) -> float:
    if voice[0] != "actor" or voice[2] not in yesterday:
        return 1.0
    last = round(yesterday[voice[2]], 6)
    if last < 25:
        return 1.0
    if last < 50:
        return 1.25
    return 1.6 if last < 75 else 2.0


def reference(rows: list[Row], day: date, yesterday: dict[str, float]) -> dict[str, object]:
    """Score, impact, weeks, number of voices and the points of each row."""
    values = values_of(rows, day)
    parts = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        if value:
            parts[voice_of(row)].append(value)
    sums = {voice: math.fsum(part) for voice, part in parts.items()}
    loudness = {voice: standing_of(voice, yesterday) * math.sqrt(total) for voice, total in sums.items()}
    everything = math.fsum(loudness.values())
    weeks = len({age_of(row, day) // 7 for row in rows if row["kind"] != "audience" and 0 <= age_of(row, day) <= 90})
    impact = math.sqrt(weeks / 13) * everything
    score = 1 + 99 / (1 + (100 / impact) ** 0.35) if impact else 1.0
    points = [
        (score - 1) * loudness[voice_of(row)] / everything * value / sums[voice_of(row)] if value else 0.0
        for row, value in zip(rows, values, strict=True)
    ]
    return {"score": score, "impact": impact, "weeks": weeks, "voices": len(sums), "points": points}
