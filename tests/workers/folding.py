"""People with signals to fold, and a fold in a process of its own that can be stopped anywhere."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.factories.days import signals
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, count, like, reading, reply
from workers import buckets
from workers.models import Bucket, Inbox, Score
from workers.runtime.process import Process
from workers.signals.store import put, put_audience

#: Steps of a fold, in their order.
STEPS = ("read", "merged", "key", "file", "commit", "committing", "committed", "end")

#: Folds a bucket for a day at a moment; kills itself at a step, or is killed from outside.
PROGRAM = """
import json, os, signal, sys
from datetime import date, datetime
import server.processes
from workers import fold
from workers.runtime.process import Process
from workers.runtime.settings import read
told = json.loads(sys.argv[1])
now = datetime.fromisoformat(told["now"])
process = Process(read(told["settings"]), lambda: now)
def at(step):
    if step == told["kill_at"]:
        os.kill(os.getpid(), signal.SIGKILL)
fold.watch = at
day = date.fromisoformat(told["day"]) if told["day"] else None
if told["wait"]:
    print("ready", flush=True)
    sys.stdin.readline()
for number in told["buckets"]:
    print(number, fold.fold(process, number, day), flush=True)
"""


def damage(path: Path, where: int = -1) -> None:
    """Changes one bit of a file."""
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)


@dataclass(frozen=True)
class Fold:
    """A process that folds, or did."""

    running: "subprocess.Popen[str]"

    def wait_until_ready(self) -> None:
        """For one that was started with `wait`."""
        assert self.running.stdout
        assert self.running.stderr
        if self.running.stdout.readline() != "ready\n":
            raise AssertionError(self.running.stderr.read())

    def end(self) -> int:
        """Waits for its end; its exit code."""
        self.running.communicate(timeout=120)
        return self.running.returncode


def folding(process: Process, *numbers: int, day: date | None = TODAY, kill_at: str = "", wait: bool = False) -> Fold:
    """Starts folding buckets in a process of its own."""
    settings = process.settings
    told: dict[str, Any] = {
        "settings": {
            "KLARWERT_DATA": str(settings.data), "KLARWERT_DATABASE": settings.database,
            "KLARWERT_REDIS": settings.redis, "KLARWERT_BUCKETS": str(settings.buckets),
            "KLARWERT_MASTER_KEY": base64.b64encode(settings.master_keys[0]).decode(),
        },
        "now": process.clock().isoformat(), "day": day.isoformat() if day else "", "buckets": list(numbers),
        "kill_at": kill_at, "wait": wait,
    }  # fmt: skip
    return Fold(
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(told)], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
    )  # fmt: skip


@contextmanager
def ended(fold: Fold) -> Iterator[Fold]:
    """Ends it whatever happens."""
    try:
        yield fold
    finally:
        if fold.running.poll() is None:
            fold.running.send_signal(signal.SIGKILL)
        fold.running.communicate()


def make_people(process: Process, number: int) -> list[str]:
    """Participants with signals of all sorts; their ids, rising."""
    with process.working() as work:
        buckets.settle(work)
        ids = [make_subject(work).id for _ in range(number)]
        for place, subject_id in enumerate(ids):
            agree(work, subject_id)
            connection = make_connection(work, subject_id, read_at=work.now)
            key = work.ring.person(subject_id)
            page = [reading(like(f"did:{who}", 2 + who), reply("did:x", who), number=who + 1) for who in range(3)]
            put(work, key, connection, *page, reading(count(7 + place, "repost"), number=9))
            put_audience(work, connection, 100 + place)
    return sorted(ids)


@dataclass(frozen=True)
class State:
    """What can be seen of an installation: to be compared before and after."""

    signals: list[tuple[Any, ...]]
    scores: dict[str, float]
    versions: list[int]
    files: set[str]
    keys: set[str]
    inbox: int


def state_of(process: Process) -> State:
    """What stands now."""
    with process.reading() as session:
        scores = {row.subject_id: row.score for row in session.scalars(select(Score).where(~Score.preliminary))}
        versions = list(session.scalars(select(Bucket.version).order_by(Bucket.number)))
        waiting = len(session.scalars(select(Inbox.id)).all())
    rows = sorted((tuple(row.values()) for row in signals(process)), key=repr)
    return State(rows, scores, versions, process.storage.names(""), process.ring.files(), waiting)


def counted_files(process: Process) -> set[str]:
    """The files that the pointers name."""
    with process.reading() as session:
        return {file for file in session.scalars(select(Bucket.file)) if file}


TOMORROW = TODAY + timedelta(days=1)
