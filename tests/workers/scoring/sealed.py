"""Signed files to be checked: from invented signals, under an invented instance's key."""

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.workers.scoring.draws import DAY
from workers.scoring.bundle import Instance, envelope, payload
from workers.scoring.case import read_signals
from workers.scoring.explain import explain

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = SIGNER.public_key().public_bytes_raw().hex()
INSTANCE = Instance("Verein Beispiel e. V. „Garten“", KEY)
FANS = [f"{number:016x}" for number in range(1, 5)]
POSTS = ["https://garten.example/bäume", "https://garten.example/brot"]
#: Everything there can be in a file: several networks, accounts, counts, standings, topics, what is left out.
ROWS: list[dict[str, object]] = [
    {"network": "bluesky", "kind": "like", "day": "2026-10-31", "actor": FANS[0], "post": POSTS[0]},
    {"network": "bluesky", "kind": "reply", "day": "2026-10-20", "actor": FANS[0], "post": POSTS[1], "count": 3},
    {"network": "bluesky", "kind": "quote", "day": "2026-10-01", "actor": FANS[1], "post": POSTS[1], "topics": ["b"]},
    {"network": "mastodon", "kind": "repost", "day": "2026-09-01", "actor": FANS[2], "post": POSTS[0], "account": "b"},
    {"network": "mastodon", "kind": "mention", "day": "2026-08-20", "actor": FANS[3]},
    {"network": "mastodon", "kind": "like", "day": "2026-10-30", "count": 12, "post": POSTS[0], "topics": ["a", "b"]},
    {"network": "bluesky", "kind": "audience", "day": "2026-10-30", "count": 900},
    {"network": "bluesky", "kind": "audience", "day": "2026-10-31", "count": 1000},
    {"network": "bluesky", "kind": "like", "day": "2026-11-02", "actor": FANS[0], "post": POSTS[0]},
    {"network": "bluesky", "kind": "link", "day": "2026-07-01", "post": POSTS[0]},
]  # fmt: skip
LENT = {FANS[0]: 60.0, FANS[2]: 30.0}


def told(rows: list[dict[str, object]] = ROWS, lent: dict[str, float] = LENT, *, auditor: bool = False) -> str:
    """The payload of rows in the JSON form of signals."""
    signals = read_signals(rows)
    addresses = None if auditor else {post: post for post in signals.posts}
    return payload(explain(signals, DAY, lent), INSTANCE, addresses)


def signed(text: str, log: dict[str, object] | None = None) -> bytes:
    """A file with a true signature, whatever is signed."""
    return envelope(text, SIGNER.sign(text.encode()).hex(), log).encode()


def dumped(value: object) -> str:
    """A payload from a value that a test has changed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
