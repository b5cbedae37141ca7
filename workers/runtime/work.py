"""One unit of work: a transaction that writes, and the jobs that are sent once it has committed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from privacy.keyring import KeyRing
from workers.runtime.settings import Settings


@dataclass
class Work:
    """What a service gets: the session, the key ring, the time, and a way to ask for a job after the commit.

    The list of jobs lives here and not on the session: what is rolled back sends nothing.
    """

    session: Session
    ring: KeyRing
    now: datetime
    settings: Settings
    _jobs: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The running day (UTC)."""
        return self.now.date()

    def later(self, job: str, *ids: str) -> None:
        """Sends a job of `workers.jobs` after the commit, with opaque ids as arguments."""
        if (job, ids) not in self._jobs:
            self._jobs.append((job, ids))

    def send(self, enqueue: Callable[..., None]) -> None:
        """Hands the collected jobs over; called once, after the commit."""
        for job, ids in self._jobs:
            enqueue(job, *ids)
