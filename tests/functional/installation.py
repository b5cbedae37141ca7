"""A whole installation as a person would start it: `klarwert run` with all its processes, in a folder of its own."""

import email
import email.policy
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.networks.bluesky.postgres import free_ports

START_SECONDS = 150
ORGANISATION = {
    "KLARWERT_ORGANISATION_NAME": "Verein Beispiel e. V.",
    "KLARWERT_ORGANISATION_ADDRESS": "Beispielweg 1, 12345 Beispielstadt",
    "KLARWERT_ORGANISATION_CONTACT": "hallo@beispiel.example",
    "KLARWERT_ORGANISATION_DPO": "datenschutz@beispiel.example",
    "KLARWERT_ORGANISATION_AUTHORITY": "Landesbeauftragte für Datenschutz Beispielland",
    "KLARWERT_ORGANISATION_IMPRINT": "Verein Beispiel e. V., Beispielweg 1",
}


@dataclass
class Installation:
    """One running installation; `settings` are environment variables on top of the defaults."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        [port] = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KLARWERT_")},
            "KLARWERT_DATA": str(self.data),
            "KLARWERT_PORT": str(port),
            "KLARWERT_LOG_LEVEL": "DEBUG",
            **self.settings,
        }

    def start(self) -> None:
        """Starts everything and waits until it is healthy."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "run"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while not self._healthy():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"klarwert run did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def stop(self) -> int:
        """Asks it to stop and waits; its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def command(self, *words: str, text: str = "") -> str:
        """Runs another `klarwert` command in this installation; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", *words],
            env=self.environment, input=text, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout

    def links(self, recipient: str) -> list[str]:
        """The links in the mails that lie in the outbox for an address, newest first."""
        mails = sorted(self.data.glob("outbox/*/*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        read = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in mails]
        texts = [mail.get_body(("plain",)).get_content() for mail in read if mail["To"] == recipient]
        return [link for text in texts for link in re.findall(re.escape(self.url) + r"/\S+", text)]

    def wait_for_link(self, recipient: str, part: str) -> str:
        """The newest mailed link with a part in it, as soon as it is there."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            for link in self.links(recipient):
                if part in link:
                    return link
            time.sleep(0.1)
        raise AssertionError(f"no mail with {part} came; the log ends with:\n{self.log.read_text()[-4000:]}")

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False
