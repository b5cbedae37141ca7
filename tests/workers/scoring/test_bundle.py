"""The explanation as a file: exactly the published form, with labels that say nothing outside of it."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workers.scoring
from tests.workers.scoring.draws import DAY, rows, yesterdays
from tests.workers.scoring.sealed import FANS, INSTANCE, POSTS, ROWS, signed, told
from workers.scoring.bundle import payload
from workers.scoring.case import read_signals
from workers.scoring.explain import explain
from workers.scoring.model import KLARWERT_1

SCHEMA = json.loads((Path(workers.scoring.__file__).parent / "explanation-1.schema.json").read_text(encoding="utf-8"))


def inside() -> jsonschema.Draft202012Validator:
    """Checks what is in `payload`."""
    return jsonschema.Draft202012Validator({"$ref": "#/$defs/explanation", "$defs": SCHEMA["$defs"]})


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_file_has_the_published_form() -> None:
    file = json.loads(signed(told()))
    jsonschema.Draft202012Validator(SCHEMA).validate(file)
    assert list(file) == ["payload", "signature"]
    explanation = json.loads(file["payload"])
    assert list(explanation) == [
        "format", "model", "instance", "day", "score", "impact", "weeks", "signals", "excluded",
    ]  # fmt: skip
    assert explanation["model"] == {"id": "klarwert-1", "digest": KLARWERT_1.digest()}
    assert explanation["signals"][1] == {
        "network": "bluesky", "kind": "reply", "day": "2026-10-20", "actor": "v1", "post": POSTS[1], "count": 3,
        "topics": [], "standing": 1.6, "points": pytest.approx(explanation["signals"][1]["points"]),
    }  # fmt: skip
    assert sum(one["points"] for one in explanation["signals"]) == pytest.approx(explanation["score"] - 1, abs=1e-9)
    assert [one["reason"] for one in explanation["excluded"]] == ["newer_count", "too_new", "too_old"]


@given(rows, yesterdays, st.booleans())
def test_every_file_has_the_published_form(drawn: list[dict], lent: dict[str, float], auditor: bool) -> None:
    explanation = json.loads(told(drawn, lent, auditor=auditor))
    inside().validate(explanation)
    assert len(explanation["signals"]) + len(explanation["excluded"]) == len(drawn)


@pytest.mark.parametrize("auditor", [False, True])
def test_no_pseudonym_and_no_account_is_in_a_file(auditor: bool) -> None:
    text = told([{**row, "account": "balcony"} for row in ROWS], auditor=auditor)
    assert not [fan for fan in [*FANS, "balcony"] if fan in text]


def test_the_persons_file_has_addresses_and_the_auditors_labels() -> None:
    persons, auditors = (json.loads(told(auditor=auditor))["signals"] for auditor in (False, True))
    assert [one.get("post") for one in persons] == [POSTS[0], POSTS[1], POSTS[1], POSTS[0], None, POSTS[0], None]
    assert [one.get("post") for one in auditors] == ["p1", "p2", "p2", "p1", None, "p1", None]
    assert "garten.example" not in told(auditor=True)
    for one, other in zip(persons, auditors, strict=True):
        assert {**one, "post": ""} == {**other, "post": ""}


def test_labels_count_from_one_in_every_file() -> None:
    explanation = json.loads(told(ROWS[2:4]))
    assert [one["actor"] for one in explanation["signals"]] == ["v1", "v2"]
    assert [one.get("account") for one in explanation["signals"]] == [None, "a1"]


def test_a_post_without_an_address_makes_no_file() -> None:
    with pytest.raises(KeyError):
        payload(explain(read_signals(ROWS), DAY, {}), INSTANCE, {})
