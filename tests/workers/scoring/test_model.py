"""The constants of `klarwert-1` are fixed, and so is the digest of the document that publishes them."""

import json

import pytest

from workers.scoring.model import KLARWERT_1


def test_the_digest_of_the_published_document_never_changes() -> None:
    assert KLARWERT_1.digest() == "cf82592720418deb9dd58eb071326bc129c8c0e3a1c9587dc2b65f2fd8410c3b"


def test_the_canonical_document_has_sorted_keys_and_no_spaces_between_them() -> None:
    text = KLARWERT_1.canonical().decode()
    assert text.startswith('{"audience_weight":0.01,"format":"klarwert-model/1","half_life_days":30,')
    assert json.loads(text) == KLARWERT_1.document()
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_the_document_shows_the_weights_that_are_published() -> None:
    assert KLARWERT_1.document()["weights"] == {
        "like": 1,
        "mention": 2,
        "reply": 3,
        "repost": 4,
        "endorsement": 4,
        "quote": 5,
        "link": 5,
    }


def test_the_weeks_fill_the_window_exactly() -> None:
    assert KLARWERT_1.weeks * 7 == KLARWERT_1.window_days


@pytest.mark.parametrize(
    ("yesterday", "standing"),
    [(1, 1), (24.999999, 1), (24.9999999, 1.25), (25, 1.25), (49.999999, 1.25), (50, 1.6), (75, 2), (99.9, 2)],
)
def test_standing_rises_in_steps_of_the_rounded_score(yesterday: float, standing: float) -> None:
    assert KLARWERT_1.standing(yesterday) == standing
