"""What people read about the networks: names, who is asked and where, what is taken and left, how to switch one on.

One TOML file a network. The reader knows no network: the server imports this and never `workers.networks`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from re import Pattern
from typing import Any


class Words(dict[str, str]):
    """A text by language: `de` and `en`; any other language gets the English one."""

    def __missing__(self, _language: str) -> str:
        """The English text."""
        return self["en"]


class Way(StrEnum):
    """How a network can be read."""

    PUBLIC = "public"
    """Everybody may ask it."""
    KEY = "key"
    """With a key that the operator gets from it."""
    ARCHIVE = "archive"
    """Only from the file that the person has it make for them."""
    NONE = "none"
    """Not at all; `about` says why."""


@dataclass(frozen=True)
class KeyPart:
    """One part of the operator's key, such as a token."""

    name: str
    title: Words


@dataclass(frozen=True)
class NetworkFacts:
    """What a notice has to say about a network (R2, R9), and what the operator has to do for it."""

    name: str
    title: str
    way: Way
    operator: Words
    country: Words
    """A sentence."""
    about_operator: Words
    """Who is asked and where, in sentences for people who do not take part."""
    takes: Words
    """What is taken, in sentences for people who do not take part."""
    leaves: Words
    """What is left behind."""
    example: str
    """What somebody may type in (an invented account)."""
    form: Pattern[str]
    """What the name of an account looks like; whether there is one only the network knows."""
    proofs: frozenset[str]
    """How an account is proven: `bio`, `rel_me`, `post`, and where it can be a domain `file`, `dns`."""
    where: Words
    """Where the code of the proof goes."""
    key: tuple[KeyPart, ...] = ()
    """The parts of the operator's key; none where everybody may ask."""
    key_page: str = ""
    """Where the operator gets the key."""
    switch_on: Words | None = None
    """What the operator has to do."""
    api: str = ""
    """The origin that is asked with the key; its requests are counted for the operator."""
    daily: int = 0
    """How many requests a day the network allows a usual key; 0 where it does not say, or counts otherwise."""
    limit: Words | None = None
    """What a usual key is allowed where that is no number a day."""
    limit_page: str = ""
    """Where the network says so itself."""
    requests: tuple[int, float] = (0, 0)
    """What a reading of one account takes at most: once, and for each post."""
    about: Words | None = None
    """Of a network that cannot be connected: why, and what one can do."""
    source: str = ""
    """Where it says so itself: the page of the network that one can look this up in."""

    def may_be(self, typed: str) -> bool:
        """Can this be the name of an account at all? It takes whatever the network's own reader takes, and more."""
        return self.form.fullmatch(typed.strip()) is not None


def _facts(name: str, said: dict[str, Any]) -> NetworkFacts:
    key = tuple(KeyPart(part, Words(title)) for part, title in said.pop("key", {}).items())
    form = re.compile(said.pop("form"), re.ASCII | re.VERBOSE)
    way, proofs = Way(said.pop("way")), frozenset(said.pop("proofs"))
    once, each = said.pop("requests", (0, 0))
    texts: dict[str, Any] = {field: Words(value) if isinstance(value, dict) else value for field, value in said.items()}
    return NetworkFacts(name=name, way=way, form=form, proofs=proofs, key=key, requests=(once, each), **texts)


def _read() -> Mapping[str, NetworkFacts]:
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".toml")]
    names = {file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8")) for file in files}
    facts = [_facts(name, said) for name, said in names.items()]
    return {each.name: each for each in sorted(facts, key=lambda each: each.title.casefold())}


#: Every network of the list, by name, in the order of their titles.
ALL: Mapping[str, NetworkFacts] = _read()
#: Those of which an account can be connected, once the operator has given what they need.
NETWORKS: Mapping[str, NetworkFacts] = {
    name: facts for name, facts in ALL.items() if facts.way in (Way.PUBLIC, Way.KEY)
}
