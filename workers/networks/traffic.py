"""What all runs of an installation keep to together: one request at a time to each host, and the waits it asked for."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol


class Traffic(Protocol):
    """Shared by everybody who asks; `end` is an origin such as `https://garten.test`."""

    def turn(self, end: str) -> AbstractContextManager[None]:
        """Nobody else asks this host while the block runs. Raises Failure(RATE_LIMITED) if the turn never comes."""

    def hold(self, end: str, until: datetime) -> None:
        """Notes that this host wants to be left alone until a moment (UTC)."""

    def held(self, end: str) -> datetime | None:
        """Until when this host wants to be left alone, if somebody noted it."""


# One request at a time to each host, whichever client of this process makes it.
_turns: dict[str, threading.Lock] = {}


class Alone:
    """The traffic of one process, without a word to others; the waits are those of one client."""

    def __init__(self) -> None:
        self._held: dict[str, datetime] = {}

    @contextmanager
    def turn(self, end: str) -> Iterator[None]:
        """Waits for the other threads of this process."""
        with _turns.setdefault(end, threading.Lock()):
            yield

    def hold(self, end: str, until: datetime) -> None:
        """Notes it for this client."""
        self._held[end] = until

    def held(self, end: str) -> datetime | None:
        """What was noted last, even if it is over."""
        return self._held.get(end)
