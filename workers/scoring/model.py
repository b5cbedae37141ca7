"""The score model `klarwert-1` as data: every constant, the published document made of them, and its digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

AUDIENCE = "audience"
DOCUMENT_FORMAT = "klarwert-model/1"

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


KLARWERT_1 = Model(
    id="klarwert-1",
    weights=MappingProxyType(
        {"like": 1, "mention": 2, "reply": 3, "repost": 4, "endorsement": 4, "quote": 5, "link": 5}
    ),
    audience_weight=0.01,
    window_days=91,
    weeks=13,
    half_life_days=30,
    standing_decimals=6,
    standing_steps=((25, 1.25), (50, 1.6), (75, 2)),
    lowest=1,
    span=99,
    middle=100,
    exponent=0.35,
    minimum_account_age_days=30,
)
