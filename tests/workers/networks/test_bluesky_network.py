"""Tests reading the real Bluesky servers: what comes in equals what the scenario says must come."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tests.networks.bluesky.accounts import SeedResult
from tests.networks.bluesky.expected import WINDOW_DAYS, expected_signals
from tests.networks.bluesky.network import BlueskyNetwork
from tests.networks.bluesky.scenario import (
    DEACTIVATED,
    DELETED_POST,
    OPTED_OUT_PARTICIPANT,
    PARTICIPANT,
    RENAMED,
    main_job_scenario,
)
from tests.workers.networks.conftest import AGENT
from workers.networks.bluesky import Bluesky
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.proof import find_proof
from workers.networks.shape import Page

pytestmark = pytest.mark.slow
KINDS = frozenset({"like", "repost", "quote", "reply"})


class Seeded(NamedTuple):
    network: BlueskyNetwork
    scenario: dict[str, Any]
    result: SeedResult
    today: date

    @property
    def own(self) -> str:
        return self.result.dids[PARTICIPANT]

    def address(self, post: str) -> str:
        did, _, key = self.result.records[post]["uri"].removeprefix("at://").split("/")
        return f"https://bsky.app/profile/{did}/post/{key}"


@pytest.fixture(scope="module")
def seeded(bluesky_network: BlueskyNetwork) -> Seeded:
    today = datetime.now(UTC).date()
    scenario = main_job_scenario(today, suffix="-read")
    return Seeded(bluesky_network, scenario, bluesky_network.seed(scenario), today)


@pytest.fixture
def client(seeded: Seeded) -> Iterator[Client]:
    with Client(AGENT, {seeded.network.appview}) as made:
        yield made


@pytest.fixture
def bluesky(seeded: Seeded) -> Bluesky:
    return Bluesky(seeded.network.appview)


def signals(seeded: Seeded, pages: list[Page]) -> list[tuple[object, ...]]:
    """The readings in the words of the scenario: (kind, post, day, actor, count)."""
    people = {did: name for name, did in seeded.result.dids.items()}
    posts = {seeded.address(name): name for name in seeded.result.records if not name.endswith("taken-back")}
    return sorted(
        (reaction.kind, posts[reading.post.address], str(reaction.day or reading.post.day),
         people[reaction.actor_id or ""], reaction.count)
        for page in pages for reading in page.readings for reaction in reading.reactions
    )  # fmt: skip


def wanted(seeded: Seeded) -> list[tuple[object, ...]]:
    found = expected_signals(seeded.scenario, PARTICIPANT, seeded.today)
    return sorted(
        (each["kind"], each["post"], each["day"], each["actor"], each["count"])
        for each in found
        if each["kind"] != "audience"
    )


def since(seeded: Seeded) -> date:
    return seeded.today - timedelta(days=WINDOW_DAYS)


def test_what_is_read_equals_what_the_scenario_says(seeded: Seeded, client: Client, bluesky: Bluesky) -> None:
    pages = list(bluesky.collect(client, seeded.own, since(seeded)))
    assert signals(seeded, pages) == wanted(seeded)
    assert all(reading.complete == KINDS for page in pages for reading in page.readings)
    assert pages[-1] == Page((), None)


def test_a_run_that_stopped_goes_on_where_it_was(seeded: Seeded, client: Client, bluesky: Bluesky) -> None:
    first: list[Page] = []
    for page in bluesky.collect(client, seeded.own, since(seeded)):
        first.append(page)
        if len(first) == 9:
            break
    rest = list(bluesky.collect(client, seeded.own, since(seeded), first[-1].resume))
    assert signals(seeded, first + rest) == wanted(seeded)
    assert len(first + rest) == len({page.readings[0].post.address for page in first + rest if page.readings}) + 1


def test_followers_are_counted_and_handles_lead_to_the_stable_id(
    seeded: Seeded, client: Client, bluesky: Bluesky
) -> None:
    profile = bluesky.find(client, seeded.result.handles[PARTICIPANT])
    assert profile.remote_id == seeded.own
    (audience,) = [
        each for each in expected_signals(seeded.scenario, PARTICIPANT, seeded.today) if each["kind"] == "audience"
    ]
    assert profile.followers == audience["count"]
    assert bluesky.find(client, seeded.own) == bluesky.profile(client, seeded.own) == profile


def test_a_new_handle_leads_to_the_same_account(seeded: Seeded, client: Client, bluesky: Bluesky) -> None:
    assert bluesky.find(client, "rena-neu-read.test").remote_id == seeded.result.dids[RENAMED]


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (lambda seeded: seeded.result.dids[OPTED_OUT_PARTICIPANT], Reason.OPTED_OUT),
        (lambda seeded: seeded.result.handles[OPTED_OUT_PARTICIPANT], Reason.OPTED_OUT),
        (lambda seeded: seeded.result.handles[DEACTIVATED], Reason.GONE),
        (lambda _seeded: "nobody-at-all.test", Reason.UNKNOWN_ACCOUNT),
        (lambda _seeded: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", Reason.UNKNOWN_ACCOUNT),
    ],
)
def test_each_account_that_cannot_take_part_has_its_reason(
    who: Callable[[Seeded], str], reason: Reason, seeded: Seeded, client: Client, bluesky: Bluesky
) -> None:
    with pytest.raises(Failure) as failure:
        bluesky.find(client, who(seeded))
    assert failure.value.reason == reason


def test_an_opted_out_or_deactivated_account_is_not_collected(seeded: Seeded, client: Client, bluesky: Bluesky) -> None:
    for who, reason in ((OPTED_OUT_PARTICIPANT, Reason.OPTED_OUT), (DEACTIVATED, Reason.GONE)):
        with pytest.raises(Failure) as failure:
            list(bluesky.collect(client, seeded.result.dids[who], since(seeded)))
        assert failure.value.reason == reason


def test_a_deleted_post_is_told_and_the_others_are_not(seeded: Seeded, client: Client, bluesky: Bluesky) -> None:
    known = [seeded.address(name) for name in ("p01", "p02", "p26", DELETED_POST)]
    assert bluesky.check(client, seeded.own, known) == {seeded.address(DELETED_POST)}


def test_a_code_in_bio_or_post_proves_and_nothing_else_does(seeded: Seeded, client: Client, bluesky: Bluesky) -> None:
    def proof() -> str | None:
        return find_proof(bluesky, client, seeded.own, "klarwert-4711", "https://klarwert.test/p/mira")

    assert proof() is None
    seeded.result.post(PARTICIPANT, "Mein Code: klarwert-4711", record_id="proof")
    assert proof() == "post"
    seeded.result.set_bio(PARTICIPANT, "Garten https://klarwert.test/p/mira")
    assert proof() == "rel_me"
    seeded.result.set_bio(PARTICIPANT, "Garten klarwert-4711")
    assert proof() == "bio"
    seeded.result.delete("proof")
    seeded.result.set_bio(PARTICIPANT, "Garten")
    assert proof() is None
