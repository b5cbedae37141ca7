"""The explanation of a score: what gave how many points, what the score would be without it, and what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from workers.scoring.model import AUDIENCE, KLARWERT_1, Model
from workers.scoring.score import Frame, Score, Tally, frame, impact, influences, scale, scored, sum_by, tally
from workers.scoring.signals import KINDS, BoolArray, FloatArray, IntArray, Signals
from workers.scoring.without import Groups, leave_one_out


@dataclass(frozen=True)
class Part:
    """One network, kind, post, week or topic in an explanation."""

    label: str
    """Network, kind, address of the post, topic; of a week its number, 0 for the newest."""
    rank: int
    """1 for the most points among its like; equal points go by label, shorter ones first."""
    points: float
    """Of a topic the signal's points are shared with its other topics."""
    influence: float
    """What it adds to the sum of all voices; unlike points, comparable between participants (score-model, 7)."""
    signals: int
    """Signals in the window, counted ones as one."""
    without: float
    """The score if its signals did not exist."""


@dataclass(frozen=True)
class LentStanding:
    """What participants who lend their standing contribute together; names nobody, tells no score."""

    points: float
    signals: int
    steps: tuple[tuple[float, int], ...]
    """(standing, number of voices with it), rising."""
    without: float
    """The score if their reactions did not exist."""
    unlent: float
    """The score if their reactions counted like everybody's."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A score taken apart. Parts are in the order of their rank, weeks from the newest (all 13)."""

    day: date
    total: Score
    steadiness: float
    """Factor of the impact for the weeks with a reaction, 0 to 1."""
    networks: tuple[Part, ...]
    kinds: tuple[Part, ...]
    posts: tuple[Part, ...]
    weeks: tuple[Part, ...]
    topics: tuple[Part, ...]
    lent: LentStanding
    frame: Frame = field(repr=False)
    tally: Tally = field(repr=False)

    @property
    def standing(self) -> FloatArray:
        """Standing with which each signal counts, in the order of the input."""
        return self.frame.standing[self.frame.voice]

    def without(self, gone: BoolArray) -> Score:
        """The score if the signals marked in `gone` (one entry per signal) did not exist."""
        return scored(self.frame, tally(self.frame, gone))

    def without_each(self) -> FloatArray:
        """The score without each single signal, in the order of the input."""
        rows = np.arange(len(self.frame.age))
        return leave_one_out(self.frame, self.tally, Groups(rows, rows, len(rows)))

    @property
    def model(self) -> Model:
        """The version that it was scored with."""
        return self.frame.model

    def forward(self, days: int) -> float:
        """The score `days` (at least 0) days later if nothing new arrives and the standing of others stays."""
        return self.what_if(Wish(days=days)).score

    def with_more(self, kind: str, k: int) -> float:
        """The score if today `k` people never heard before (standing 1) reacted once each.

        Raises `ValueError` for `audience`, which is no reaction, an unknown kind and a negative `k`.
        """
        return self.what_if(Wish(kind=kind, people=k)).score

    def what_if(self, wish: "Wish") -> "Outcome":
        """The score if all of a wish came true: some signals never were, others arrive today, then days go by.

        It is computed by the same functions as the score itself. Raises `ValueError` for a wish that makes no sense.
        """
        if wish.days < 0 or wish.people < 0 or wish.kind == AUDIENCE or wish.kind not in self.model.weights:
            raise ValueError("days must not be negative, kind must be a kind of reaction and people not negative")
        later = tally(self.frame.aged(wish.days), wish.gone)
        weeks = later.week_counts.copy()
        total = later.total + float(later.loudness[self._voices_of(wish.again)].sum())
        if wish.people and wish.days < self.model.window_days:
            value = self.model.weights[wish.kind] * 2.0 ** (-wish.days / self.model.half_life_days)
            total += wish.people * value**0.5
            weeks[wish.days // 7] += wish.people
        counted = int(np.count_nonzero(weeks))
        found = scale(impact(np.asarray(counted), np.asarray(total), self.model), self.model)
        return Outcome(float(found), counted)

    def _voices_of(self, network: str | None) -> BoolArray:
        """Marks the voices of a network; none for None. Raises `ValueError` for an unknown one."""
        signals, marked = self.frame.signals, np.zeros(len(self.frame.standing), dtype=np.bool_)
        if network is not None:
            marked[self.frame.voice[signals.network == signals.networks.index(network)]] = True
        return marked


@dataclass(frozen=True, eq=False)
class Wish:
    """What somebody wants to know: all of it together."""

    gone: BoolArray | None = None
    """Signals that never were, one entry a signal."""
    kind: str = KINDS[0]
    people: int = 0
    """So many people never heard before react once each today, in the way of `kind`."""
    again: str | None = None
    """One network more: what this network of theirs gives comes from different people on another one as well."""
    days: int = 0
    """Then so many days go by without anything new."""


@dataclass(frozen=True)
class Outcome:
    """What would be."""

    score: float
    weeks: int
    """Weeks of 13 in which somebody reacted."""


def explain(
    signals: Signals,
    day: date,
    yesterday: Mapping[str, float],
    disputed: BoolArray | None = None,
    model: Model = KLARWERT_1,
) -> Explanation:
    """Take the score of `day` apart; arguments as for `score`, and as for `frame` those that are disputed."""
    seen = frame(signals, day, yesterday, disputed, model)
    sums = tally(seen)
    total = scored(seen, sums)
    view = _View(seen, sums, total)
    return Explanation(
        day=day,
        total=total,
        steadiness=float(np.sqrt(total.weeks / model.weeks)),
        networks=view.ranked(view.by_code(signals.network, len(signals.networks)), signals.networks),
        kinds=view.ranked(view.by_code(signals.kind, len(KINDS)), KINDS),
        posts=view.ranked(view.by_code(signals.post, len(signals.posts)), signals.posts),
        weeks=view.weeks(),
        topics=view.ranked(view.by_topic(), signals.topics, shared=True),
        lent=view.lent(),
        frame=seen,
        tally=sums,
    )


@dataclass(frozen=True, eq=False)
class _View:
    """A scored frame, to be cut into parts."""

    seen: Frame
    sums: Tally
    total: Score

    def by_code(self, codes: IntArray, size: int) -> Groups:
        """Groups by a column of codes: only signals in the window that have one."""
        rows = np.flatnonzero(self.seen.inside & (codes >= 0))
        return Groups(rows, codes[rows].astype(np.int64), size)

    def by_topic(self) -> Groups:
        """Groups by topic; a signal is in as many as it has topics."""
        signals = self.seen.signals
        inside = self.seen.inside[signals.topic_row]
        return Groups(
            signals.topic_row[inside].astype(np.int64), signals.topic[inside].astype(np.int64), len(signals.topics)
        )

    def ranked(self, groups: Groups, labels: Sequence[str], *, shared: bool = False) -> tuple[Part, ...]:
        """Parts with signals in the window, most points first."""
        present = np.unique(groups.group)
        renumbered = Groups(groups.row, np.searchsorted(present, groups.group), len(present))
        parts = self._parts(renumbered, [labels[code] for code in present], shared)
        return tuple(sorted(parts, key=lambda part: part.rank))

    def weeks(self) -> tuple[Part, ...]:
        """All weeks, the newest first."""
        labels = [str(week) for week in range(self.seen.model.weeks)]
        return tuple(self._parts(self.by_code(self.seen.age // 7, len(labels)), labels, shared=False))

    def lent(self) -> LentStanding:
        """The part of those who lend their standing."""
        seen = self.seen
        lenders = seen.lender & seen.inside
        voices = np.unique(seen.voice[lenders])
        steps, numbers = np.unique(seen.standing[voices], return_counts=True)
        plain = float(np.sqrt(self.sums.sums).sum())
        return LentStanding(
            points=float(self.total.points[lenders].sum()),
            signals=int(np.count_nonzero(lenders)),
            steps=tuple(zip(steps.tolist(), numbers.tolist(), strict=True)),
            without=tally(seen, lenders).score,
            unlent=float(scale(impact(np.asarray(self.total.weeks), np.asarray(plain), seen.model), seen.model)),
        )

    def _parts(self, groups: Groups, labels: Sequence[str], shared: bool) -> list[Part]:
        """One part for every group, in the order of the groups; `shared`: each signal gives 1/k to its k groups."""
        share = 1.0 / np.bincount(groups.row, minlength=1)[groups.row] if shared else np.ones(len(groups.row))
        points = sum_by(groups.group, share * self.total.points[groups.row], groups.size)
        influence = sum_by(groups.group, share * influences(self.seen, self.sums)[groups.row], groups.size)
        signals = np.bincount(groups.group, minlength=groups.size)
        without = leave_one_out(self.seen, self.sums, groups)
        columns = (points.tolist(), influence.tolist(), signals.tolist(), without.tolist())
        return [Part(*row) for row in zip(labels, _ranks(points, labels), *columns, strict=True)]


def _ranks(points: FloatArray, labels: Sequence[str]) -> list[int]:
    """Place of each by points; what differs by less than a rounding error is equal and goes by label."""
    order = sorted(range(len(labels)), key=lambda i: (-round(float(points[i]), 9), len(labels[i]), labels[i]))
    ranks = [0] * len(labels)
    for place, i in enumerate(order, start=1):
        ranks[i] = place
    return ranks
