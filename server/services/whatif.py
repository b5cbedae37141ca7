"""What if: the score without what somebody switches off, and with what might come, by the functions of the score."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from workers.scoring.explain import Explanation, Outcome, Wish
from workers.scoring.signals import KINDS, BoolArray, IntArray


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see; unknown labels mean nothing."""

    networks: frozenset[str] = field(default_factory=frozenset)
    kinds: frozenset[str] = field(default_factory=frozenset)
    posts: frozenset[str] = field(default_factory=frozenset)
    weeks: frozenset[int] = field(default_factory=frozenset)
    """0 for the newest."""
    lent: bool = False
    """Without those who lend their standing."""
    kind: str = KINDS[0]
    people: int = 0
    again: str = ""
    """One network more, with as much as this one."""
    days: int = 0

    @property
    def something(self) -> bool:
        """Is anything asked at all?"""
        switched = self.networks or self.kinds or self.posts or self.weeks
        return bool(switched or self.lent or self.people or self.again or self.days)


@dataclass(frozen=True)
class Answer:
    """What would be."""

    outcome: Outcome
    gone: int
    """Signals that are left out."""
    change: float
    """In points, against the score as it is."""


def answer(told: Explanation, asked: Asked) -> Answer:
    """The recomputed score."""
    gone = _gone(told, asked)
    again = asked.again if asked.again in told.frame.signals.networks else None
    outcome = told.what_if(Wish(gone, asked.kind, asked.people, again, asked.days))
    return Answer(outcome, int(np.count_nonzero(gone & (told.tally.value > 0))), outcome.score - told.total.score)


def _gone(told: Explanation, asked: Asked) -> BoolArray:
    seen, signals = told.frame, told.frame.signals
    gone = np.isin(signals.network, _codes(signals.networks, asked.networks))
    gone |= np.isin(signals.kind, _codes(KINDS, asked.kinds))
    gone |= np.isin(signals.post, _codes(signals.posts, asked.posts))
    gone |= seen.inside & np.isin(seen.age // 7, sorted(asked.weeks))
    return gone | (seen.lender if asked.lent else np.zeros(len(gone), dtype=np.bool_))


def _codes(labels: Sequence[str], wanted: frozenset[str]) -> IntArray:
    return np.array([code for code, label in enumerate(labels) if label in wanted], dtype=np.int64)
