"""An example of the score that everybody can work out again by hand, made by the real engine."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from workers.scoring import versions
from workers.scoring.explain import Explanation, explain
from workers.scoring.model import KLARWERT_1
from workers.scoring.signals import Signal, Signals

DAY = date(2026, 9, 30)
#: Who (an invented person), what, how many days ago.
_DONE = (("a", "like", 0), ("a", "repost", 30), ("b", "reply", 0), ("c", "like", 60))


@dataclass(frozen=True)
class Row:
    """One reaction of the example with its arithmetic."""

    who: str
    kind: str
    age: int
    """Days."""
    weight: int
    value: float
    points: float


@dataclass(frozen=True)
class Example:
    """The reactions, and what came of them."""

    day: date
    rows: list[Row]
    voices: dict[str, float]
    """Each person's voice: the square root of the sum of their values."""
    told: Explanation


@cache
def worked_example(model_id: str = KLARWERT_1.id) -> Example:
    """Four reactions of three people in three of 13 weeks, scored with a version of the model."""
    signals = Signals.from_rows(
        Signal(network="bluesky", kind=kind, day=DAY - timedelta(days=age), actor=who) for who, kind, age in _DONE
    )
    model = versions.PUBLISHED.named(model_id)
    told = explain(signals, DAY, {}, model=model)
    columns = zip(_DONE, told.frame.worth.tolist(), told.total.points.tolist(), strict=True)
    rows = [
        Row(who.upper(), kind, age, model.weights[kind], value, points) for (who, kind, age), value, points in columns
    ]
    values: dict[str, float] = {}
    for row in rows:
        values[row.who] = values.get(row.who, 0.0) + row.value
    return Example(DAY, rows, {who: value**0.5 for who, value in values.items()}, told)
