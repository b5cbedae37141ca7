"""What all processes of an installation keep to when they ask networks, kept in Redis for a short time.

Hosts are named by a keyed fingerprint: a server may have very few people.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from math import ceil

from redis.exceptions import LockError

from workers import use
from workers.networks.failure import Failure, Reason
from workers.runtime.process import Process

#: Longer than any exchange may take (30 seconds, and the look for the address): the turn of who was killed goes on.
_TURN_SECONDS = 45.0
#: Longer than that, so that nobody fails because of one who was killed.
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class SharedTraffic:
    """The traffic of a whole installation: `workers.networks.traffic.Traffic` by Redis."""

    def __init__(self, process: Process, patience: float = _PATIENCE_SECONDS) -> None:
        self._process = process
        self._patience = patience

    @contextmanager
    def turn(self, end: str) -> Iterator[None]:
        """Waits for all processes. Raises Failure(RATE_LIMITED) if the turn does not come for a long time."""
        lock = self._process.redis.lock(self._name("turn", end), timeout=_TURN_SECONDS, sleep=_LOOK_SECONDS)
        if not lock.acquire(blocking_timeout=self._patience):
            raise Failure(Reason.RATE_LIMITED, self._process.clock() + timedelta(minutes=1))
        use.count(self._process.redis, end, self._process.clock().date())
        try:
            yield
        finally:
            with suppress(LockError):  # it took longer than a turn lasts: somebody else has it now
                lock.release()

    def hold(self, end: str, until: datetime) -> None:
        """Notes it for everybody, until it is over."""
        seconds = ceil((until - self._process.clock()).total_seconds())
        if seconds > 0:
            self._process.redis.set(self._name("hold", end), until.isoformat(), ex=seconds)

    def held(self, end: str) -> datetime | None:
        """What anybody noted."""
        said = self._process.redis.get(self._name("hold", end))
        return datetime.fromisoformat(said.decode()) if isinstance(said, bytes) else None

    def _name(self, what: str, end: str) -> str:
        return f"klarwert:host:{what}:{self._process.ring.blind('host', end).hex()}"
