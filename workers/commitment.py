"""What a final score is committed to: the text under its day's root, its random salt, and the hash of both."""

import json
import os
from collections.abc import Mapping
from datetime import date

from privacy.ledger import SALT_BYTES, commitment
from workers.models import Score


def commit(day: date, model: str, score: float, by_network: str, by_kind: str) -> tuple[str, bytes]:
    """Salt (hex) and commitment of a final score; its points are canonical JSON."""
    salt = os.urandom(SALT_BYTES)
    return salt.hex(), commitment(salt, _said(day, model, score, by_network, by_kind))


def commit_to(score: Score) -> None:
    """Puts salt and commitment into a final score."""
    points = (canonical(score.by_network), canonical(score.by_kind))
    score.salt, score.leaf = commit(score.day, score.model, score.score, *points)


def canonical(points: Mapping[str, float]) -> str:
    """Points by label as canonical JSON."""
    return json.dumps(points, sort_keys=True, separators=(",", ":"))


def said(score: Score) -> str:
    """What is committed to of a score: canonical JSON."""
    return _said(score.day, score.model, score.score, canonical(score.by_network), canonical(score.by_kind))


def _said(day: date, model: str, score: float, by_network: str, by_kind: str) -> str:
    return (
        f'{{"by_kind":{by_kind},"by_network":{by_network},"day":"{day.isoformat()}","model":"{model}",'
        f'"score":{score!r}}}'
    )
