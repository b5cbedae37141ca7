"""One score as text: a case in JSON (signals, day, yesterday's scores) goes in, score, impact and points come out."""

import json
import re
from datetime import date
from typing import NoReturn

from workers.scoring.score import score
from workers.scoring.signals import KINDS, LARGEST_COUNT, BadSignals, Signal, Signals, unknown_kind

FIELDS = ("network", "kind", "day", "actor", "count", "account", "post", "topics")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: No score is above.
HIGHEST = 100


def score_case(text: str, day: date | None) -> str:
    """Score a case `{"day"?, "signals": [...], "yesterday"?: {...}}` and return `{"score", "impact", "points"}`.

    `day` wins over the day in the case. `points` has one entry a signal, in their order. Other fields of the case are
    not looked at. Raises `BadSignals`, whose text is a sentence for the person at the command line.
    """
    case = _parse(text)
    if not isinstance(case, dict):
        raise BadSignals("a case is a JSON object with the field 'signals'")
    if "signals" not in case:
        raise BadSignals("the case has no field 'signals'")
    when = _score_day(case, day)
    result = score(read_signals(case["signals"]), when, read_yesterday(case.get("yesterday")))
    return json.dumps(
        {"score": result.score, "impact": result.impact, "points": result.points.tolist()}, allow_nan=False
    )


def read_signals(value: object) -> Signals:
    """Signals from their JSON form, a list of objects. Raises `BadSignals` with the index of the first bad one.

    A field with the value null is absent. Fields that the model does not know are refused: a misspelt `count` would
    silently change the score.
    """
    if not isinstance(value, list):
        raise BadSignals("'signals' must be a list")
    return Signals.from_rows(_read_signal(index, row) for index, row in enumerate(value))


def read_yesterday(value: object) -> dict[str, float]:
    """Yesterday's scores by actor, from a JSON object; null is an empty one. Raises `BadSignals`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadSignals("'yesterday' must be an object with a score for each actor")
    for number in value.values():
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= HIGHEST:
            raise BadSignals("a score in 'yesterday' must be a number from 0 to 100")
    return value


def _parse(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise BadSignals(f"this is not JSON (line {error.lineno}, column {error.colno})") from None
    except BadSignals:
        raise
    except (ValueError, RecursionError):
        # A number of thousands of digits, or thousands of brackets.
        raise BadSignals("this JSON is too deep or has a number that is too long") from None


def _refuse_constant(name: str) -> NoReturn:
    raise BadSignals(f"{name} is no number in JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose fields are all different: of a repeated field nobody could say which one counts."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BadSignals("an object in this JSON has the same field twice")
    return result


def _score_day(case: dict[str, object], day: date | None) -> date:
    if day is not None:
        return day
    if case.get("day") is None:
        raise BadSignals("no day: give one with --day or in the field 'day' of the case")
    return _read_day(None, case["day"])


def _read_signal(index: int, row: object) -> Signal:
    if not isinstance(row, dict):
        raise BadSignals("a signal is an object", index)
    unknown = sorted(set(row).difference(FIELDS))
    if unknown:
        raise BadSignals(f"the field {unknown[0][:40]!a} is unknown; known are {', '.join(FIELDS)}", index)
    return Signal(
        network=_read_label(index, row, "network"),
        kind=_read_kind(index, row),
        day=_read_day(index, row.get("day")),
        actor=_read_optional(index, row, "actor"),
        count=_read_count(index, row.get("count")),
        account=_read_optional(index, row, "account"),
        post=_read_optional(index, row, "post"),
        topics=_read_topics(index, row.get("topics")),
    )


def _read_label(index: int, row: dict[str, object], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise BadSignals(f"'{name}' must be a text that is not empty", index)
    return value


def _read_optional(index: int, row: dict[str, object], name: str) -> str | None:
    return None if row.get(name) is None else _read_label(index, row, name)


def _read_kind(index: int, row: dict[str, object]) -> str:
    kind = _read_label(index, row, "kind")
    if kind not in KINDS:
        raise BadSignals(unknown_kind(kind), index)
    return kind


def _read_day(index: int | None, value: object) -> date:
    """A day as YYYY-MM-DD and nothing else: Python's own reader also takes weeks and days without hyphens."""
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise BadSignals(f"there is no day {value}", index) from None
    raise BadSignals("'day' must be a day as YYYY-MM-DD", index)


def _read_count(index: int, value: object) -> int:
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_COUNT:
        raise BadSignals(f"'count' must be a whole number from 1 to {LARGEST_COUNT}", index)
    return value


def _read_topics(index: int, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(topic, str) and topic for topic in value):
        raise BadSignals("'topics' must be a list of texts that are not empty", index)
    return tuple(value)
