"""Tests what comes out of each network: all that is public, once, from others, without their names."""

from base64 import b64encode
from collections.abc import Callable

import pytest

from tests.workers.networks.contract.case import Case, Expected, Row
from tests.workers.networks.contract.stage import Stage
from tests.workers.networks.contract.trouble import doubled
from workers.networks.proof import find_proof
from workers.networks.shape import Failure, Page, Reading, Reason

#: What each network has to be tried on; where it cannot happen, the fixtures say why (`why_not`).
TRAPS = {"own", "young", "closed", "private", "twice"}
CODE = "klarwert-abcdefgh23456789"
PAGE = f"https://klarwert.example/me/{CODE}"


def pages(stage: Stage, resume: str | None = None) -> list[Page]:
    with stage.client() as client:
        case = stage.case
        return list(case.network().collect(client, case.remote_id, case.since, resume))


def readings(found: list[Page]) -> list[Reading]:
    return [reading for page in found for reading in page.readings]


def rows(reading: Reading) -> set[Row]:
    return {(each.kind, each.actor_id, each.day, each.count) for each in reading.reactions}


def assert_as_expected(found: list[Reading], expected: list[Expected]) -> None:
    assert [reading.post.address for reading in found] == [post.address for post in expected]
    for reading, post in zip(found, expected, strict=True):
        assert rows(reading) == set(post.reactions), post.address
        assert len(reading.reactions) == len(post.reactions)
        assert (reading.post.day, reading.complete) == (post.day, post.complete)
        assert post.text in reading.post.text


def everything(stage: Stage) -> None:
    """All that a network is ever asked for."""
    case = stage.case
    network = case.network()
    with stage.client() as client:
        for typed in case.typed:
            network.find(client, typed)
        network.profile(client, case.remote_id)
        list(network.recent_texts(client, case.remote_id))
        list(network.collect(client, case.remote_id, case.since))
        network.check(client, case.remote_id, [*case.check["public"], *case.check["gone"]])


def test_every_way_to_name_the_account_finds_it(case: Case, stage: Stage) -> None:
    network = case.network()
    for typed in case.typed:
        with stage.client() as client:
            found = network.find(client, typed)
        assert {name: getattr(found, name) for name in case.profile} == case.profile, typed
    with stage.client() as client:
        again = network.profile(client, case.remote_id)
    assert {name: getattr(again, name) for name in case.profile} == case.profile


def test_what_names_no_account_asks_nobody(case: Case, stage: Stage) -> None:
    assert case.not_accounts
    for typed in case.not_accounts:
        with stage.client() as client, pytest.raises(Failure) as failure:
            case.network().find(client, typed)
        assert failure.value.reason == Reason.BAD_ADDRESS, typed
    assert stage.asked == []


def test_exactly_what_is_expected_comes_out(case: Case, stage: Stage) -> None:
    found = pages(stage)
    assert_as_expected(readings(found), case.posts)
    assert [page.resume is None for page in found] == [False] * (len(found) - 1) + [True]


def test_the_fixtures_know_every_request_and_all_of_them_are_made(case: Case, stage: Stage) -> None:
    everything(stage)
    assert stage.unknown == []
    unused = [each for number, each in enumerate(case.answers) if number not in stage.used and not each.only_troubled]
    assert [(each.host, each.path, each.query) for each in unused] == []


@pytest.mark.parametrize("trap", sorted(TRAPS))
def test_no_trap_is_missing_and_nothing_falls_into_one(trap: str, case: Case, stage: Stage) -> None:
    said = case.traps.get(trap)
    assert said is not None, f"the fixtures say nothing about {trap}"
    if "why_not" in said:
        assert len(said["why_not"]) > 20
        return
    found = readings(pages(stage))
    times = sum(body.count(said["seen"].encode()) for body in stage.served)
    assert times >= (2 if trap == "twice" else 1)
    actors = {reaction.actor_id for reading in found for reaction in reading.reactions}
    assert said.get("actor", "nobody") not in actors
    assert said.get("address", "nowhere") not in {reading.post.address for reading in found}


def test_lists_that_say_everything_twice_count_it_once(case: Case, stage: Stage) -> None:
    stage.trouble = doubled
    assert_as_expected(readings(pages(stage)), case.posts)


def test_a_run_that_is_killed_at_any_page_goes_on_where_it_was(case: Case, stage: Stage) -> None:
    whole = pages(stage)
    assert len(readings(whole)) > 2, "too few posts to be killed in between"
    for number, page in enumerate(whole[:-1]):
        assert page.resume is not None
        assert readings(pages(stage, page.resume)) == readings(whole[number + 1 :])


def test_a_place_that_nobody_knows_any_more_is_the_start(case: Case, stage: Stage) -> None:
    for resume in ("", "x", "[1]", '["gone", "gone"]', "[" * 5000):
        assert_as_expected(readings(pages(stage, resume)), case.posts)


def test_no_name_and_no_text_of_others_leaves_the_network(case: Case, stage: Stage) -> None:
    assert case.people
    found = pages(stage)
    served = b"".join(stage.served).decode()
    for name in case.people:
        assert name in served, f"{name} is in no answer"
        for page in found:
            assert name not in (page.resume or "")
            assert name not in repr(page)
            assert not any(name in reading.post.text or name in reading.post.address for reading in page.readings)


def test_what_is_gone_is_told_from_what_is_public(case: Case, stage: Stage) -> None:
    public, gone = case.check["public"], case.check["gone"]
    assert public
    assert gone
    assert {post.address for post in case.posts} & set(public)
    with stage.client() as client:
        assert case.network().check(client, case.remote_id, [*public, *gone]) == frozenset(gone)
        assert case.network().check(client, case.remote_id, []) == frozenset()


def prove(stage: Stage) -> str | None:
    with stage.client() as client:
        return find_proof(stage.case.network(), client, stage.case.remote_id, CODE, PAGE)


def test_each_proof_is_found_where_it_may_stand(case: Case, stage: Stage) -> None:
    assert case.network().proofs
    assert prove(stage) is None
    for proof in sorted(case.network().proofs):
        stage.said = {proof: PAGE if proof == "rel_me" else CODE}
        assert prove(stage) == proof


def test_a_code_in_the_words_of_others_proves_nothing(case: Case, stage: Stage) -> None:
    stage.said = {"other": CODE}
    assert prove(stage) is None
    everything(stage)
    assert any(CODE.encode() in body for body in stage.served), "others have no place for a code in the fixtures"


def test_a_reading_takes_about_what_was_declared(case: Case, stage: Stage) -> None:
    network = case.network()
    with stage.client() as client:
        network.profile(client, case.remote_id)
        list(network.collect(client, case.remote_id, case.since))
    # Further pages of one list are what nobody can foretell.
    first_pages = {(asked.headers["host"], asked.path) for asked in stage.asked}
    assert len(first_pages) <= network.cost.of(len(case.posts)) <= 3 * len(stage.asked)


@pytest.fixture
def spied(case: Case, stage: Stage) -> Callable[[], list[str]]:
    """Hosts to which a part of the operator's key went."""

    def hosts() -> list[str]:
        sent = []
        for asked in stage.asked:
            carried = [*asked.headers.values(), *asked.params.values(), asked.body.decode(), asked.path]
            if any(part in text for part in _spellings(case) for text in carried):
                sent.append(asked.headers["host"])
        return sent

    return hosts


def _spellings(case: Case) -> set[str]:
    """The parts of the key as they are, and joined as HTTP Basic would send them."""
    parts = list(case.key.values())
    joined = {b64encode(":".join(parts).encode()).decode()} if len(parts) > 1 else set()
    return {*parts, *joined}


def test_the_key_goes_to_the_network_and_to_nobody_else(
    case: Case, stage: Stage, spied: Callable[[], list[str]]
) -> None:
    assert tuple(case.key) == case.network().needs
    everything(stage)
    assert set(spied()) == case.key_hosts
