"""The batch of everybody gives what the explanation of each gives, and what a plain recomputation gives."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.scoring.batch import Crowd, Scores, score_all
from workers.scoring.case import read_signals
from workers.scoring.explain import explain
from workers.scoring.model import KLARWERT_1
from workers.scoring.signals import EPOCH, KINDS

from .draws import DAY, rows, yesterdays
from .reference import reference

NEAR = 1e-9
Row = dict[str, object]


class Codes:
    """Numbers for things, in the order in which they come."""

    def __init__(self) -> None:
        self.known: dict[object, int] = {}

    def __call__(self, thing: object) -> int:
        return self.known.setdefault(thing, len(self.known))


def crowd_of(people: list[list[Row]], yesterday: dict[str, float]) -> tuple[Crowd, Codes, Codes, Codes]:
    """The crowd of plain signals, put together as slowly and plainly as it can be."""
    voices, posts, networks, topics = Codes(), Codes(), Codes(), Codes()
    columns: list[tuple[int, int, int, int, int]] = []
    pairs: dict[tuple[int, int], None] = {}
    for person, signals in enumerate(people):
        for row in signals:
            network, kind = row["network"], row["kind"]
            count, actor = row.get("count") or 1, row.get("actor")
            if kind == "audience":
                voice = voices((person, "account", network, row.get("account")))
            elif actor is not None:
                voice = voices((person, "actor", network, actor))
            else:
                voice = voices((person, "counted", network, row.get("post"), kind))
            # A post of the draws may be on two networks and have other topics each time: each is a post of its own.
            told = tuple(dict.fromkeys(row.get("topics") or ()))
            networks((person, network))
            post = posts((person, network, row.get("post"), told))
            pairs |= {(post, topics((person, topic))): None for topic in told}
            day = (DAY.fromisoformat(str(row["day"]))).toordinal() - EPOCH
            columns.append((voice, post, KINDS.index(str(kind)), day, int(count)))  # type: ignore[call-overload]
    table = np.array(columns, dtype=np.int64).reshape(-1, 5)
    standing = [
        KLARWERT_1.standing(yesterday[key[3]]) if key[1] == "actor" and key[3] in yesterday else 1.0
        for key in voices.known  # type: ignore[misc,index]
    ]
    pairs_ = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    crowd = Crowd(
        people=len(people), voice=table[:, 0], post=table[:, 1], kind=table[:, 2], day=table[:, 3], count=table[:, 4],
        voice_person=np.array([key[0] for key in voices.known], dtype=np.int64),  # type: ignore[index]
        standing=np.array(standing),
        post_network=np.array([networks((key[0], key[1])) for key in posts.known], dtype=np.int64),  # type: ignore[index]
        network_person=np.array([key[0] for key in networks.known], dtype=np.int64),  # type: ignore[index]
        topic_post=pairs_[:, 0], topic=pairs_[:, 1],
        topic_person=np.array([key[0] for key in topics.known], dtype=np.int64),  # type: ignore[index]
    )  # fmt: skip
    return crowd, posts, networks, topics


def near(expected: object) -> object:
    return pytest.approx(expected, abs=NEAR, rel=0)


@settings(deadline=None)
@given(st.lists(rows, max_size=4), yesterdays)
def test_the_batch_is_the_explanation_of_each_and_a_plain_recomputation(
    people: list[list[Row]], yesterday: dict[str, float]
) -> None:
    crowd, posts, networks, topics = crowd_of(people, yesterday)
    made = score_all(crowd, DAY)
    for person, signals in enumerate(people):
        plain, told = reference(signals, DAY, yesterday), explain(read_signals(signals), DAY, yesterday)
        assert made.score[person] == near(plain["score"])
        assert made.score[person] == near(told.total.score)
        assert made.impact[person] == pytest.approx(plain["impact"], rel=NEAR, abs=NEAR)
        assert made.weeks[person] == told.total.weeks
        for parts, found in (
            (told.networks, of(made.by_network, networks, person, 1)),
            (told.kinds, dict(zip(KINDS, made.by_kind[person].tolist(), strict=True))),
            (told.posts, of(made.by_post, posts, person, 2)),
            (told.topics, of(made.by_topic, topics, person, 1)),
        ):
            for part in parts:
                assert found[part.label] == near(part.points)
        inside = dict(zip(KINDS, made.kind_counts[person].tolist(), strict=True))
        assert {kind: count for kind, count in inside.items() if count} == {p.label: p.signals for p in told.kinds}


def of(points: np.ndarray, codes: Codes, person: int, label: int) -> dict[object, float]:
    """Points of one person by label; what has the same label is added up."""
    found: dict[object, float] = {}
    for key, code in codes.known.items():
        if key[0] == person:  # type: ignore[index]
            name = key[label]  # type: ignore[index]
            found[name] = found.get(name, 0.0) + float(points[code])
    return found


def test_what_counts_nothing_gives_nothing() -> None:
    like: Row = {"network": "a", "kind": "like", "day": DAY.isoformat(), "actor": "x", "post": "p"}
    crowd, *_ = crowd_of([[like], [like | {"day": (DAY + timedelta(days=1)).isoformat()}], []], {})
    made: Scores = score_all(crowd, DAY)
    assert made.score.tolist() == [pytest.approx(1 + 99 / (1 + (100 / (1 / 13) ** 0.5) ** 0.35)), 1.0, 1.0]
    assert made.post_counts.tolist() == [1, 0]
