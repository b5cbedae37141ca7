"""The score itself: from the signals of one participant and a day to a number and the points of every signal.

Leaves out nothing of the definition and adds nothing to it (score-model, sections 2 to 5); knows no clock, no store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from workers.scoring.model import KLARWERT_1, Model
from workers.scoring.signals import AUDIENCE_CODE, EPOCH, KINDS, BoolArray, FloatArray, IntArray, Signals


@dataclass(frozen=True, eq=False)
class Score:
    """A score with all that adds up to it."""

    score: float
    """From 1 to below 100."""
    impact: float
    weeks: int
    """Weeks of 13 in which somebody reacted."""
    voices: int
    """Voices heard in the window."""
    points: FloatArray
    """Points of each signal in the order of the input, 0 for what does not count; the sum is `score` - 1."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Signals as one day sees them: all that stays the same when some of them are thought away."""

    signals: Signals
    age: IntArray
    """Days; negative for what comes after the day."""
    inside: BoolArray
    """In the window."""
    worth: FloatArray
    """Value of each signal, 0 outside the window; of an audience count as if it were the latest."""
    audience: BoolArray
    voice: IntArray
    """Number of each signal's voice, from 0."""
    standing: FloatArray
    """Of each voice."""
    lender: BoolArray
    """Signals of participants who lend their standing."""
    disputed: BoolArray
    """Signals that the participant disputes: they are never inside."""
    model: Model

    def aged(self, days: int) -> "Frame":
        """The same signals `days` later, without any that came after the day of this frame."""
        age = self.age + days
        inside = self.inside & in_window(age, self.model)
        return replace(self, age=age, inside=inside, worth=_worth(self.signals, age, inside, self.model))


@dataclass(frozen=True, eq=False)
class Tally:
    """The sums of a frame, or of a part of it."""

    value: FloatArray
    """Of each signal; 0 for what does not count."""
    sums: FloatArray
    """S of each voice."""
    loudness: FloatArray
    """C of each voice."""
    week_counts: IntArray
    """Reactions in each of the 13 weeks, the newest first."""
    model: Model

    @property
    def total(self) -> float:
        """Sum of the loudness of all voices."""
        return float(self.loudness.sum())

    @property
    def weeks(self) -> int:
        """Weeks with at least one reaction."""
        return int(np.count_nonzero(self.week_counts))

    @property
    def impact(self) -> float:
        """X of the model."""
        return float(impact(np.asarray(self.weeks), np.asarray(self.total), self.model))

    @property
    def score(self) -> float:
        """The score of these sums."""
        return float(scale(np.asarray(self.impact), self.model))


def score(signals: Signals, day: date, yesterday: Mapping[str, float], model: Model = KLARWERT_1) -> Score:
    """Score of one participant on `day` (UTC).

    `yesterday` holds the last published score before `day` of each actor who lends their standing. Nothing is
    deduplicated. Of several audience counts of one network account the latest day in the window counts; of several
    counts of that day the highest, and of equal ones the first row gets the points: so the score does not depend on
    the order of the rows.
    """
    seen = frame(signals, day, yesterday, model=model)
    return scored(seen, tally(seen))


def frame(
    signals: Signals,
    day: date,
    yesterday: Mapping[str, float],
    disputed: BoolArray | None = None,
    model: Model = KLARWERT_1,
) -> Frame:
    """What `day` sees of the signals; arguments as for `score`. Signals marked in `disputed` do not count."""
    age = day.toordinal() - EPOCH - signals.day.astype(np.int64)
    out = np.zeros(len(signals), dtype=np.bool_) if disputed is None else disputed
    inside = in_window(age, model) & ~out
    audience = signals.kind == AUDIENCE_CODE
    voice, voices = _voices(signals, audience)
    lending = _standings(signals.actors, yesterday, model)
    # NaN marks who lends nothing; the last entry serves the code -1, signals without an actor.
    lent = np.where(audience, np.nan, lending[signals.actor])
    lender = ~np.isnan(lent)
    standing = np.ones(voices)
    standing[voice[lender]] = lent[lender]
    worth = _worth(signals, age, inside, model)
    return Frame(signals, age, inside, worth, audience, voice, standing, lender, out, model)


def tally(seen: Frame, gone: BoolArray | None = None) -> Tally:
    """Sums of the frame, without the signals marked in `gone` (one entry per signal)."""
    counted = seen.inside if gone is None else seen.inside & ~gone
    value = values(seen, counted)
    sums = sum_by(seen.voice, value, len(seen.standing))
    reactions = counted & ~seen.audience
    week_counts = np.bincount(seen.age[reactions] // 7, minlength=seen.model.weeks)
    return Tally(value, sums, seen.standing * np.sqrt(sums), week_counts, seen.model)


def values(seen: Frame, counted: BoolArray) -> FloatArray:
    """Value of each signal if only those in `counted` exist: of audience counts only the latest of each account."""
    value = np.where(counted, seen.worth, 0.0)
    rows = np.flatnonzero(counted & seen.audience)
    if len(rows):
        order = rows[np.lexsort((-seen.worth[rows], seen.age[rows], seen.voice[rows]))]
        voice = seen.voice[order]
        value[order[1:][voice[1:] == voice[:-1]]] = 0.0
    return value


def scored(seen: Frame, sums: Tally) -> Score:
    """The score of a tally with the points of every signal."""
    gained = (sums.score - sums.model.lowest) / sums.total if sums.total else 0.0
    points = gained * influences(seen, sums)
    return Score(sums.score, sums.impact, sums.weeks, int(np.count_nonzero(sums.sums)), points)


def influences(seen: Frame, sums: Tally) -> FloatArray:
    """What each signal adds to the sum of all voices: C(voice) * value / S(voice); 0 for what does not count."""
    per_value = np.divide(sums.loudness, sums.sums, out=np.zeros_like(sums.sums), where=sums.sums > 0)
    return np.asarray(per_value[seen.voice] * sums.value)


def sum_by(codes: IntArray, amounts: FloatArray, size: int) -> FloatArray:
    """Sum of the amounts of each code from 0 to `size` - 1, as floats even where there is nothing to sum."""
    return np.bincount(codes, weights=amounts, minlength=size).astype(np.float64, copy=False)


def impact(weeks: IntArray, total: FloatArray, model: Model = KLARWERT_1) -> FloatArray:
    """X: steadiness times the loudness of all voices."""
    return np.sqrt(weeks / model.weeks) * total


def scale(impacts: FloatArray, model: Model = KLARWERT_1) -> FloatArray:
    """The score of each impact: 1 at no impact, rising towards 100, which is never reached."""
    ratio = np.divide(model.middle, impacts, out=np.full(impacts.shape, np.inf), where=impacts > 0)
    return np.asarray(model.lowest + model.span / (1.0 + ratio**model.exponent))


def weights(model: Model = KLARWERT_1) -> FloatArray:
    """Weight of each kind by its code; the last one is that of a follower."""
    return np.array([*(model.weights[kind] for kind in KINDS[:AUDIENCE_CODE]), model.audience_weight])


def fading(model: Model = KLARWERT_1) -> FloatArray:
    """Factor of each age in the window, by Python's own power: the same as in any plain recomputation."""
    return np.array([2.0 ** (-age / model.half_life_days) for age in range(model.window_days)])


def in_window(age: IntArray, model: Model = KLARWERT_1) -> BoolArray:
    """Which ages (days) count."""
    return (age >= 0) & (age < model.window_days)


def _worth(signals: Signals, age: IntArray, inside: BoolArray, model: Model) -> FloatArray:
    factor = fading(model)[np.where(inside, age, 0)]
    factor[signals.kind == AUDIENCE_CODE] = 1.0
    return np.where(inside, weights(model)[signals.kind] * signals.count * factor, 0.0)


def _voices(signals: Signals, audience: BoolArray) -> tuple[IntArray, int]:
    """Number of each signal's voice, and how many voices there are.

    What cannot be told apart shares a number: one range of numbers for accounts (audience), one for actors, one for
    (post, kind), all of it once a network. Absent accounts and posts are a value like any other.
    """
    network, kind, actor, account, post = (
        column.astype(np.int64)
        for column in (signals.network, signals.kind, signals.actor, signals.account, signals.post)
    )
    first_actor = len(signals.accounts) + 1
    first_post = first_actor + len(signals.actors)
    end = first_post + (len(signals.posts) + 1) * len(KINDS)
    counted = first_post + (post + 1) * len(KINDS) + kind
    speaker = np.where(audience, account + 1, np.where(actor >= 0, first_actor + actor, counted))
    distinct, voice = np.unique(network * end + speaker, return_inverse=True)
    return voice, len(distinct)


def _standings(actors: tuple[str, ...], yesterday: Mapping[str, float], model: Model) -> FloatArray:
    """Standing by code of the actor, NaN for who lends none; one NaN more at the end, where the code -1 points."""
    standings = np.full(len(actors) + 1, np.nan)
    if yesterday:
        lenders = [code for code, actor in enumerate(actors) if actor in yesterday]
        standings[lenders] = [model.standing(yesterday[actors[code]]) for code in lenders]
    return standings
