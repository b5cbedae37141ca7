"""Exact leave-one-out: the score without each of many groups of signals, in one pass over them all.

Taking a group away changes S only of the voices it has a part in, and W only by the weeks it fills alone. Plain
subtraction would not do: where nearly everything goes, the small rest of a difference is mostly rounding error (and
the square root makes 3e-9 of 1e-17). So whatever keeps less than a quarter is summed anew; of disjoint groups at most
one a voice, and one of all, can be that big.
"""

from dataclasses import dataclass

import numpy as np

from workers.scoring.score import Frame, Tally, impact, scale, sum_by, tally, values
from workers.scoring.signals import BoolArray, FloatArray, IntArray

SUMMED_ANEW_BELOW = 0.25


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of signals, as parallel arrays: signal `row[i]` belongs to group `group[i]`; no pair twice."""

    row: IntArray
    group: IntArray
    size: int
    """Number of groups."""

    def gone(self, banned: IntArray, signals: int) -> BoolArray:
        """Mark of each of `signals` signals: in the group that `banned` names for its entry (parallel to `row`)."""
        gone = np.zeros(signals, dtype=np.bool_)
        gone[self.row[self.group == banned]] = True
        return gone


def leave_one_out(seen: Frame, sums: Tally, groups: Groups) -> FloatArray:
    """Score of all signals but those of the group, for each group; `sums` is the tally of the whole frame."""
    weeks = _weeks_left(seen, sums, groups)
    total = _total_left(seen, sums, groups)
    return scale(impact(weeks, total, seen.model), seen.model)


def _weeks_left(seen: Frame, sums: Tally, groups: Groups) -> IntArray:
    """W of each group's rest: a week stays while anybody outside the group reacted in it."""
    reactions = (seen.inside & ~seen.audience)[groups.row]
    cell = groups.group[reactions] * seen.model.weeks + seen.age[groups.row[reactions]] // 7
    taken = np.bincount(cell, minlength=groups.size * seen.model.weeks)
    left: IntArray = np.count_nonzero(taken.reshape(groups.size, seen.model.weeks) < sums.week_counts, axis=1)
    return left


def _total_left(seen: Frame, sums: Tally, groups: Groups) -> FloatArray:
    """Sum of the loudness of each group's rest."""
    voice, group, rest = _voices_left(seen, sums, groups)
    lost = sums.loudness[voice] - seen.standing[voice] * np.sqrt(rest)
    total = sums.total - sum_by(group, lost, groups.size)
    for big in np.flatnonzero(total < sums.total * SUMMED_ANEW_BELOW):
        total[big] = tally(seen, groups.gone(np.full(len(groups.row), big), len(seen.age))).total
    return total


def _voices_left(seen: Frame, sums: Tally, groups: Groups) -> tuple[IntArray, IntArray, FloatArray]:
    """For each (voice, group) with signals in common: the voice, the group, and S of the voice without the group."""
    cells, cell = np.unique(seen.voice[groups.row] * groups.size + groups.group, return_inverse=True)
    voice, group = np.divmod(cells, max(groups.size, 1))
    rest = sums.sums[voice] - sum_by(cell, sums.value[groups.row], len(cells))
    pending = np.flatnonzero(rest < sums.sums[voice] * SUMMED_ANEW_BELOW)
    while len(pending):
        # One cell of each voice a round. Disjoint groups need a single round; topics, which overlap, a few.
        _, first = np.unique(voice[pending], return_index=True)
        chosen = pending[first]
        banned = np.full(len(sums.sums), -1)
        banned[voice[chosen]] = group[chosen]
        gone = groups.gone(banned[seen.voice[groups.row]], len(seen.age))
        anew = sum_by(seen.voice, values(seen, seen.inside & ~gone), len(sums.sums))
        rest[chosen] = anew[voice[chosen]]
        pending = np.delete(pending, first)
    return voice, group, rest
