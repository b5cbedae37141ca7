"""Tests that each network is told about: facts in both languages, sentences for every failure, a row in the docs."""

from dataclasses import fields
from pathlib import Path

import pytest
from flask_babel import force_locale

from server.app import create_app
from server.web.sentences import FAILURES, PROOFS
from tests.workers.networks.contract.case import Case
from workers.catalogue import ALL, NETWORKS, Way
from workers.networks.failure import Reason
from workers.networks.registry import NAMES
from workers.runtime.process import Process

DOCS = Path(__file__).parents[4] / "docs" / "networks" / "README.md"


def test_what_can_be_connected_is_what_can_be_read() -> None:
    assert set(NETWORKS) == NAMES


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_words_are_there_in_both_languages(name: str) -> None:
    facts = ALL[name]
    for part in fields(facts):
        value = getattr(facts, part.name)
        if part.type == "Words" or isinstance(value, dict):
            assert set(value) == {"de", "en"}, part.name
            assert all(text.strip() for text in value.values()), part.name
    assert all(set(part.title) == {"de", "en"} for part in facts.key)


@pytest.mark.parametrize("name", sorted(name for name, facts in ALL.items() if facts.way is Way.NONE))
def test_what_cannot_be_read_says_why_and_where_that_is_written(name: str) -> None:
    facts = ALL[name]
    assert facts.about
    assert all(len(text) > 100 for text in facts.about.values())
    assert facts.source.startswith("https://")
    assert facts.source in DOCS.read_text(encoding="utf-8")


def test_the_catalogue_and_the_network_say_the_same(case: Case) -> None:
    facts, network = NETWORKS[case.name], case.network()
    assert network.name == case.name
    assert tuple(part.name for part in facts.key) == network.needs
    assert (facts.way is Way.KEY) == bool(network.needs) == bool(facts.key_page) == bool(facts.switch_on)
    assert facts.proofs == network.proofs <= set(PROOFS)
    assert facts.requests == (network.cost.once, network.cost.each)
    assert not facts.key or bool(facts.daily) != bool(facts.limit), "the operator is to know what the key is allowed"
    assert bool(facts.key) == facts.limit_page.startswith("https://"), "and where the network says so"
    assert facts.may_be(facts.example)
    assert all(facts.may_be(typed) for typed in case.typed)


def test_the_docs_have_a_row_for_it(case: Case) -> None:
    assert f"| `{case.name}` |" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_reason_has_a_sentence(language: str, process: Process) -> None:
    with create_app(process).test_request_context(), force_locale(language):
        sentences = {reason: str(FAILURES[reason.value]) for reason in Reason}
    assert all(len(sentence) > 20 for sentence in sentences.values())
    assert len(set(sentences.values())) == len(Reason)
    assert ("Netzwerk" in sentences[Reason.SWITCHED_OFF]) == (language == "de")
