"""The embedded Redis: one a folder, in memory only, gone with its block."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.privacy.scan import hits
from workers.runtime import embedded
from workers.runtime.embedded import EmbeddedRedisError, embedded_redis

CHILD = """
import sys, time
from pathlib import Path
from workers.runtime.embedded import embedded_redis
with embedded_redis(Path(sys.argv[1])) as redis:
    redis.set("job", "kept")
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def socket() -> Iterator[Path]:
    with TemporaryDirectory(prefix="klarwert-redis-") as folder:
        yield Path(folder) / "redis" / "redis.sock"


def test_it_runs_as_long_as_the_block(socket: Path) -> None:
    with embedded_redis(socket) as redis:
        redis.set("job", "kept")
        assert socket.stat().st_mode & 0o077 == 0
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    with Redis(unix_socket_path=str(socket)) as gone, pytest.raises(RedisError):
        gone.ping()


def test_a_second_one_on_the_same_folder_is_refused(socket: Path) -> None:
    with embedded_redis(socket) as redis:
        with pytest.raises(EmbeddedRedisError, match="runs already"), embedded_redis(socket):
            pass
        assert redis.ping()


def test_nothing_of_what_was_queued_is_ever_in_a_file(socket: Path) -> None:
    folder = socket.parent.parent / "data"
    canary = "0123456789abcdef-kanarienvogel"
    with embedded_redis(socket, folder) as redis:
        redis.set("job", canary)
        redis.rpush("queue", canary)
        assert hits(folder.parent, [canary.encode()]) == []
    assert hits(folder.parent, [canary.encode()]) == []
    assert {path.name for path in folder.iterdir()} <= {"lock", "redis.log"}
    with embedded_redis(socket, folder) as redis:
        assert redis.dbsize() == 0


def test_the_server_of_a_run_that_was_killed_is_ended_first(socket: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(socket)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    child.kill()
    child.wait()
    child.stdout.close()
    with Redis(unix_socket_path=str(socket)) as orphan:
        before = orphan.info("server")["process_id"]
    with embedded_redis(socket) as redis:
        assert redis.get("job") is None
        assert redis.info("server")["process_id"] != before


def test_an_orphan_that_does_not_end_is_said(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn:
        def ping(self) -> None:
            """Answers."""

        def shutdown(self) -> None:
            """Does not."""

    monkeypatch.setattr(embedded, "_STOP_SECONDS", 0.2)
    with pytest.raises(EmbeddedRedisError, match="does not end"):
        embedded._end_orphan(Stubborn())  # type: ignore[arg-type]


def test_a_server_that_does_not_start_is_said(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_command", lambda _socket: ["false"])
    with pytest.raises(EmbeddedRedisError, match="did not start"), embedded_redis(socket):
        pass


def test_a_server_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_STOP_SECONDS", 0.1)
    command = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    server = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE)
    assert server.stdout is not None
    server.stdout.readline()
    embedded._stop(server)
    server.stdout.close()
    assert server.returncode == -signal.SIGKILL


def test_a_folder_of_somebody_else_is_refused(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 123_456)
    with pytest.raises(EmbeddedRedisError, match="somebody else"), embedded_redis(socket):
        pass
