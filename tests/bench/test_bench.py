"""The benches measure with the product itself: the same scores, the same door, the definitions that they print."""

import gzip
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.bench import manipulation, pages, validity
from workers.scoring.score import score
from workers.scoring.signals import Signals

START = 1_300_000_000


def events(number: int = 3000, people: int = 40) -> validity.Events:
    draw = np.random.default_rng(7)
    seconds = START + np.sort(draw.integers(0, 2400 * validity.DAY, number))
    return validity.Events(draw.integers(0, people, number), draw.integers(0, people, number), seconds)


def test_the_ranking_by_score_is_the_score_of_each_person_alone() -> None:
    given, cut = events(), 500
    found = validity.score(given, cut)
    part = given.between(cut - validity.DAYS, cut)
    for person in np.unique(given.target[part]).tolist():
        mine = np.flatnonzero(given.target[part] == person)
        signals = Signals.from_columns(
            network=["x"] * len(mine),
            kind=[validity.KIND] * len(mine),
            day=[date(2020, 1, 1) + timedelta(days=int(day)) for day in given.day[part][mine]],
            actor=[str(actor) for actor in given.actor[part][mine]],
        )
        alone = score(signals, date(2020, 1, 1) + timedelta(days=cut - 1), {}).score
        assert found[person] == pytest.approx(alone, abs=1e-9)


def test_reactions_to_oneself_are_left_out_and_the_gain_counts_people_once() -> None:
    given = validity.Events(
        np.array([1, 1, 1, 2, 3]), np.array([1, 2, 2, 2, 2]), START + validity.DAY * np.array([0, 1, 2, 3, 40])
    )
    assert len(given.day) == 3
    assert validity.gain(given, 0).tolist() == [0, 1, 0]


def test_ndcg_is_one_for_the_perfect_ranking_and_less_for_any_other() -> None:
    gains = np.array([0.0, 3.0, 1.0, 7.0])
    assert validity.ndcg(gains, gains) == pytest.approx(1)
    assert validity.ndcg(-gains, gains) < 1


def test_a_file_is_read_and_measured(tmp_path: Path) -> None:
    given = events()
    path = tmp_path / "events.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("actor,target,ts,kind\n")
        for row in zip(given.actor, given.target, START + given.day * validity.DAY, strict=True):
            file.write(",".join(map(str, row)) + ",a2q\n")
    found = validity.measure(validity.read(path))
    assert list(found) == list(validity.RANKINGS)
    assert all(0 < quality <= 1 for quality, _ in found.values())


def test_genuine_people_are_worth_what_they_are() -> None:
    for people in (1, 5, 40):
        assert manipulation.equivalents(manipulation.genuine(people)) == people


def test_young_accounts_are_refused_at_the_door_and_old_ones_are_not() -> None:
    young, old = (
        manipulation.measure(manipulation.Attack("x", 10, manipulation.puppets(10, [0]), age))
        for age in (manipulation.YOUNG, manipulation.OLD)
    )
    assert (young.refused, young.score, young.equivalents) == (300, 1.0, 0)
    assert old.refused == 0
    assert old.each > 1


def test_followers_without_reactions_bring_nothing() -> None:
    silent = next(manipulation.attacks())
    assert manipulation.measure(silent).score == 1.0


@pytest.mark.slow
def test_every_page_of_every_role_is_measured_with_people_beside_the_cast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "TIMES", 1)
    monkeypatch.setattr(pages, "PEOPLE", 1)
    monkeypatch.setenv("KLARWERT_DATA", "")  # is set anew, and put back afterwards
    monkeypatch.setenv("KLARWERT_DEMO", "")
    found = pages.measure(tmp_path / "data", 20)
    assert {took.role for took in found} == {"nobody", "participant", "admin", "dpo", "auditor"}
    assert {"/score", "/explanation", "/comparison", "/organisation/overview"} <= {took.kind for took in found}
    assert len([took for took in found if (took.role, took.kind) == ("participant", "/score")]) == 1
    assert [took.p95 for took in found] == sorted((took.p95 for took in found), reverse=True)
    assert any("/score" in line for line in pages.tell(found))
