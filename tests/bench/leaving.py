"""How long erasing one of many participants takes, to the last byte: `bin/bench leaving [--participants N] [--json]`.

The demo with so many people on SQLite; one asks for it and is erased as a job does it, from the first step to the
certificate: rows, the bucket's file, the write-ahead log, the look for traces, the key. Goal for 100,000: under 5 s.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from privacy.base import Subject
from server import demo, demo_crowd
from server.models import Account
from server.running import prepare
from server.services import accounts, erasures
from server.services.erasures import Stage
from workers import jobs
from workers.places import holdings
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process, bind
from workers.runtime.settings import read

PASSWORD = "klarwert-demo"
GOAL_SECONDS = 5.0
#: So many are erased, one after the other.
TIMES = 3


def main() -> None:
    """Makes the demo, erases some, and prints how long each took."""
    wanted = argparse.ArgumentParser(prog="bin/bench leaving", description=__doc__)
    wanted.add_argument("--participants", type=int, default=100_000)
    wanted.add_argument("--json", action="store_true")
    chosen = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="kw-bench-") as folder:
        found = measure(Path(folder), chosen.participants)
    line = f"erasing one of {found['participants']:,} participants took at most {max(found['seconds']):.2f} s"
    sys.stdout.write(f"{json.dumps(found) if chosen.json else line} (goal: under {GOAL_SECONDS:g} s)\n")


def measure(data: Path, participants: int) -> dict[str, object]:
    """Seconds of each erasure. Raises `RuntimeError` where something was left."""
    os.environ.update(KLARWERT_DEMO="true", KLARWERT_DATA=str(data))
    settings = prepare(read())
    with embedded_redis(settings.socket, data / "redis"):
        demo.make(settings, participants)
        process = Process(settings)
        bind(process)
        with process.reading() as session:
            people = session.scalar(select(func.count()).select_from(Subject)) or 0
        crowd = max(participants - len(demo.cast()), TIMES)
        seconds = [_erase(process, demo_crowd.address_of(number * crowd // TIMES)) for number in range(TIMES)]
        process.close()
    return {"participants": people, "seconds": seconds, "goal_seconds": GOAL_SECONDS}


def _erase(process: Process, email: str) -> float:
    with process.reading() as session:
        account = accounts.by_email(session, process.ring, email)
        assert isinstance(account, Account)
    token = erasures.ask(process, account.id, PASSWORD, reactions_too=True)
    assert token is not None
    started = time.perf_counter()
    jobs.erase(account.subject_id)
    seconds = time.perf_counter() - started
    with process.reading() as session:
        there = erasures.standing(session, token, process.clock())
        if there is None or there.stage is not Stage.DONE or holdings(process).traces(session, account.subject_id):
            raise RuntimeError("something of the person is left")
    return seconds


if __name__ == "__main__":
    main()
