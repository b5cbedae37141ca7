"""The pytest fixture `bluesky_network`: one real network for a whole run, imported by `tests/conftest.py` alone."""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.networks.bluesky.network import BlueskyNetwork, NetworkUnavailableError


@pytest.fixture(scope="session")
def bluesky_network() -> Iterator[BlueskyNetwork]:
    """A running network, empty at first: seed it with handles that no other test uses.

    Where it cannot be installed, tests that ask for it are skipped and say why; with CI=true they fail. Import it in
    one conftest only: each import is a fixture, and so a network, of its own.
    """
    try:
        with BlueskyNetwork() as network:
            yield network
    except NetworkUnavailableError as reason:
        do_without(str(reason))


def do_without(reason: str) -> NoReturn:
    """Ends the asking test: skipped on somebody's own machine, failed where CI=true says that everything must run."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
