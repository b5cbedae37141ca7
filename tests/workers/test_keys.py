"""Tests the operator's keys: sealed where they rest, whole or not taken, gone when taken away."""

from re import compile as pattern

import pytest
from sqlalchemy import text

from workers import keys
from workers.catalogue import NETWORKS, KeyPart, NetworkFacts, Way
from workers.keys import WrongKeyError
from workers.runtime.process import Process

WORDS = {"de": "Wort", "en": "word"}
#: Stands for every network that needs a key.
KLATSCH = NetworkFacts(
    name="klatsch", title="Klatsch", way=Way.KEY, operator=WORDS, country=WORDS, about_operator=WORDS, takes=WORDS,
    leaves=WORDS, example="mira", form=pattern("[a-z]+"), proofs=frozenset({"bio"}), where=WORDS,
    key=(KeyPart("id", WORDS), KeyPart("secret", WORDS)), key_page="https://klatsch.example/keys", switch_on=WORDS,
)  # fmt: skip
PARTS = {"id": "app-7", "secret": "geheim-4711"}


@pytest.fixture(autouse=True)
def klatsch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "klatsch", KLATSCH)  # type: ignore[arg-type]  # it is a dict


def test_a_key_switches_its_network_on_and_off(process: Process) -> None:
    with process.working() as work:
        assert not keys.is_on(work.session, "klatsch")
        keys.give(work, "klatsch", {"id": " app-7 ", "secret": "geheim-4711"})
    with process.reading() as session:
        assert keys.is_on(session, "klatsch")
        assert KLATSCH in keys.switched_on(session)
        assert keys.key_for(session, process.ring, "klatsch") == PARTS
    with process.working() as work:
        keys.take_away(work, "klatsch")
    with process.reading() as session:
        assert not keys.is_on(session, "klatsch")
        assert keys.key_for(session, process.ring, "klatsch") == {}


def test_a_new_key_takes_the_place_of_the_old_one(process: Process) -> None:
    for secret in ("alt", "neu"):
        with process.working() as work:
            keys.give(work, "klatsch", {**PARTS, "secret": secret})
    with process.reading() as session:
        assert keys.key_for(session, process.ring, "klatsch")["secret"] == "neu"


def test_a_network_that_needs_nothing_is_always_on(process: Process) -> None:
    with process.reading() as session:
        assert keys.is_on(session, "mastodon")
        assert not keys.is_on(session, "unknown")
        assert KLATSCH not in keys.switched_on(session)


def test_the_database_does_not_show_a_key(process: Process) -> None:
    with process.working() as work:
        keys.give(work, "klatsch", PARTS)
    with process.engine.connect() as connection:
        (value,) = connection.execute(text("select value from network_key")).scalars()
    assert b"geheim" not in value
    assert b"app-7" not in value


@pytest.mark.parametrize(
    ("network", "parts"),
    [
        ("klatsch", {}),
        ("klatsch", {"id": "app-7"}),
        ("klatsch", {**PARTS, "more": "x"}),
        ("klatsch", {**PARTS, "secret": "  "}),
        ("klatsch", {**PARTS, "secret": "a\r\nHost: evil.test"}),
        ("klatsch", {**PARTS, "secret": "schlüssel"}),
        ("mastodon", {"token": "x"}),
        ("unknown", PARTS),
    ],
)
def test_what_is_no_whole_key_is_refused(process: Process, network: str, parts: dict[str, str]) -> None:
    with process.working() as work, pytest.raises(WrongKeyError):
        keys.give(work, network, parts)
