"""What tests of the ground floor stand on: a second thread."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

Beside = Callable[[Callable[[], Any]], Future[Any]]
_A_MOMENT = 0.3


@pytest.fixture
def beside() -> Iterator[Beside]:
    """Starts a function in another thread, for instance while this one keeps a transaction open."""
    with ThreadPoolExecutor(2) as pool:
        yield pool.submit


def waits(future: Future[Any]) -> None:
    """Make sure that it does not come to its end by itself.

    A function that does not wait at all is done long before: the test fails. One that waits is never hurried.
    """
    with pytest.raises(TimeoutError):
        future.result(_A_MOMENT)
