"""The explanation as a file that holds on its own: `klarwert-explanation/1` (score-model, section 9)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workers.scoring.explain import Explanation
from workers.scoring.signals import EPOCH, KINDS, IntArray, Signals

FORMAT = "klarwert-explanation/1"
Json = dict[str, Any]


@dataclass(frozen=True)
class Instance:
    """Who makes and signs the file."""

    name: str
    """Of the organisation; may be empty."""
    public_key: str
    """Ed25519, 64 hex digits."""


def payload(told: Explanation, instance: Instance, addresses: Mapping[str, str] | None) -> str:
    """The JSON text to be signed.

    `addresses` names the public address of every post among the signals, by its label; with None, in the auditor's
    file, posts have labels that hold in this file only, as those who reacted and accounts have in every file. Raises
    `KeyError` for a post without an address.
    """
    rows = _Rows(told, addresses)
    made = {
        "format": FORMAT,
        "model": {"id": told.model.id, "digest": told.model.digest()},
        "instance": {"name": instance.name, "public_key": instance.public_key},
        "day": told.day.isoformat(),
        "score": told.total.score,
        "impact": told.total.impact,
        "weeks": told.total.weeks,
        "signals": rows.counted(),
        "excluded": rows.excluded(),
    }
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def envelope(signed: str, signature: str, log: Json | None = None) -> str:
    """The file: the payload exactly as signed, its signature (128 hex digits) and, once there is one, its log entry."""
    parts = {"payload": signed, "signature": signature} | ({"log": log} if log is not None else {})
    return json.dumps(parts, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


class _Rows:
    """The signals of an explanation as JSON, in their order."""

    def __init__(self, told: Explanation, addresses: Mapping[str, str] | None) -> None:
        self._told = told
        self._signals = told.frame.signals
        self._counts = told.tally.value > 0
        self._topics = _topics(self._signals)
        self._addresses = addresses

    def counted(self) -> list[Json]:
        """What counts, with its points. A count of 1 and whatever is absent is left out."""
        signals, told = self._signals, self._told
        heard = self._counts
        account, actor = _labels("a", signals.account[heard]), _labels("v", signals.actor[heard])
        post = self._posts(signals.post[heard])
        rows = heard.nonzero()[0].tolist()
        columns = (signals.count[heard], told.standing[heard], told.total.points[heard])
        optional = zip(account, actor, post, strict=True)
        return [
            {
                **self._who_what_when(row),
                **{name: text for name, text in zip(("account", "actor", "post"), named, strict=True) if text},
                **({"count": count} if count != 1 else {}),
                "topics": self._topics.get(row, []),
                "standing": standing,
                "points": points,
            }
            for row, named, count, standing, points in zip(
                rows, optional, *(column.tolist() for column in columns), strict=True
            )
        ]

    def excluded(self) -> list[Json]:
        """What is stored and does not count, with the reason."""
        rows = (~self._counts).nonzero()[0].tolist()
        return [{**self._who_what_when(row), "reason": self._reason(row)} for row in rows]

    def _reason(self, row: int) -> str:
        age = int(self._told.frame.age[row])
        if age < 0:
            return "too_new"
        if age >= self._told.model.window_days:
            return "too_old"
        return "disputed" if self._told.frame.disputed[row] else "newer_count"

    def _who_what_when(self, row: int) -> Json:
        signals = self._signals
        return {
            "network": signals.networks[signals.network[row]],
            "kind": KINDS[signals.kind[row]],
            "day": date.fromordinal(int(signals.day[row]) + EPOCH).isoformat(),
        }

    def _posts(self, codes: IntArray) -> list[str]:
        if self._addresses is None:
            return _labels("p", codes)
        posts = self._signals.posts
        address = {code: self._addresses[posts[code]] for code in set(codes.tolist()) if code >= 0}
        return [address.get(code, "") for code in codes.tolist()]


def _labels(letter: str, codes: IntArray) -> list[str]:
    """Labels in the order in which they appear, empty for what is absent: they say nothing about any other file."""
    numbers: dict[int, int] = {}
    return [f"{letter}{numbers.setdefault(code, len(numbers) + 1)}" if code >= 0 else "" for code in codes.tolist()]


def _topics(signals: Signals) -> dict[int, list[str]]:
    """The topics of each signal that has some."""
    found: dict[int, list[str]] = {}
    for row, code in zip(signals.topic_row.tolist(), signals.topic.tolist(), strict=True):
        found.setdefault(row, []).append(signals.topics[code])
    return found
