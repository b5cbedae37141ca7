"""Runs something in a second thread while this one keeps a transaction open."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest

T = TypeVar("T")
_A_MOMENT = 0.3
_LONG = 30


@contextmanager
def beside(function: Callable[[], T]) -> Iterator[Future[T]]:
    """Starts the function in another thread; at the end of the block it must have come to its end."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(function)
        yield future
        future.exception(_LONG)


def waits(future: Future[T]) -> None:
    """Make sure that it does not come to its end by itself.

    A function that does not wait at all is done long before: the test fails. One that waits is never hurried.
    """
    with pytest.raises(TimeoutError):
        future.result(_A_MOMENT)
