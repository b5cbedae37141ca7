"""Damages answers as a hostile server would: values of another kind, missing and repeated parts, broken texts."""

import copy
import json
import random
from collections.abc import Iterator

from tests.workers.networks.loopback import Reply

JUNK: tuple[object, ...] = (
    None, True, False, 0, -1, 7, 1.5, 10**30, "", "x", "\ud800", "\x00", "1970-01-01T00:00:00Z",
    "2035-01-01T00:00:00Z", [], {},
    [[]], [None], {"id": "x"}, [{}], "<p>", "https://evil.test/", [[[[[[[[[[]]]]]]]]]], -(10**18), "private",
    "0" * 300,
)  # fmt: skip

Slot = tuple[dict[str, object] | list[object], str | int]


def damaged(reply: Reply, chance: random.Random, spared: frozenset[str]) -> Reply:
    """The reply with one thing wrong. Entries of these names keep their value: without it nobody could know better."""
    if chance.random() < 0.1:
        return Reply(_broken(reply, chance), reply.status, reply.headers)
    body = copy.deepcopy(reply.body)
    slots = [(holder, place) for holder, place in _slots(body) if place not in spared]
    if not slots:
        return Reply(chance.choice(JUNK), reply.status, reply.headers)
    holder, place = chance.choice(slots)
    _spoil(holder, place, chance)
    return Reply(body, reply.status, reply.headers)


def _broken(reply: Reply, chance: random.Random) -> bytes:
    text = json.dumps(reply.body).encode()
    cut = chance.randrange(len(text) + 1)
    return chance.choice([text[:cut], text[:cut] + b"\xff" + text[cut:], b"[" * 3000, b"", text + text, b"<html>"])


def _spoil(holder: dict[str, object] | list[object], place: str | int, chance: random.Random) -> None:
    if isinstance(holder, dict):
        if chance.random() < 0.3:
            del holder[str(place)]
        else:
            holder[str(place)] = chance.choice(JUNK)
    elif chance.random() < 0.5:
        holder[int(place)] = chance.choice(JUNK)
    else:
        holder.insert(0, copy.deepcopy(holder[int(place)]))


def _slots(value: object) -> Iterator[Slot]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield value, name
            yield from _slots(inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield value, number
            yield from _slots(inner)
