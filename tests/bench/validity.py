"""Prints how well the score foretells who is heard next month, beside plain counts and PageRank.

`bin/bench validity FILE`: FILE is a table (CSV, perhaps gzipped) with a head line and the columns actor, target, ts
(Unix seconds), kind (`a2q`, `c2q`, `c2a`: an answer or a comment to somebody). At each of 16 cut-offs, every 120 days
from day 400 on, everybody is ranked by what was known then, and held against how many different people react to them in
the 30 days after it: NDCG@100 (Järvelin and Kekäläinen 2002; the gain is ln(1 + that number), the ideal is over
everybody, those who came later included) and Spearman over who was heard in the 90 days before.

The score is made by the functions of the product, with 90 days of data.
"""

import gzip
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import igraph
import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from workers.scoring.changes import Rows, changes
from workers.scoring.signals import KIND_CODES

CUT_OFFS = range(400, 400 + 16 * 120, 120)
DAYS = 90
AHEAD = 30
BEST = 100
DAY = 24 * 3600
#: Answers and comments are replies.
KIND = "reply"

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Events:
    """Reactions of one person to another, oldest first, without those to oneself; `day` from the first one on."""

    def __init__(self, actor: Ints, target: Ints, seconds: Ints) -> None:
        others = np.flatnonzero(actor != target)
        order = others[np.argsort(seconds[others], kind="stable")]
        people, number = np.unique(np.concatenate((actor, target)), return_inverse=True)
        self.people = len(people)
        self.actor, self.target = number[: len(actor)][order], number[len(actor) :][order]
        self.day = (seconds[order] - seconds.min()) // DAY

    def between(self, first: int, end: int) -> slice:
        """Events of days from `first` up to before `end`."""
        return slice(*np.searchsorted(self.day, [first, end]))


def read(path: Path) -> Events:
    """The events of a file."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        head = file.readline().strip().split(",")
        if head[:3] != ["actor", "target", "ts"]:
            raise SystemExit("the file needs the columns actor, target, ts, kind")
        table = np.loadtxt(file, delimiter=",", usecols=(0, 1, 2), dtype=np.int64)
    return Events(table[:, 0], table[:, 1], table[:, 2])


def score(events: Events, cut: int) -> Floats:
    """The score of everybody on the day before the cut-off, as the product makes it."""
    part = events.between(cut - DAYS, cut)
    actor, target, day = events.actor[part], events.target[part], events.day[part]
    voice = np.unique(target * events.people + actor, return_inverse=True)[1]
    size, voices = len(day), int(voice.max()) + 1
    nothing, plain, nobody = np.zeros(size, dtype=np.int64), np.ones(voices), np.zeros(size, dtype=np.bool_)
    rows = Rows(
        person=target,
        voice=voice,
        kind=np.full(size, KIND_CODES[KIND]),
        day=day,
        counts=(nothing, np.ones(size, dtype=np.int64)),
        disputed=(nobody, nobody),
        standing=(plain, plain),
    )
    return changes(rows, (cut - 2, cut - 1), events.people).after


def count(days: int) -> Callable[[Events, int], Floats]:
    """Reactions of the last so many days."""

    def counted(events: Events, cut: int) -> Floats:
        part = events.between(cut - days, cut)
        return np.bincount(events.target[part], minlength=events.people).astype(np.float64)

    return counted


def pagerank(half_life: float) -> Callable[[Events, int], Floats]:
    """PageRank (damping 0.85) over all reactions so far, each weighing half after `half_life` days."""

    def ranked(events: Events, cut: int) -> Floats:
        part = events.between(0, cut)
        edge, place = np.unique(events.actor[part] * events.people + events.target[part], return_inverse=True)
        weight = np.bincount(place, weights=0.5 ** ((cut - 1 - events.day[part]) / half_life))
        pairs = np.stack(np.divmod(edge, events.people), axis=1)
        graph = igraph.Graph(n=events.people, edges=pairs, directed=True)
        return np.array(graph.pagerank(weights=weight.tolist(), damping=0.85))

    return ranked


RANKINGS: Mapping[str, Callable[[Events, int], Floats]] = {
    "klarwert-1": score,
    "reactions of 28 days": count(28),
    "reactions of 90 days": count(DAYS),
    "PageRank, all history": pagerank(np.inf),
    "PageRank, half-life 90 days": pagerank(90.0),
}


def gain(events: Events, cut: int) -> Floats:
    """How many different people react to everybody in the days after the cut-off."""
    part = events.between(cut, cut + AHEAD)
    pairs = np.unique(events.target[part] * events.people + events.actor[part])
    return np.bincount(pairs // events.people, minlength=events.people).astype(np.float64)


def ndcg(ranking: Floats, gains: Floats) -> float:
    """NDCG of the best hundred; equal ones in the order of their numbers, which are random."""
    gains = np.log1p(gains)
    discount = 1 / np.log2(np.arange(2, BEST + 2))
    best = np.argsort(-ranking, kind="stable")[:BEST]
    ideal = np.sort(gains)[::-1][:BEST]
    return float((gains[best] * discount[: len(best)]).sum() / (ideal * discount[: len(ideal)]).sum())


def measure(events: Events) -> dict[str, tuple[float, float]]:
    """Mean NDCG@100 and Spearman over the cut-offs, by name of the ranking."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in RANKINGS}
    for cut in CUT_OFFS:
        gains = gain(events, cut)
        if not gains.any():
            raise SystemExit(f"nobody reacts after day {cut}: the file is too short for {len(CUT_OFFS)} cut-offs")
        heard = np.unique(events.target[events.between(cut - DAYS, cut)])
        for name, rank in RANKINGS.items():
            ranking = rank(events, cut)
            found[name].append((ndcg(ranking, gains), float(spearmanr(ranking[heard], gains[heard]).statistic)))
    return {
        name: (float(np.mean([a for a, _ in each])), float(np.mean([b for _, b in each])))
        for name, each in found.items()
    }


def main() -> None:
    """Prints a table."""
    if len(sys.argv) != 2:
        raise SystemExit("say which file: bin/bench validity FILE")
    events = read(Path(sys.argv[1]))
    sys.stdout.write(
        f"{len(events.day):,} reactions, {events.people:,} people, {len(CUT_OFFS)} cut-offs every 120 days from day "
        f"{CUT_OFFS.start}\n"
        f"{'ranking':<30}{'NDCG@100':>10}{'Spearman':>10}\n"
    )
    for name, (quality, correlation) in measure(events).items():
        sys.stdout.write(f"{name:<30}{quality:>10.3f}{correlation:>10.3f}\n")


if __name__ == "__main__":
    main()
