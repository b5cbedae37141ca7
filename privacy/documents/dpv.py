"""The record of processing for programs: JSON-LD in the terms of the W3C Data Privacy Vocabulary (https://w3id.org/dpv)."""

import json
from typing import Any

from privacy.documents.entries import Entry, Facts
from privacy.vocabulary import About, Basis

_LINK = {"@type": "@id"}
_CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dpv:hasLegalBasis": _LINK,
    "dpv:hasDataSubject": _LINK,
    "dpv:hasDuration": {"@type": "xsd:duration"},
    "dct:issued": {"@type": "xsd:date"},
}
#: Articles of the GDPR as DPV names them (https://w3id.org/dpv/legal/eu/gdpr).
_BASES = {
    Basis.CONSENT: ("gdpr:A6-1-a",),
    Basis.EXPLICIT_CONSENT: ("gdpr:A6-1-a", "gdpr:A9-2-a"),
    Basis.CONTRACT: ("gdpr:A6-1-b",),
    Basis.DUTY: ("gdpr:A6-1-c",),
    Basis.INTEREST: ("gdpr:A6-1-f",),
    Basis.CLAIMS: ("gdpr:A6-1-f",),
    Basis.NOT_PERSONAL: (),
}
_SUBJECTS = {About.PARTICIPANT: "dpv:Participant", About.REACTING: "dpv:DataSubject", About.VISITOR: "dpv:Visitor"}


def as_jsonld(facts: Facts) -> str:
    """One record with a process for each purpose, as text."""
    found = {
        "@context": _CONTEXT,
        "@type": "dpv:RegisterOfProcessingActivities",
        "dct:issued": facts.made_on.isoformat(),
        "dct:language": facts.language,
        "dpv:hasDataController": {
            "@type": "dpv:DataController",
            "dpv:hasName": facts.names["organisation"],
            "dpv:hasAddress": facts.names["address"],
            "dpv:hasContact": facts.names["contact"],
            "dpv:hasDataProtectionOfficer": {"dpv:hasContact": facts.names["dpo"]},
        },
        "dpv:hasProcess": [_process(facts, use.value) for use in dict.fromkeys(one.use for one in _personal(facts))],
    }
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _personal(facts: Facts) -> list[Entry]:
    return [one for one in facts.entries if one.personal]


def _process(facts: Facts, use: str) -> dict[str, Any]:
    mine = [one for one in _personal(facts) if one.use.value == use]
    return {
        "@type": "dpv:Process",
        "dct:identifier": use,
        "dpv:hasPurpose": {"@type": "dpv:Purpose", "dct:title": facts.words.uses[mine[0].use]},
        "dpv:hasProcess": [_handling(facts, one) for one in mine],
    }


def _handling(facts: Facts, one: Entry) -> dict[str, Any]:
    words = facts.words.kinds[one.kind]
    said: dict[str, Any] = {
        "@type": "dpv:Process",
        "dpv:hasPersonalData": {
            "@type": "dpv:PersonalData", "dct:identifier": one.kind, "dct:title": words.title,
            "dct:description": words.meaning,
        },
        "dpv:hasDataSubject": _SUBJECTS[one.about],
        "dpv:hasLegalBasis": list(_BASES[one.basis]),
        "dpv:hasStorageCondition": {
            "@type": "dpv:StorageDuration",
            "dct:description": facts.words.kept(one.rule, one.about is About.PARTICIPANT),
        },
        "dpv:hasLocation": {"dct:description": f"{one.medium.value}: {one.where}"},
    }  # fmt: skip
    if one.rule is not None:
        said["dpv:hasStorageCondition"]["dpv:hasDuration"] = f"P{one.rule.days}D"
    return said
