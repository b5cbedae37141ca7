"""What changed between two days, in points: gone, new, aged, standing, steadiness, disputed (score-model, section 8).

Each part is the step between two scores on the way from the earlier day to the later one, so the parts add up to the
difference. Written over columns of many people at once: nothing loops over signals or persons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from workers.scoring.model import KLARWERT_1, Model
from workers.scoring.score import fading, frame, impact, in_window, scale, sum_by, weights
from workers.scoring.signals import AUDIENCE_CODE, KINDS, BoolArray, FloatArray, IntArray, Signals

#: The parts in their order.
PARTS = ("gone", "new", "aged", "standing", "steadiness", "disputed")


@dataclass(frozen=True, eq=False)
class Rows:
    """The signals of both days as columns, one row for each signal that is there on one of them or on both.

    What is one signal on both days is for the caller to say (`pair` does it for one person).
    """

    person: IntArray
    """From 0."""
    voice: IntArray
    """From 0; no voice belongs to two persons."""
    kind: IntArray
    """Index into `workers.scoring.signals.KINDS`."""
    day: IntArray
    """Of the signal, counted from any day, the same for all."""
    counts: tuple[IntArray, IntArray]
    """Before and after; 0 where the signal is not there."""
    disputed: tuple[BoolArray, BoolArray]
    standing: tuple[FloatArray, FloatArray]
    """Of each voice."""


@dataclass(frozen=True, eq=False)
class Changes:
    """Of each person: the two scores, and the parts that lead from one to the other."""

    before: FloatArray
    after: FloatArray
    parts: FloatArray
    """One row a person, one column for each of `PARTS`."""


@dataclass(frozen=True, eq=False)
class Known:
    """What one person's score of one day was made of."""

    day: date
    signals: Signals
    yesterday: Mapping[str, float]
    disputed: BoolArray


def changes(rows: Rows, days: tuple[int, int], people: int, model: Model = KLARWERT_1) -> Changes:
    """What changed for each of `people` persons from the first of two days to the second.

    `days` are counted like `Rows.day`. The weeks with a reaction are held at their number of the first day until the
    step of steadiness; where there was none, everything that a new reaction gives is `new`.
    """
    path = _Path(rows, days, people, model)
    scores = np.stack(path.scores())
    return Changes(scores[0], scores[-1], np.diff(scores, axis=0).T)


def changed(before: Known, after: Known, model: Model = KLARWERT_1) -> dict[str, float]:
    """What changed for one person, by name of the part; all of it scored with `model`."""
    rows = pair(before, after)
    found = changes(rows, (before.day.toordinal(), after.day.toordinal()), 1, model)
    return dict(zip(PARTS, found.parts[0].tolist(), strict=True))


def pair(before: Known, after: Known) -> Rows:
    """The rows of one person: equal signals of both days become one. Counts of equal signals of one day are added up.

    Of several follower counts of one account and day the highest counts, as in the score.
    """
    both = _concatenated(before.signals, after.signals)
    frames = [frame(both, known.day, known.yesterday) for known in (before, after)]
    identity = _numbered(both.network, both.kind, both.day, both.actor, both.account, both.post)
    size = int(identity.max()) + 1 if len(identity) else 0
    first = np.zeros(size, dtype=np.int64)
    first[identity[::-1]] = np.arange(len(identity))[::-1]
    audience = both.kind == AUDIENCE_CODE
    old = np.arange(len(both)) < len(before.signals)
    columns = []
    for mine, known in ((old, before), (~old, after)):
        there = mine & ~audience
        counts = sum_by(identity[there], both.count[there].astype(np.float64), size).astype(np.int64)
        np.maximum.at(counts, identity[mine & audience], both.count[mine & audience])
        disputed = np.zeros(size, dtype=np.bool_)
        disputed[identity[mine][known.disputed]] = True
        columns.append((counts, disputed))
    (count_before, disputed_before), (count_after, disputed_after) = columns
    return Rows(
        person=np.zeros(size, dtype=np.int64),
        voice=frames[0].voice[first],
        kind=both.kind[first],
        day=both.day[first] + _EPOCH,
        counts=(count_before, count_after),
        disputed=(disputed_before, disputed_after),
        standing=(frames[0].standing, frames[1].standing),
    )


_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(eq=False)
class _Path:
    """The way from one day to the other, a score at each step."""

    rows: Rows
    days: tuple[int, int]
    people: int
    model: Model

    def scores(self) -> list[FloatArray]:
        """Scores of each person: of the first day, then after each of `PARTS`."""
        (before, after), (out_before, out_after) = self.rows.counts, self.rows.disputed
        ages = self.days[0] - self.rows.day, self.days[1] - self.rows.day
        disputes = bool(out_before.any() or out_after.any())
        fresh = (before == 0) | (ages[0] < 0)
        counted: IntArray = np.where(out_before, 0, before) if disputes else before
        kept = np.minimum(counted, after)
        # What is disputed by now, or was until now, changes in the last step only.
        grown: IntArray = np.where(out_before | out_after, np.where(fresh, 0, kept), after) if disputes else after
        lent, lends = self.rows.standing
        worths = self._worth(ages[0]), self._worth(ages[1])
        first, held = self._total(counted, worths[0], lent), self._weeks(counted, ages[0])
        aged = self._sums(grown, worths[1])
        moved = self._weeks(grown, ages[1])
        later = np.where(held > 0, held, moved)
        path = [
            self._score(first, held),
            self._score(self._total(kept, worths[0], lent), held),
            self._score(self._total(grown, np.where(fresh, worths[1], worths[0]), lent), later),
            self._score(self._of_people(lent * aged), later),
            self._score(self._of_people(lends * aged), later),
            self._score(self._of_people(lends * aged), moved),
        ]
        if not disputes:
            return [*path, path[-1]]
        last = np.where(out_after, 0, after)
        return [*path, self._score(self._total(last, worths[1], lends), self._weeks(last, ages[1]))]

    def _score(self, total: FloatArray, weeks: IntArray) -> FloatArray:
        return scale(impact(weeks, total, self.model), self.model)

    def _weeks(self, count: IntArray, age: IntArray) -> IntArray:
        """Weeks with a reaction of each person."""
        heard = (count > 0) & in_window(age, self.model) & (self.rows.kind != AUDIENCE_CODE)
        weeks = self.model.weeks
        cells = np.zeros(self.people * weeks, dtype=np.bool_)
        cells[self.rows.person[heard] * weeks + age[heard] // 7] = True
        counted: IntArray = np.count_nonzero(cells.reshape(self.people, weeks), axis=1)
        return counted

    def _worth(self, age: IntArray) -> FloatArray:
        """What one of each signal is worth at its age; 0 outside the window. Followers do not age."""
        window = self.model.window_days
        factor = np.zeros((len(KINDS), window + 1))  # the last column is outside
        factor[:, :window] = fading(self.model)
        factor[AUDIENCE_CODE, :window] = 1.0
        factor *= weights(self.model)[:, None]
        worth: FloatArray = factor.ravel()[
            self.rows.kind * (window + 1) + np.where(in_window(age, self.model), age, window)
        ]
        return worth

    def _total(self, count: IntArray, worth: FloatArray, standing: FloatArray) -> FloatArray:
        """Loudness of all voices of each person."""
        return self._of_people(standing * self._sums(count, worth))

    def _sums(self, count: IntArray, worth: FloatArray) -> FloatArray:
        """The root of the sum of each voice."""
        value = worth * count
        self._keep_latest(value)
        return np.sqrt(sum_by(self.rows.voice, value, len(self.rows.standing[0])))

    def _of_people(self, loudness: FloatArray) -> FloatArray:
        return sum_by(self.owner, loudness, self.people)

    def _keep_latest(self, value: FloatArray) -> None:
        """Of the follower counts of one account only the latest keeps its value, of one day the highest."""
        rows = self.followers[value[self.followers] > 0]
        order = rows[np.lexsort((-value[rows], -self.rows.day[rows], self.rows.voice[rows]))]
        voice = self.rows.voice[order]
        value[order[1:][voice[1:] == voice[:-1]]] = 0.0

    @cached_property
    def followers(self) -> IntArray:
        """Rows of follower counts."""
        return np.flatnonzero(self.rows.kind == AUDIENCE_CODE)

    @cached_property
    def owner(self) -> IntArray:
        """The person of each voice."""
        person = np.zeros(len(self.rows.standing[0]), dtype=np.int64)
        person[self.rows.voice] = self.rows.person
        return person


def _concatenated(first: Signals, second: Signals) -> Signals:
    """Both one after the other under common labels, without topics."""
    nothing = np.zeros(0, dtype=np.int64)
    network, networks = _joined((first.network, first.networks), (second.network, second.networks))
    actor, actors = _joined((first.actor, first.actors), (second.actor, second.actors))
    account, accounts = _joined((first.account, first.accounts), (second.account, second.accounts))
    post, posts = _joined((first.post, first.posts), (second.post, second.posts))
    return Signals(
        network=network,
        networks=networks,
        kind=np.concatenate((first.kind, second.kind)).astype(np.int64),
        day=np.concatenate((first.day, second.day)).astype(np.int64),
        actor=actor,
        actors=actors,
        count=np.concatenate((first.count, second.count)).astype(np.int64),
        account=account,
        accounts=accounts,
        post=post,
        posts=posts,
        topic=nothing,
        topic_row=nothing,
        topics=(),
    )


def _joined(*columns: tuple[IntArray, tuple[str, ...]]) -> tuple[IntArray, tuple[str, ...]]:
    """Codes of several columns under common labels; -1 stays."""
    codes: dict[str, int] = {}
    parts = []
    for column, labels in columns:
        known = np.array([*(codes.setdefault(label, len(codes)) for label in labels), -1], dtype=np.int64)
        parts.append(known[column])
    return np.concatenate(parts), tuple(codes)


def _numbered(*columns: IntArray) -> IntArray:
    """A number for each different row of the columns, from 0. Their codes are -1 or more."""
    number = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        lowest = int(column.min()) if len(column) else 0
        span = int(column.max()) - lowest + 1 if len(column) else 1
        number = np.unique(number * span + (column - lowest), return_inverse=True)[1]
    return number
