"""Every test of the contract runs once for each network of the registry."""

from collections.abc import Iterator

import pytest

from tests.workers.networks.contract.case import Case, read
from tests.workers.networks.contract.stage import Stage
from workers.networks.registry import NAMES


@pytest.fixture(params=sorted(NAMES))
def case(request: pytest.FixtureRequest) -> Case:
    """A network with its fixtures; one that has none fails here."""
    return read(request.param)


@pytest.fixture
def stage(case: Case) -> Iterator[Stage]:
    with Stage(case) as server:
        yield server
