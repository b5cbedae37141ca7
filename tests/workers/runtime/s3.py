"""A real S3-compatible server on loopback, in a process of its own, with one bucket."""

import os
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

import httpx

BUCKET = "klarwert-test"
REGION = "eu-central-1"
_READY_SECONDS = 30


class S3Server:
    """Runs while the block does; `environment` is what the AWS tools need to find it."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Access data, as an operator gives them."""
        return {
            "AWS_ENDPOINT_URL_S3": self.address,
            "AWS_ACCESS_KEY_ID": "invented",
            "AWS_SECRET_ACCESS_KEY": "invented too",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
        }

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **self.environment},
        )  # fmt: skip
        self._wait()
        where = f"<LocationConstraint>{REGION}</LocationConstraint>"
        asked = f"<CreateBucketConfiguration>{where}</CreateBucketConfiguration>"
        httpx.put(f"{self.address}/{BUCKET}", content=asked, trust_env=False).raise_for_status()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the server: from now on nobody answers."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(20)

    def _wait(self) -> None:
        end = time.monotonic() + _READY_SECONDS
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the S3 server did not start")
