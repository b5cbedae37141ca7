import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pyld import jsonld

from privacy.consent import Consent, NoticeText
from privacy.notices import Notice
from privacy.receipt import receipt
from privacy.vocabulary import Purpose

ID = "0123456789abcdef0123456789abcdef"
SUBJECT = "fedcba9876543210fedcba9876543210"
GIVEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENDED = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
SHOWN = Notice(Purpose.SCORING, 1, "de", "Darf das?", "Verein Beispiel e. V.")


def record(**said: Any) -> dict[str, Any]:
    """The receipt of an invented decision."""
    facts = {
        "id": ID, "subject_id": SUBJECT, "purpose": "scoring", "network": "bluesky", "granted": True,
        "notice_digest": SHOWN.digest, "method": "web form", "decided_at": GIVEN, "ended_at": None,
    }  # fmt: skip
    text = NoticeText(
        digest=SHOWN.digest, purpose="scoring", version=1, language="de", controller=SHOWN.controller, text=SHOWN.text
    )  # fmt: skip
    return receipt(Consent(**(facts | said)), text)


def terms(value: object) -> Iterator[str]:
    """Every name of a property in a document."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from terms(part) if name != "@context" else ()


@pytest.mark.parametrize(
    ("said", "status", "end"),
    [
        ({}, "dpv:ConsentGiven", None),
        ({"granted": False}, "dpv:ConsentRefused", None),
        ({"ended_at": ENDED}, "dpv:ConsentWithdrawn", "2026-12-01T09:30:00+00:00"),
        ({"granted": False, "ended_at": ENDED}, "dpv:ConsentRefused", "2026-12-01T09:30:00+00:00"),
    ],
    ids=["given", "refused", "withdrawn", "refused, then replaced"],
)
def test_a_receipt_says_what_was_answered_and_until_when(said: dict[str, Any], status: str, end: str | None) -> None:
    made = record(**said)
    assert made["dpv:hasConsentStatus"] == status
    assert made["dct:valid"]["dcat:startDate"] == made["dpv:isIndicatedAtTime"] == "2026-11-22T12:00:00+00:00"
    assert made["dct:valid"]["dcat:endDate"] == end


def test_a_receipt_says_who_asked_what_word_for_word_and_how() -> None:
    made = record(method="on paper")
    assert made["@type"] == "dpv:ConsentRecord"
    assert made["dct:conformsTo"] == "ISO/IEC TS 27560:2023"
    assert made["dpv:hasDataController"]["dpv:hasName"] == "Verein Beispiel e. V."
    assert made["dpv:hasPurpose"] == {"dct:identifier": "scoring", "dct:subject": "bluesky"}
    assert made["dpv:hasIndicationMethod"] == "on paper"
    shown = made["dpv:hasNotice"]
    assert (shown["dct:description"], shown["dct:language"], shown["dct:hasVersion"]) == ("Darf das?", "de", 1)
    assert shown["spdx:checksum"]["spdx:checksumValue"] == SHOWN.digest


def test_a_receipt_of_a_purpose_without_a_network_names_none() -> None:
    assert record(purpose="recognition", network="")["dpv:hasPurpose"]["dct:subject"] is None


def test_ids_are_proper_uuids() -> None:
    made = record()
    assert made["@id"] == "urn:uuid:01234567-89ab-cdef-0123-456789abcdef"
    assert made["dpv:hasDataSubject"] == "urn:uuid:fedcba98-7654-3210-fedc-ba9876543210"


def test_every_term_of_a_receipt_has_a_meaning() -> None:
    made = record()
    for name in terms(made):
        assert name.startswith("@") or name.partition(":")[0] in made["@context"], name


def test_a_receipt_expands_to_terms_of_known_vocabularies() -> None:
    """Read by a library for JSON-LD 1.1; the context stands in the receipt, so nothing is loaded."""
    [whole] = jsonld.expand(json.loads(json.dumps(record())))
    dpv, gdpr, dct = "https://w3id.org/dpv#", "https://w3id.org/dpv/legal/eu/gdpr#", "http://purl.org/dc/terms/"
    assert whole["@type"] == [f"{dpv}ConsentRecord"]
    assert whole[f"{dpv}hasConsentStatus"] == [{"@id": f"{dpv}ConsentGiven"}]
    assert whole[f"{dpv}hasLegalBasis"] == [{"@id": f"{gdpr}A6-1-a"}, {"@id": f"{gdpr}A9-2-a"}]
    [shown] = whole[f"{dpv}hasNotice"]
    assert shown["http://spdx.org/rdf/terms#checksum"][0]["@type"] == ["http://spdx.org/rdf/terms#Checksum"]
    assert shown[f"{dct}description"] == [{"@value": "Darf das?"}]
    assert "http://www.w3.org/ns/dcat#endDate" not in whole[f"{dct}valid"][0]
    when = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": GIVEN.isoformat()}
    assert whole[f"{dpv}isIndicatedAtTime"] == [when]


def test_a_receipt_survives_being_compacted_again() -> None:
    made = record(ended_at=ENDED)
    back = jsonld.compact(jsonld.expand(made), made["@context"])
    assert back == made


def test_a_receipt_is_json() -> None:
    made = record()
    assert json.loads(json.dumps(made)) == made
