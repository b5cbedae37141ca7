"""Everything under one command: prepares an installation, then runs Redis, web, workers and schedule."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

import migrations
from privacy.journal import Journal
from privacy.keyring import KeyRing
from privacy.ledger import Ledger
from privacy.redact import Word
from privacy.store import open_store
from workers.runtime import master_file
from workers.runtime.embedded import embedded_redis
from workers.runtime.settings import Settings, read

log = logging.getLogger(__name__)

_GRACE_SECONDS = 30
_LOOK_SECONDS = 0.5
#: So long the others wait for the pages to be there.
_START_SECONDS = 15
#: A part that dies this often in a row is not started again: everything stops and says so.
_DEATHS = 5
_ALIVE_SECONDS = 60


class PartDiesError(RuntimeError):
    """A part of the installation does not stay alive."""


def prepare(settings: Settings) -> Settings:
    """Makes what an installation needs (folder, master key, schema), leaves what is there, gives the final settings."""
    settings = prepare_keys(settings)
    ring = KeyRing(settings.keyring, settings.masters())
    Ledger(settings.ledger, ring).close()  # all make their tables once, before the processes open them
    Journal(settings.ledger).close()
    ring.close()
    engine = open_store(settings.database)
    migrations.upgrade(engine)
    engine.dispose()
    return settings


def prepare_keys(settings: Settings) -> Settings:
    """Makes the folders and the master key, leaves what is there, gives the final settings."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings.master_file is not None and not settings.master_keys:
        master_file.make(settings.master_file)
        settings = read()
    (settings.data / "keys").mkdir(exist_ok=True, mode=0o700)
    return settings


@contextmanager
def redis_for(settings: Settings) -> Iterator[None]:
    """The embedded Redis, where no other is set."""
    with ExitStack() as stack:
        if not settings.redis:
            stack.enter_context(embedded_redis(settings.socket, settings.data / "redis"))
        yield


class Part:
    """One process of the installation, started again when it dies."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._deaths = 0
        self._start()

    def look(self) -> None:
        """Starts it again if it died. Raises `PartDiesError` when it does not stay alive."""
        if self._process.poll() is None:
            return
        lived = time.monotonic() - self._started
        self._deaths = self._deaths + 1 if lived < _ALIVE_SECONDS else 1
        log.warning("%s ended with %d", Word(self.command), self._process.returncode)
        if self._deaths >= _DEATHS:
            raise PartDiesError(f"{self.command} does not stay alive; its last lines above say why")
        time.sleep(_LOOK_SECONDS * self._deaths)
        self._start()

    def answers(self, host: str, port: int) -> bool:
        """Does it take connections, or has it had its time for it?"""
        with suppress(OSError), socket.create_connection((host, port), timeout=_LOOK_SECONDS):
            return True
        return time.monotonic() - self._started > _START_SECONDS

    def stop(self) -> None:
        """Asks it to finish what it does and end."""
        self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Waits for its end, and ends it when it takes too long."""
        try:
            self._process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._started = time.monotonic()
        # A session of its own: Ctrl-C in the terminal reaches only us, and we end the parts in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", self.command, "--with-parent", str(os.getpid())],
            start_new_session=True,
        )


def run_all(settings: Settings, welcome: Callable[[], None]) -> None:
    """Runs everything until SIGTERM or SIGINT; `welcome` is called as soon as pages can be opened.

    Raises `PartDiesError`, `EmbeddedRedisError`.
    """
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with redis_for(settings):
        parts = [Part("web")]
        rest = [*["worker"] * settings.workers, "schedule", *(["live"] if settings.firehose else [])]
        try:
            while not stop.wait(_LOOK_SECONDS):
                if rest and parts[0].answers(settings.host, settings.port):
                    # Whoever waits for the pages does not wait for the others, too, while all of them start.
                    welcome()
                    parts += [Part(command) for command in rest]
                    rest.clear()
                for part in parts:
                    part.look()
        finally:
            _stop(parts)


def _stop(parts: Sequence[Part]) -> None:
    end = time.monotonic() + _GRACE_SECONDS
    for part in parts:
        part.stop()
    for part in parts:
        part.wait(end - time.monotonic())
