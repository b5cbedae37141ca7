"""Versions of the model: each day has its own, and what this program cannot compute is refused."""

import copy
from datetime import date, timedelta

import pytest

from tests.workers.scoring.second import second
from workers.scoring.explain import explain
from workers.scoring.model import KLARWERT_1, BadModelError, published, read_model
from workers.scoring.signals import Signal, Signals
from workers.scoring.versions import PUBLISHED, read_versions

STARTS = date(2026, 12, 1)
FIRST = published("klarwert-1")


def test_the_program_comes_with_the_first_version() -> None:
    assert PUBLISHED.all[0].model == KLARWERT_1
    assert PUBLISHED.named("klarwert-1") == KLARWERT_1
    assert PUBLISHED.on(date(2020, 1, 1)) == KLARWERT_1


def test_a_day_is_scored_with_the_version_that_applies_on_it() -> None:
    versions = read_versions([second(STARTS), FIRST])
    assert versions.on(STARTS - timedelta(days=1)).id == "klarwert-1"
    assert versions.on(STARTS).id == "invented-2"


def test_a_version_is_coming_from_its_announcement_to_its_start() -> None:
    versions = read_versions([FIRST, second(STARTS)])
    days = [STARTS - timedelta(days=31), STARTS - timedelta(days=30), STARTS - timedelta(days=1), STARTS]
    coming = [versions.coming(day) for day in days]
    assert [version.model.id if version else None for version in coming] == [None, "invented-2", "invented-2", None]


def test_a_score_takes_its_constants_from_its_version() -> None:
    model = read_model(second(STARTS)["document"])
    signals = Signals.from_rows([Signal("x", "reply", STARTS, actor="a"), Signal("x", "like", STARTS, actor="b")])
    old, new = explain(signals, STARTS, {}), explain(signals, STARTS, {}, model=model)
    assert (old.model.id, new.model.id) == ("klarwert-1", "invented-2")
    assert new.total.impact > old.total.impact, "a reply weighs more in the invented one"
    assert new.forward(15) < new.total.score
    assert new.networks[0].without == model.lowest


def changed(**constants: object) -> dict:
    document = copy.deepcopy(dict(FIRST["document"]))
    return {**document, **constants}


@pytest.mark.parametrize(
    "document",
    [
        changed(format="klarwert-model/2"),
        changed(rules={}),
        changed(weeks=12),
        changed(window_days=365, weeks=53),
        changed(more=1),
        changed(standing=None),
        {"id": "klarwert-9"},
    ],
)
def test_a_document_that_cannot_be_computed_exactly_is_refused(document: dict) -> None:
    with pytest.raises(BadModelError):
        read_model(document)


@pytest.mark.parametrize(
    "publications",
    [
        [],
        [FIRST, FIRST],
        [FIRST, {**second(STARTS), "starts": FIRST["starts"]}],
        [FIRST, {**second(STARTS), "announced": "2027-01-01"}],
        [FIRST, {**second(STARTS), "document": changed(id="klarwert-2", weights={"like": 1})}],
    ],
)
def test_versions_that_do_not_fit_together_are_refused(publications: list[dict]) -> None:
    with pytest.raises(BadModelError):
        read_versions(publications)
