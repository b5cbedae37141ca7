"""Tests that damaged answers end in a reason or in less, and never in a wrong or non-public reaction."""

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.networks.bluesky_server import HIDDEN, OWN, AppView, did
from tests.workers.networks.clock import VirtualClock
from tests.workers.networks.conftest import AGENT
from tests.workers.networks.damage import damaged
from tests.workers.networks.loopback import LoopbackServer, Reply
from tests.workers.networks.mastodon_people import FRIENDS, LOCALS, plant
from tests.workers.networks.mastodon_server import MastodonServer
from workers.networks.bluesky import Bluesky
from workers.networks.client import Client
from workers.networks.failure import Failure
from workers.networks.mastodon import Mastodon
from workers.networks.shape import Network, Reading

NOW = VirtualClock().now()
SINCE = NOW.date() - timedelta(days=90)
# What the door goes by: an answer without it looks the same as one of somebody who never said it.
SPARED = frozenset(
    {"noindex", "note", "created_at", "local_only", "reblog", "labels", "val", "description", "createdAt", "reason"}
)
# What junk can turn a text into.
JUNK_TEXTS = {
    "", "x", "<p>", "?", "private", "https://evil.test/", "0" * 300, "1970-01-01T00:00:00Z", "2035-01-01T00:00:00Z"
}  # fmt: skip
seeds = st.integers(min_value=0, max_value=2**32)
chances = st.sampled_from([0.05, 0.3, 1.0])


@pytest.fixture(scope="module")
def garden() -> Iterator[MastodonServer]:
    with MastodonServer() as server:
        plant(server, NOW)
        server.habits.page_size = 5
        yield server


@pytest.fixture(scope="module")
def appview() -> Iterator[AppView]:
    with AppView() as server:
        uri = server.post("p1", "Hallo")
        server.post("p2", "Noch einer")
        people = [server.known(name) for name in ("paul", "lena")]
        hidden, marked = server.known("hid", labels=HIDDEN), server.known("mark", "#nobot")
        for number, who in enumerate([*people, hidden, marked, server.profile]):
            server.like(who)
            server.reposts.append(who)
            server.answer(who, uri, f"r{number}")
            server.quote(who, f"q{number}")
        yield server


@contextmanager
def spoiled(server: MastodonServer | AppView, seed: int, chance: float) -> Iterator[None]:
    """Each answer is damaged with this chance; always the same ones for a seed."""
    dice = random.Random(seed)

    def spoil(_kind: str, reply: Reply) -> Reply:
        return damaged(reply, dice, SPARED) if dice.random() < chance else reply

    before, server.spoil = server.spoil, spoil
    yield
    server.spoil = before
    server.asked.clear()


def everything(network: Network, server: LoopbackServer, remote_id: str, typed: str, known: list[str]) -> list[Reading]:
    """All that a network can be asked; failures are counted as nothing, other exceptions come through."""
    clock = VirtualClock()
    readings: list[Reading] = []
    with Client(AGENT, {server.origin}, now=clock.now, sleep=clock.sleep) as client:
        for ask in (
            lambda: network.find(client, typed),
            lambda: network.profile(client, remote_id),
            lambda: list(network.recent_texts(client, remote_id)),
            lambda: network.check(client, remote_id, known),
            lambda: readings.extend(
                reading for page in network.collect(client, remote_id, SINCE) for reading in page.readings
            ),
        ):
            with suppress(Failure):
                ask()
    return readings


def assert_sound(readings: list[Reading], actors: set[str], texts: set[str]) -> None:
    for reading in readings:
        assert SINCE <= reading.post.day <= NOW.date()
        assert reading.post.text in texts
        assert reading.post.address.startswith(("http://127.0.0.1", "https://bsky.app/profile/did:"))
        for reaction in reading.reactions:
            assert reaction.actor_id in actors
            assert reaction.day is None or reading.post.day <= reaction.day <= NOW.date()
            assert 1 <= reaction.count <= 60
            assert isinstance(reaction.day, date | None)


@settings(max_examples=80, deadline=None)
@given(seeds, chances)
def test_a_damaged_mastodon_gives_nothing_wrong(garden: MastodonServer, seed: int, chance: float) -> None:
    with spoiled(garden, seed, chance):
        readings = everything(
            Mastodon(), garden, garden.remote_id(), f"mira@{garden.host}", [f"{garden.origin}/@mira/117"]
        )
    # A damaged name may become the junk that stands for it, and nobody's name but that.
    actors = {*FRIENDS, *(f"{name}@{garden.host}" for name in (*LOCALS, "x", "private"))}
    assert_sound(readings, actors, {"Erste Tomaten & viel Sonne", "Die Bienen sind da", "Nachtrag"} | JUNK_TEXTS)


@settings(max_examples=80, deadline=None)
@given(seeds, chances)
def test_a_damaged_bluesky_gives_nothing_wrong(appview: AppView, seed: int, chance: float) -> None:
    with spoiled(appview, seed, chance):
        known = [f"https://bsky.app/profile/{OWN}/post/p1"]
        readings = everything(Bluesky(appview.origin), appview, OWN, "mira.test", known)
    assert_sound(readings, {did("paul"), did("lena")}, {"Hallo", "Noch einer"} | JUNK_TEXTS)


def test_undamaged_servers_give_all_there_is(garden: MastodonServer, appview: AppView) -> None:
    mastodon = everything(Mastodon(), garden, garden.remote_id(), f"mira@{garden.host}", [])
    bluesky = everything(Bluesky(appview.origin), appview, OWN, "mira.test", [])
    assert [len(reading.reactions) for reading in mastodon] == [1, 13, 2]
    # The replies are to the older of the two posts, likes, reposts and quotes are shown for both.
    assert [len(reading.reactions) for reading in bluesky] == [6, 8]
