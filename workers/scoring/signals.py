"""Signals, the input of every score: one as a row, many as columns of numbers with the labels they stand for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt

from workers.scoring.model import AUDIENCE, KLARWERT_1

IntArray = npt.NDArray[np.integer]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

KINDS = KLARWERT_1.kinds
AUDIENCE_CODE = KINDS.index(AUDIENCE)
KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
# More than a hundred reactions of every human being: whatever is above is a broken reading, not a count.
LARGEST_COUNT = 10**12
EPOCH = date(1970, 1, 1).toordinal()


class BadSignals(ValueError):  # noqa: N818 - names what was given, as it reads where it is caught
    """Signals that cannot be scored; says why in one sentence, and names the signal by its index (from 0)."""

    def __init__(self, reason: str, index: int | None = None) -> None:
        self.reason = reason
        self.index = index
        super().__init__(reason if index is None else f"signals[{index}]: {reason}")


@dataclass(frozen=True, slots=True)
class Signal:
    """One public reaction of somebody else, or one public count (score-model, section 1)."""

    network: str
    kind: str
    day: date
    """UTC."""
    actor: str | None = None
    count: int = 1
    account: str | None = None
    post: str | None = None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Signals:
    """n signals as columns of length n: codes point into the tuple of labels beside them, -1 means absent.

    The integer columns may be as narrow as they like. `topic` and `topic_row` are parallel and as long as there are
    (signal, topic) pairs: signal `topic_row[i]` has the topic `topics[topic[i]]`; no pair twice.
    Raises `BadSignals` for columns that do not fit together, codes without a label and impossible counts.
    """

    network: IntArray
    networks: tuple[str, ...]
    kind: IntArray
    """Index into `KINDS`."""
    day: IntArray
    """Days since 1970-01-01, UTC."""
    actor: IntArray
    actors: tuple[str, ...]
    count: IntArray
    account: IntArray
    accounts: tuple[str, ...]
    post: IntArray
    posts: tuple[str, ...]
    topic: IntArray
    topic_row: IntArray
    topics: tuple[str, ...]

    def __post_init__(self) -> None:
        columns = (self.network, self.kind, self.day, self.actor, self.count, self.account, self.post)
        if {len(column) for column in columns} != {len(self)} or len(self.topic) != len(self.topic_row):
            raise BadSignals("the columns are not equally long")
        _demand(self.count, 1, LARGEST_COUNT, f"the count must be from 1 to {LARGEST_COUNT}")
        _demand(self.network, 0, len(self.networks) - 1, "the network has no label")
        _demand(self.kind, 0, len(KINDS) - 1, "the kind has no label")
        _demand(self.actor, -1, len(self.actors) - 1, "the actor has no label")
        _demand(self.account, -1, len(self.accounts) - 1, "the account has no label")
        _demand(self.post, -1, len(self.posts) - 1, "the post has no label")
        _demand(self.topic, 0, len(self.topics) - 1, "the topic has no label", self.topic_row)
        _demand(self.topic_row, 0, len(self) - 1, "there is a topic for it, but no such signal", self.topic_row)

    def __len__(self) -> int:
        return len(self.network)

    @classmethod
    def from_rows(cls, rows: Iterable[Signal]) -> "Signals":
        """Columns of single signals, in their order. Raises `BadSignals`."""
        table = list(rows)
        return cls.from_columns(
            network=[row.network for row in table],
            kind=[row.kind for row in table],
            day=[row.day for row in table],
            actor=[row.actor for row in table],
            count=[row.count for row in table],
            account=[row.account for row in table],
            post=[row.post for row in table],
            topics=[row.topics for row in table],
        )

    @classmethod
    def from_columns(
        cls,
        *,
        network: Sequence[str],
        kind: Sequence[str],
        day: Sequence[date],
        actor: Sequence[str | None] | None = None,
        count: Sequence[int] | None = None,
        account: Sequence[str | None] | None = None,
        post: Sequence[str | None] | None = None,
        topics: Sequence[Sequence[str]] | None = None,
    ) -> "Signals":
        """Columns of plain values; a column left out is absent everywhere (a count is 1). Raises `BadSignals`."""
        size = len(network)
        networks, network_labels = _encode(network)
        actors, actor_labels = _encode(actor or [None] * size)
        accounts, account_labels = _encode(account or [None] * size)
        posts, post_labels = _encode(post or [None] * size)
        topic, topic_row, topic_labels = _encode_topics(topics or ())
        return cls(
            network=networks,
            networks=network_labels,
            kind=_encode_kinds(kind),
            day=np.fromiter((one.toordinal() - EPOCH for one in day), np.int64, len(day)),
            actor=actors,
            actors=actor_labels,
            count=_encode_counts(count or [1] * size),
            account=accounts,
            accounts=account_labels,
            post=posts,
            posts=post_labels,
            topic=topic,
            topic_row=topic_row,
            topics=topic_labels,
        )


def _demand(column: IntArray, low: int, high: int, reason: str, rows: IntArray | None = None) -> None:
    """Raise `BadSignals` for the first entry outside `low`..`high`; `rows` maps entries to signals."""
    wrong = (column < low) | (column > high)
    if wrong.any():
        first = int(wrong.argmax())
        raise BadSignals(reason, first if rows is None else int(rows[first]))


def _encode(values: Sequence[str | None]) -> tuple[IntArray, tuple[str, ...]]:
    codes: dict[str, int] = {}
    numbers = (-1 if value is None else codes.setdefault(value, len(codes)) for value in values)
    return np.fromiter(numbers, np.int64, len(values)), tuple(codes)


def _encode_kinds(kinds: Sequence[str]) -> IntArray:
    codes = np.fromiter((KIND_CODES.get(kind, -1) for kind in kinds), np.int64, len(kinds))
    if (codes < 0).any():
        index = int(codes.argmin())
        raise BadSignals(unknown_kind(kinds[index]), index)
    return codes


def _encode_counts(counts: Sequence[int]) -> IntArray:
    """Counts beyond 64 bits are brought down to one that is refused by its size like any other."""
    return np.fromiter((min(max(count, 0), LARGEST_COUNT + 1) for count in counts), np.int64, len(counts))


def _encode_topics(topics: Sequence[Sequence[str]]) -> tuple[IntArray, IntArray, tuple[str, ...]]:
    distinct = [tuple(dict.fromkeys(labels)) for labels in topics]
    codes, labels = _encode(list(chain.from_iterable(distinct)))
    rows = chain.from_iterable(repeat(row, len(one)) for row, one in enumerate(distinct))
    return codes, np.fromiter(rows, np.int64, len(codes)), labels


def unknown_kind(kind: str) -> str:
    """The sentence for a kind that the model does not know (plain ASCII, so that any terminal can print it)."""
    return f"the kind {kind[:40]!a} is unknown; known are {', '.join(KINDS)}"
