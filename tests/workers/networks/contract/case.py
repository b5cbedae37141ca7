"""Reads the fixture folder of a network: the account, what has to come out, and the answers of its servers."""

import json
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from workers.networks.registry import Given, Key, network
from workers.networks.shape import Network

FOLDER = Path(__file__).parent / "fixtures"
APPVIEW = "https://public.api.bsky.app"
Row = tuple[str, str | None, date | None, int]
"""Kind, who, day, how often."""


@dataclass(frozen=True)
class Expected:
    """One post that has to come out. `text` has to be in its text, `complete` are the kinds read to their end."""

    address: str
    day: date
    text: str
    complete: frozenset[str]
    reactions: tuple[Row, ...]


@dataclass(frozen=True)
class Answer:
    """One answer of a server and the request that gets it: the entry with the most conditions that fit wins."""

    host: str
    path: str
    method: str
    query: dict[str, str]
    status: int
    headers: dict[str, str]
    body: bytes
    only_troubled: bool
    """It is not asked for in an ordinary run."""


@dataclass(frozen=True)
class Case:
    """A network with its fixtures. What each entry means stands in `docs/networks/adding.md`."""

    name: str
    typed: list[str]
    not_accounts: list[str]
    profile: dict[str, Any]
    people: list[str]
    """Names, handles and texts of others: they must not leave the network's file."""
    traps: dict[str, dict[str, str]]
    posts: list[Expected]
    check: dict[str, list[str]]
    answers: list[Answer]
    spared: frozenset[str]
    key: dict[str, str] = field(default_factory=dict)
    key_hosts: frozenset[str] = frozenset()
    limits: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    since: date = date(2026, 8, 24)

    @property
    def remote_id(self) -> str:
        return str(self.profile["remote_id"])

    @property
    def domain(self) -> str:
        """The domain that the account is; empty where it is none."""
        return str(self.profile.get("domain", ""))

    @property
    def actors(self) -> set[str]:
        """Everybody who may come out."""
        return {who for post in self.posts for _, who, _, _ in post.reactions if who}

    def network(self) -> Network:
        """The network, as an installation would make it."""
        return network(self.name, Given(APPVIEW, Key(self.key)))


def read(name: str) -> Case:
    """The case of a network. Raises FileNotFoundError where a network came without fixtures."""
    folder = FOLDER / name
    said = tomllib.loads((folder / "network.toml").read_text(encoding="utf-8"))
    answers = tomllib.loads((folder / "answers.toml").read_text(encoding="utf-8"))["answer"]
    posts = [_expected(post) for post in said.pop("post")]
    spared, hosts = frozenset(said.pop("spared", [])), frozenset(said.pop("key_hosts", []))
    ready = [_answer(folder, each) for each in answers]
    return Case(name=name, posts=posts, answers=ready, spared=spared, key_hosts=hosts, **said)


def _expected(post: dict[str, Any]) -> Expected:
    rows = tuple((kind, who or None, day or None, count) for kind, who, day, count in post["reactions"])
    return Expected(post["address"], post["day"], post.get("text", ""), frozenset(post["complete"]), rows)


def _answer(folder: Path, said: dict[str, Any]) -> Answer:
    return Answer(
        host=said["host"],
        path=said["path"],
        method=said.get("method", "GET"),
        query=said.get("query", {}),
        status=said.get("status", 200),
        headers=said.get("headers", {}),
        body=_body(folder, said),
        only_troubled=said.get("only_troubled", False),
    )


def _body(folder: Path, said: dict[str, Any]) -> bytes:
    if "file" in said:
        return (folder / said["file"]).read_bytes()
    return json.dumps(said["json"]).encode() if "json" in said else str(said.get("text", "")).encode()


__all__ = ["APPVIEW", "FOLDER", "Answer", "Case", "Expected", "Row", "read"]
