"""What the tests of the networks share: a clock, a client for loopback, a server with people on it."""

from collections.abc import Callable, Iterator

import pytest

from tests.workers.networks.clock import VirtualClock
from tests.workers.networks.mastodon_people import Garden, plant
from tests.workers.networks.mastodon_server import MastodonServer
from workers.networks.client import Client, Limits

AGENT = "Klarwert/test (+https://klarwert.test/contact)"
MakeClient = Callable[..., Client]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def make_client(clock: VirtualClock) -> Iterator[MakeClient]:
    """Makes clients on the virtual clock for the given origins; all are closed at the end."""
    made: list[Client] = []

    def make(*origins: str, **limits: float) -> Client:
        chosen = Limits(**limits)  # type: ignore[arg-type]  # whole numbers stay whole
        made.append(Client(AGENT, origins, limits=chosen, now=clock.now, sleep=clock.sleep, jitter=lambda: 0.5))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def mastodon_server() -> Iterator[MastodonServer]:
    with MastodonServer() as server:
        yield server


@pytest.fixture
def garden(mastodon_server: MastodonServer, clock: VirtualClock) -> Garden:
    return plant(mastodon_server, clock.now())


@pytest.fixture
def client(make_client: MakeClient, mastodon_server: MastodonServer) -> Client:
    return make_client(mastodon_server.origin)
