"""The consent receipt: one decision as a record that other programs understand (W3C DPV 2, ISO/IEC TS 27560:2023)."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from privacy.consent import Consent, NoticeText
from privacy.vocabulary import SPECIAL

_LINK = {"@type": "@id"}
_MOMENT = {"@type": "xsd:dateTime"}
#: Terms of the Data Privacy Vocabulary (https://w3id.org/dpv), and for time and hash those that DCAT 3 uses.
_CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dpv:hasDataSubject": _LINK,
    "dpv:hasLegalBasis": _LINK,
    "dpv:hasConsentStatus": _LINK,
    "spdx:algorithm": _LINK,
    "dpv:isIndicatedAtTime": _MOMENT,
    "dcat:startDate": _MOMENT,
    "dcat:endDate": _MOMENT,
}


def receipt(consent: Consent, notice: NoticeText) -> dict[str, Any]:
    """The record as JSON-LD: who asked, what was asked word for word, what was answered, when and how, until when."""
    status = "ConsentRefused" if not consent.granted else "ConsentWithdrawn" if consent.ended_at else "ConsentGiven"
    return {
        "@context": _CONTEXT,
        "@type": "dpv:ConsentRecord",
        "@id": _urn(consent.id),
        "dct:conformsTo": "ISO/IEC TS 27560:2023",
        "dpv:hasDataController": {"@type": "dpv:DataController", "dpv:hasName": notice.controller},
        "dpv:hasDataSubject": _urn(consent.subject_id),
        "dpv:hasPurpose": {"dct:identifier": consent.purpose, "dct:subject": consent.network or None},
        "dpv:hasLegalBasis": ["gdpr:A6-1-a", *(["gdpr:A9-2-a"] if consent.purpose in SPECIAL else [])],
        "dpv:hasConsentStatus": f"dpv:{status}",
        "dpv:isIndicatedAtTime": consent.decided_at.isoformat(),
        "dpv:hasIndicationMethod": consent.method,
        "dct:valid": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": consent.decided_at.isoformat(),
            "dcat:endDate": _iso(consent.ended_at),
        },
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:hasVersion": notice.version,
            "dct:language": notice.language,
            "dct:description": notice.text,
            "spdx:checksum": {
                "@type": "spdx:Checksum",
                "spdx:algorithm": "spdx:checksumAlgorithm_sha256",
                "spdx:checksumValue": notice.digest,
            },
        },
    }


def receipt_text(consent: Consent, notice: NoticeText) -> str:
    """The record as the text that a person downloads, always the same for the same decision."""
    return json.dumps(receipt(consent, notice), ensure_ascii=False, indent=2)


def _urn(id_: str) -> str:
    return UUID(hex=id_).urn


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
