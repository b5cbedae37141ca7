"""A case in text gives a score in text, and whatever cannot be scored is refused with a sentence that says why."""

import json
from datetime import date
from pathlib import Path

import pytest

from workers.scoring.case import read_signals, read_yesterday, score_case
from workers.scoring.signals import BadSignals

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
LIKE = {"network": "x", "kind": "like", "day": "2026-11-01", "actor": "aa"}


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_every_vector_can_be_scored_as_text(case: dict) -> None:
    result = json.loads(score_case(json.dumps(case), None))
    assert list(result) == ["score", "impact", "points"]
    assert result["score"] == pytest.approx(case["expect"]["score"], abs=1e-9, rel=0)
    assert result["impact"] == pytest.approx(case["expect"]["impact"], abs=0, rel=1e-9)
    assert result["points"] == pytest.approx(case["expect"]["points"], abs=1e-9, rel=0)


def test_a_day_that_is_given_wins_over_the_day_of_the_case() -> None:
    case = json.dumps({"day": "2026-11-01", "signals": [LIKE]})
    assert json.loads(score_case(case, None))["score"] > 1
    assert json.loads(score_case(case, date(2027, 2, 1)))["score"] == 1
    assert score_case(case, date(2026, 11, 1)) == score_case(
        case.replace('"day": "2026-11-01", "s', '"s'), date(2026, 11, 1)
    )


def test_yesterday_may_be_missing_or_null() -> None:
    for case in ({"signals": [LIKE]}, {"signals": [LIKE], "yesterday": None, "day": None}):
        assert json.loads(score_case(json.dumps(case), date(2026, 11, 1)))["score"] > 1


def test_a_field_that_is_null_is_absent() -> None:
    nulls = dict.fromkeys(("actor", "count", "account", "post", "topics"))
    signals = read_signals([LIKE | nulls])
    assert (signals.actor[0], signals.count[0], signals.account[0], signals.post[0]) == (-1, 1, -1, -1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"this is not JSON \(line 1, column 1\)"),
        ('{"signals": [],\n}', r"this is not JSON \(line "),
        ("[]", "a case is a JSON object"),
        ("{}", "no field 'signals'"),
        ('{"signals": []}', "no day: give one with --day"),
        ('{"signals": [], "day": "01.11.2026"}', "'day' must be a day as YYYY-MM-DD"),
        ('{"signals": {}, "day": "2026-11-01"}', "'signals' must be a list"),
        ('{"signals": [], "signals": []}', "same field twice"),
        ('{"signals": [], "day": NaN}', "NaN is no number"),
        ('{"signals": ' + "[" * 100_000, "too deep"),
        ('{"signals": [' + "9" * 5_000 + "]}", "too long"),
    ],
)
def test_a_text_that_is_no_case_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadSignals, match=sentence) as caught:
        score_case(text, None)
    assert caught.value.index is None


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("like", "a signal is an object"),
        (LIKE | {"coutn": 5}, "the field 'coutn' is unknown; known are network, kind,"),
        (LIKE | {"network": ""}, "'network' must be a text that is not empty"),
        (LIKE | {"network": None}, "'network' must be a text"),
        (LIKE | {"kind": 7}, "'kind' must be a text"),
        (LIKE | {"kind": "applaus\ud83d"}, r"the kind 'applaus\\ud83d' is unknown; known are like, "),
        ({"network": "x", "kind": "like"}, "'day' must be a day as YYYY-MM-DD"),
        (LIKE | {"day": "20261101"}, "'day' must be a day as YYYY-MM-DD"),
        (LIKE | {"day": "2026-W44-7"}, "'day' must be a day as YYYY-MM-DD"),
        (LIKE | {"day": "2026-11-01\n"}, "'day' must be a day as YYYY-MM-DD"),
        (LIKE | {"day": "2026-02-30"}, "there is no day 2026-02-30"),
        (LIKE | {"actor": 17}, "'actor' must be a text that is not empty"),
        (LIKE | {"account": ""}, "'account' must be a text"),
        (LIKE | {"post": ["a"]}, "'post' must be a text"),
        (LIKE | {"count": 0}, "'count' must be a whole number from 1 to 1000000000000"),
        (LIKE | {"count": -3}, "'count' must be a whole number"),
        (LIKE | {"count": 2.0}, "'count' must be a whole number"),
        (LIKE | {"count": True}, "'count' must be a whole number"),
        (LIKE | {"count": "3"}, "'count' must be a whole number"),
        (LIKE | {"count": 10**30}, "'count' must be a whole number"),
        (LIKE | {"topics": "birds"}, "'topics' must be a list of texts"),
        (LIKE | {"topics": ["birds", ""]}, "'topics' must be a list of texts"),
    ],
)
def test_a_bad_signal_is_refused_and_named_by_its_index(row: object, sentence: str) -> None:
    with pytest.raises(BadSignals, match=rf"signals\[2\]: .*{sentence}" if sentence else "") as caught:
        read_signals([LIKE, LIKE, row, "later ones do not matter"])
    assert caught.value.index == 2
    assert str(caught.value).isascii()


@pytest.mark.parametrize("value", [[], "aa", {"aa": "50"}, {"aa": True}, {"aa": None}, {"aa": -1}, {"aa": 100.5}])
def test_bad_scores_of_yesterday_are_refused(value: object) -> None:
    with pytest.raises(BadSignals, match="'yesterday'"):
        read_yesterday(value)
