"""`bin/bench pages`: how long the server takes for every page of every role, with so many invented participants.

In one process through Flask's test client, without network and without waiting for others: the time of the server.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urljoin, urlsplit

import numpy as np
from flask.testing import FlaskClient

from server import demo, demo_crowd
from server.app import create_app
from server.cli.frame import prepare
from server.processes import settle
from server.services.organisations import DEMO_LOGIN
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process
from workers.runtime.settings import read

PEOPLE = 8
"""So many participants look at their pages, beside the one of the demo."""
TIMES = 10
GOAL, EXPLANATION_GOAL = 0.050, 0.200
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_LINK = re.compile(r'(?:href|src|srcset)="([^"# ]+)')
#: Files are made from much; pages of one kind that differ in an id, a day or a number count as one.
_DOWNLOAD = re.compile(r"<a[^>]*\sdownload[^>]*>")
_OWN = re.compile(r"[0-9a-f]{16,}|\d{4}-\d{2}-\d{2}|\d+|klarwert-[a-z-]+")


@dataclass
class Took:
    """Seconds that one kind of page took, and for which role."""

    role: str
    kind: str
    seconds: list[float] = field(default_factory=list)

    @property
    def goal(self) -> float:
        """Seconds."""
        return EXPLANATION_GOAL if self.kind.startswith(("/explanation", "/audit/sample")) else GOAL

    @property
    def p95(self) -> float:
        """Seconds that 19 of 20 took at most."""
        return float(np.quantile(self.seconds, 0.95))


def main() -> None:
    """Prints the table."""
    wanted = argparse.ArgumentParser(prog="bin/bench pages", description=__doc__)
    wanted.add_argument("--participants", type=int, default=1000, metavar="N")
    wanted.add_argument("--data", type=Path, metavar="FOLDER", help="a demo that was made before")
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="klarwert-bench-") as folder:
        for line in tell(measure(asked.data or Path(folder) / "data", asked.participants)):
            sys.stdout.write(line + "\n")


def measure(data: Path, participants: int) -> list[Took]:
    """Every page of every role, the slowest first."""
    os.environ.update(KLARWERT_DEMO="true", KLARWERT_DATA=str(data))
    settings = prepare(read())
    with embedded_redis(settings.socket, data / "redis"):
        started = time.perf_counter()
        demo.make(settings, participants)
        sys.stderr.write(f"the demo was ready after {time.perf_counter() - started:.1f} s\n")
        process = Process(settings)
        app = create_app(process)
        settle()
        crowd = max(participants - len(demo.cast()), 0)
        some = [demo_crowd.address_of(number * crowd // PEOPLE) for number in range(min(PEOPLE, crowd))]
        people = [("nobody", ""), *((role, mail) for role, mail in DEMO_LOGIN.items() if role != "password")]
        people += [("participant", mail) for mail in some]
        found: dict[tuple[str, str], Took] = {}
        for number, (role, mail) in enumerate(people):
            client = app.test_client()
            client.environ_base["REMOTE_ADDR"] = f"10.0.{number // 256}.{number % 256}"
            if mail:
                _sign_in(client, mail)
            for path in _pages(client):
                kind = _OWN.sub("*", path)
                took = found.setdefault((role, kind), Took(role, kind))
                took.seconds += [_ask(client, path) for _ in range(TIMES)]
        process.close()
    return sorted(found.values(), key=lambda took: -took.p95)


def _sign_in(client: FlaskClient, mail: str) -> None:
    token = _TOKEN.search(client.get("/sign-in").text)
    data = {"csrf_token": token[1] if token else "", "email": mail, "password": DEMO_LOGIN["password"]}
    answer = client.post("/sign-in", data=data)
    if answer.status_code != 302:
        raise RuntimeError(f"signing in answers {answer.status_code}")


def _pages(client: FlaskClient) -> Iterator[str]:
    """Every page that can be reached, one of each kind; each was opened once before it is measured."""
    waiting, seen = ["/", "/privacy", "/methodology", "/imprint", "/comparison", "/topics"], set()
    while waiting:
        path = waiting.pop(0)
        kind = _OWN.sub("*", path)
        if kind in seen or path.startswith("/static"):
            continue
        seen.add(kind)
        answer = client.get(path)
        if answer.status_code == 302:
            waiting.append(answer.headers["Location"])
            continue
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}")
        if answer.mimetype == "text/html":
            links = _LINK.findall(_DOWNLOAD.sub("", answer.text))
            waiting += [_path(path, link.replace("&amp;", "&")) for link in links if not urlsplit(link).netloc]
        yield path


def _path(base: str, link: str) -> str:
    return urljoin(base, link)


def _ask(client: FlaskClient, path: str) -> float:
    started = time.perf_counter()
    client.get(path).close()
    return time.perf_counter() - started


def tell(found: list[Took]) -> Iterator[str]:
    """The table, and what is slower than it should be."""
    yield f"{'role':<12}{'p50 ms':>8}{'p95 ms':>8}  page"
    for took in found:
        late = "  (over the goal)" if took.p95 > took.goal else ""
        yield f"{took.role:<12}{median(took.seconds) * 1000:>8.1f}{took.p95 * 1000:>8.1f}  {took.kind}{late}"
    yield f"load of the machine {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
