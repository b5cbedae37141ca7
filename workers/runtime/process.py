"""What one process works with: settings, database, key ring, Redis, queue, clock; opened at first use."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from privacy.installation import introduce, know_each_other
from privacy.journal import Journal, waiting
from privacy.keyring import KeyRing
from privacy.ledger import Ledger, LogLeaf
from privacy.store import forget, open_store, writing
from workers.runtime.queue import Queue
from workers.runtime.settings import Settings
from workers.runtime.storage import Storage
from workers.runtime.work import Work

log = logging.getLogger(__name__)
T = TypeVar("T")


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class Process:
    """One process's view of the installation, for all its threads.

    Nothing is opened before it is used, since RQ forks for each job.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self._opened: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._once("engine", lambda: open_store(self.settings.database))

    @property
    def ring(self) -> KeyRing:
        """The key ring. Raises `WrongKeyRingError` where it is not the one of the database."""
        return self._once("ring", self._open_ring)

    @property
    def ledger(self) -> Ledger:
        """The store of the transparency log."""
        return self._once("ledger", lambda: Ledger(self.settings.ledger, self.ring))

    @property
    def journal(self) -> Journal:
        """What a restore of the database may not undo; in the store of the log."""
        return self._once("journal", lambda: Journal(self.settings.ledger))

    @property
    def storage(self) -> Storage:
        """Where the files of the vault lie."""
        return self._once("storage", lambda: Storage(self.settings.vault))

    @property
    def redis(self) -> Redis:
        """Redis or Valkey."""
        return self._once("redis", lambda: Redis.from_url(self.settings.redis_url))

    @property
    def queue(self) -> Queue:
        """The queue of jobs."""
        return self._once("queue", lambda: Queue(self.redis))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with Session(self.engine, info={"process": self}) as session:
            yield session

    @contextmanager
    def working(self) -> Iterator[Work]:
        """One transaction that writes: committed when the block ends well, then its jobs are sent.

        A process that dies between the two loses no work: the schedule sends again what is due.
        """
        with Session(writing(self.engine), expire_on_commit=False, info={"process": self}) as session:
            work = Work(session, self.ring, self.clock(), self.settings)
            with session.begin() as transaction:
                yield work
                # The journal first: killed before the commit, it knows of something that did not happen, which `settle`
                # finds out. The other way round, something that did happen could be forgotten by a restore.
                noted = transaction.is_active and waiting(session)
                written = self.journal.write(session, work.now) if noted else []
        self._confirm(written)
        try:
            work.send(self.queue.send)
        except RedisError:
            # What was done is done and must not look like a failure.
            log.exception("jobs could not be sent; the schedule sends what is due")

    def make_sure(self) -> None:
        """Opens all stores and lets them go again, before a start.

        Raises `WrongKeyRingError`, `LogBrokenError`, and `NotReplayedError` where the database was restored and its
        journal waits.
        """
        try:
            self.ring.going()
            with self.reading() as session:
                last = session.scalar(select(func.max(LogLeaf.place)))
                self.journal.require_played(session)
            self.ledger.make_sure(0 if last is None else last + 1)
        finally:
            self.close()

    def forget(self) -> bool:
        """After an erasure: leaves no deleted byte in the database's write-ahead log."""
        return forget(self.engine)

    def close(self) -> None:
        """Lets everything go that was opened; what is used again is opened again."""
        with self._lock:
            opened, self._opened = self._opened, {}
        ends = {"engine": "dispose", "ring": "close", "ledger": "close", "journal": "close", "redis": "close"}
        for name, end in ends.items():
            if name in opened:
                getattr(opened[name], end)()

    def _confirm(self, written: Sequence[int]) -> None:
        if written:
            try:
                self.journal.confirm(written)
            except SQLAlchemyError:
                # What was done is done and must not look like a failure; the schedule settles it.
                log.exception("the journal could not be told of a commit")

    def _open_ring(self) -> KeyRing:
        ring = KeyRing(self.settings.keyring, self.settings.masters())
        try:
            with self.reading() as session:
                known = know_each_other(session, ring)
            if not known:
                with Session(writing(self.engine)) as session, session.begin():
                    introduce(session, ring)
        except BaseException:
            ring.close()
            raise
        return ring

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """What was opened under a name, or is now: once, even where two threads ask for it at the same time."""
        with self._lock:
            if name not in self._opened:
                self._opened[name] = make()
            part: T = self._opened[name]
            return part


def process_of(session: Session) -> Process:
    """The process whose session this is: with the key ring and the storage that belong to the database."""
    found: Process = session.info["process"]
    return found


_bound: list[Process] = []


def bind(process: Process) -> None:
    """Says which installation the jobs of this process work for."""
    _bound[:] = [process]


def bound() -> Process:
    """The installation of this process. Raises `RuntimeError` where none was bound."""
    if not _bound:
        raise RuntimeError("no installation is bound to this process")
    return _bound[0]
