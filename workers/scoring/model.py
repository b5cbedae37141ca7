"""A score model as data: every constant, the published document made of them, and its digest; `klarwert-1` is one."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

AUDIENCE = "audience"
DOCUMENT_FORMAT = "klarwert-model/1"
#: Signals are not kept longer, whatever the model.
LONGEST_WINDOW = 91

# What the constants are put into. The texts belong to the document, so a changed rule changes the digest, too.
RULES: Mapping[str, str] = MappingProxyType(
    {
        "age": "days from the day of the signal to the score day, both UTC; counted: 0 <= age <= window_days - 1",
        "value": "weights[kind] * count * 2 ** (-age / half_life_days)",
        "audience": "audience_weight * count, without ageing, of the latest day in the window of each "
        "(network, account); of several counts of that day the highest; all other counts are worth 0",
        "voice": "audience: (network, account); else with an actor: (network, actor); else: (network, post, kind)",
        "standing": "of an actor who lends it: the last step reached by yesterday's score, rounded; of others: 1",
        "loudness": "C(voice) = standing * sqrt(S(voice)), S(voice) = sum of the values of its signals",
        "steadiness": "sqrt(W / weeks), W = number of different age div 7 among counted signals but audience",
        "impact": "X = steadiness * sum of C(voice)",
        "score": "scale.lowest + scale.span / (1 + (scale.middle / X) ** scale.exponent); X = 0: scale.lowest",
        "points": "(score - scale.lowest) * C(voice) / sum of C * value / S(voice)",
        "arithmetic": "IEEE 754 double; two computations agree within 1e-9, of the impact relatively",
    }
)


class BadModelError(ValueError):
    """A document that is no model of this program; says why."""


@dataclass(frozen=True)
class Model:
    """All constants of one version. Whole numbers are `int`, so that the document shows them without a point."""

    id: str
    weights: Mapping[str, int]
    """Weight of one reaction of each kind."""
    audience_weight: float
    """Value of one follower."""
    window_days: int
    """Signals count at ages from 0 to `window_days` - 1."""
    weeks: int
    """Seven-day weeks in the window."""
    half_life_days: int
    standing_decimals: int
    """Decimals to which yesterday's score is rounded before it is compared with the steps."""
    standing_steps: tuple[tuple[int, float], ...]
    """(from this score on, standing), rising; below the first step standing is 1."""
    lowest: int
    span: int
    middle: int
    """The impact at which half of the span is reached."""
    exponent: float
    minimum_account_age_days: int
    """Reactions of accounts younger than this when they reacted never become signals (checked where they arrive)."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of signal; the position is the code used in columns. `audience` is the last."""
        return (*self.weights, AUDIENCE)

    def standing(self, yesterday: float) -> float:
        """Standing of a participant who lends it and whose last published score was `yesterday`."""
        rounded = round(yesterday, self.standing_decimals)
        reached = [standing for start, standing in self.standing_steps if rounded >= start]
        return reached[-1] if reached else 1.0

    def constants(self) -> dict[str, str]:
        """Every number of this version by its name, weights by their kind: to set two versions side by side."""
        return {
            **{kind: str(weight) for kind, weight in self.weights.items()},
            "audience_weight": str(self.audience_weight),
            "window_days": str(self.window_days),
            "half_life_days": str(self.half_life_days),
            "standing": ", ".join(f"{start}: {standing}" for start, standing in self.standing_steps),
            "middle": str(self.middle),
            "exponent": str(self.exponent),
            "minimum_account_age_days": str(self.minimum_account_age_days),
        }

    def document(self) -> dict[str, object]:
        """The published document: every constant and every rule of this version."""
        return {
            "format": DOCUMENT_FORMAT,
            "id": self.id,
            "weights": dict(self.weights),
            "audience_weight": self.audience_weight,
            "window_days": self.window_days,
            "weeks": self.weeks,
            "half_life_days": self.half_life_days,
            "standing": {"decimals": self.standing_decimals, "steps": [list(step) for step in self.standing_steps]},
            "scale": {"lowest": self.lowest, "span": self.span, "middle": self.middle, "exponent": self.exponent},
            "minimum_account_age_days": self.minimum_account_age_days,
            "rules": dict(RULES),
        }

    def canonical(self) -> bytes:
        """The document as canonical JSON: keys sorted, no spaces, characters as they are, UTF-8."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()

    def digest(self) -> str:
        """SHA-256 of the canonical JSON, 64 hex digits."""
        return hashlib.sha256(self.canonical()).hexdigest()


def read_model(document: Mapping[str, Any]) -> Model:
    """The model of a published document. Raises `BadModelError` for one that this program cannot compute exactly."""
    try:
        model = Model(
            id=document["id"],
            weights=MappingProxyType(dict(document["weights"])),
            audience_weight=document["audience_weight"],
            window_days=document["window_days"],
            weeks=document["weeks"],
            half_life_days=document["half_life_days"],
            standing_decimals=document["standing"]["decimals"],
            standing_steps=tuple((start, standing) for start, standing in document["standing"]["steps"]),
            lowest=document["scale"]["lowest"],
            span=document["scale"]["span"],
            middle=document["scale"]["middle"],
            exponent=document["scale"]["exponent"],
            minimum_account_age_days=document["minimum_account_age_days"],
        )
    except (KeyError, TypeError, ValueError):
        raise BadModelError("a constant of the model is missing, or is not what it should be") from None
    if model.document() != document:
        raise BadModelError("the document has another format, other rules or more fields than this program knows")
    if not 0 < model.window_days <= LONGEST_WINDOW or model.weeks != -(-model.window_days // 7):
        raise BadModelError(f"the window is longer than {LONGEST_WINDOW} days, or its weeks do not fit it")
    return model


def published(name: str) -> Mapping[str, Any]:
    """A publication as it comes with the program: `document`, the day from which it applies, and when that was said."""
    text = files("workers.scoring").joinpath("published", f"{name}.json").read_text(encoding="utf-8")
    publication: Mapping[str, Any] = json.loads(text)
    return publication


KLARWERT_1 = read_model(published("klarwert-1")["document"])
