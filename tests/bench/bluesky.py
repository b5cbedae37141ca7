"""Bluesky's real servers end to end: 10,000 reactions read, scored and compared, then its firehose while it runs.

The network is started from npm and seeded with invented people; the installation is a real one in a folder of its own.
The score has to be what the scenario says by itself (`tests/networks/bluesky/expected.py`), else it exits with 1.
"""

import os
import random
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import migrations
from privacy.store import open_store
from tests.conftest import ORGANISATION
from tests.factories.people import agree, make_connection, make_subject
from tests.networks.bluesky.accounts import SeedResult
from tests.networks.bluesky.expected import expected_signals
from tests.networks.bluesky.network import BlueskyNetwork
from workers.jobs.reading import collect
from workers.jobs.scoring import score as score_job
from workers.live import Live
from workers.models import Run
from workers.results import newest
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process, bind
from workers.runtime.settings import read
from workers.scoring.score import score
from workers.scoring.signals import KINDS, Signal, Signals
from workers.signals.inbox import known

REACTIONS = 10_000
LIVE = 300
ALONE = 30
_PEOPLE, _POSTS = 250, 60
_SHARES = {"like": 65, "repost": 15, "reply": 10, "quote": 10}
_OLD = 400
Rows = list[dict[str, Any]]
Made = TypeVar("Made")


def scenario(today: date) -> dict[str, Any]:
    """Mira with 60 posts of 80 days, and 250 people who react 10,000 times; the same for the same day."""
    draw = random.Random(20261122)
    people = [f"p{number:03d}" for number in range(_PEOPLE)]
    accounts = [
        {"id": name, "handle": f"{name}-bench.test", "displayName": name.upper(), "at": _moment(today, _OLD)}
        for name in ("mira", *people)
    ]
    ages = {f"post{number:02d}": 81 - round(number * 1.3) for number in range(_POSTS)}
    events: Rows = [
        {"type": "post", "id": post, "by": "mira", "text": f"Beitrag {post}", "at": _moment(today, age)}
        for post, age in ages.items()
    ]
    for kind, share in _SHARES.items():
        pairs = [(who, post) for who in people for post in ages]
        for number, (who, post) in enumerate(draw.sample(pairs, REACTIONS * share // 100)):
            at = _moment(today, draw.randint(1, ages[post]))
            events.append(_event(kind, who, post, at, number))
    return {"accounts": accounts, "events": events}


def _event(kind: str, who: str, post: str, at: str, number: int) -> dict[str, Any]:
    known_by = {"id": f"{kind}{number}", "by": who, "at": at}
    if kind in ("like", "repost"):
        return {"type": kind, "of": post, **known_by}
    if kind == "reply":
        return {"type": "reply", "to": post, "text": f"Antwort {number}", **known_by}
    return {"type": "post", "quote": post, "text": f"Zitat {number}", **known_by}


def _moment(today: date, days_ago: int) -> str:
    """One moment for all of a day, which is harder than life: the server loses what is alike where a page ends."""
    moment = datetime.combine(today, datetime.min.time()) + timedelta(days=-days_ago, minutes=1)
    return moment.isoformat(timespec="milliseconds") + "Z"


def wanted(rows: Rows, day: date) -> float:
    """The score that signals have by the score alone."""
    made = [
        Signal(
            one["network"], one["kind"], date.fromisoformat(one["day"]), one["actor"], one["count"], post=one["post"]
        )
        for one in rows
    ]
    return score(Signals.from_rows(made), day, {}).score


@contextmanager
def installation(network: BlueskyNetwork) -> Iterator[Process]:
    """An installation in a folder of its own that reads this network."""
    with tempfile.TemporaryDirectory() as folder, embedded_redis(Path(folder) / "redis.sock"):
        settings = read(
            {
                "KLARWERT_DATA": folder,
                "KLARWERT_REDIS": f"unix://{folder}/redis.sock",
                "KLARWERT_MASTER_KEY": b64encode(os.urandom(32)).decode(),
                "KLARWERT_BLUESKY_APPVIEW": network.appview,
                "KLARWERT_FIREHOSE": network.pds.replace("http", "ws", 1),
                "KLARWERT_ALLOWED_ORIGINS": network.appview,
            }
        )
        (settings.data / "keys").mkdir()
        process = Process(replace(settings, organisation=ORGANISATION))
        migrations.upgrade(open_store(settings.database))
        bind(process)
        try:
            yield process
        finally:
            process.close()


def main() -> None:
    """Prints what was written, read and scored, and how long it took."""
    today = datetime.now(UTC).date()
    story = scenario(today)
    rows = expected_signals(story, "mira", today)
    with BlueskyNetwork() as network, installation(network) as process:
        seeded, seconds = timed(lambda: network.seed(story))
        say(f"{REACTIONS} reactions of {_PEOPLE} people to {_POSTS} posts written and indexed in {seconds:.0f} s")
        with process.working() as work:
            subject = make_subject(work).id
            agree(work, subject)
            connection = make_connection(work, subject, actor_id=seeded.dids["mira"], due_at=None).id
        _, seconds = timed(lambda: collect(connection))
        with process.reading() as session:
            run = session.query(Run).filter(Run.connection_id == connection).one()
        say(f"read: {run.posts} posts, {run.reactions} reactions in {seconds:.1f} s")
        right = compare(process, subject, rows, today)
        right &= live(process, seeded, subject, rows, today)
    if not right:
        raise SystemExit(1)


def compare(process: Process, subject: str, rows: Rows, today: date) -> bool:
    """Scores the person and says whether signals and score are the expected ones."""
    with process.reading() as session:
        mine = known(session, subject)
    there, kinds = len(mine), Counter(KINDS[kind] for kind in mine.kind.tolist())
    _, seconds = timed(lambda: score_job(subject))
    with process.reading() as session:
        kept = newest(session, subject)
    found, expected = kept.score if kept else float("nan"), wanted(rows, today)
    missing = Counter(one["kind"] for one in rows) - kinds
    right = there == len(rows) and abs(found - expected) < 1e-9
    say(
        f"signals {there} of {len(rows)}, score {found:.9f}, expected {expected:.9f}: "
        f"{'equal' if right else 'NOT EQUAL'} (scored in {seconds * 1000:.0f} ms)"
        + (f"; missing: {dict(missing)}" if missing else "")
    )
    return right


def live(process: Process, seeded: SeedResult, subject: str, rows: Rows, today: date) -> bool:
    """The firehose: single likes and how late they are, many at once, all of them taken back, the score after it."""
    stop = threading.Event()
    thread = threading.Thread(target=Live(process).run, args=(stop,))
    thread.start()
    try:
        time.sleep(2)
        for number in range(4):
            seeded.post("mira", f"Neu {number}", record_id=f"new{number}")
        seeded.settle()
        pairs = [(who, f"new{number}") for number in range(4) for who in seeded.dids if who != "mira"][:LIVE]
        before, late = len(rows), []
        for number, (who, post) in enumerate(pairs[:ALONE]):
            seeded.like(who, post, record_id=f"live{number}")
            late.append(until(process, subject, before + number + 1))
        late.sort()
        median, longest = late[ALONE // 2], late[-1]
        say(f"firehose: {ALONE} single likes in the inbox after {median:.2f} s (median), {longest:.2f} s at most")
        _, seconds = timed(lambda: write(seeded, pairs))
        lag = until(process, subject, before + LIVE)
        say(f"firehose: {LIVE - ALONE} likes written in {seconds:.1f} s, the last one in the inbox {lag:.2f} s later")
        more = [_row(who, post, today) for who, post in pairs]
        right = compare(process, subject, rows + more, today)
        _, seconds = timed(lambda: [seeded.delete(f"live{number}") for number in range(LIVE)])
        lag = until(process, subject, before)
        say(f"firehose: {LIVE} likes taken back in {seconds:.1f} s, the last one gone {lag:.2f} s later")
        return right & compare(process, subject, rows, today)
    finally:
        stop.set()
        thread.join()


def write(seeded: SeedResult, pairs: list[tuple[str, str]]) -> None:
    """All the likes that were not written alone."""
    for number, (who, post) in enumerate(pairs):
        if number >= ALONE:
            seeded.like(who, post, record_id=f"live{number}")


def until(process: Process, subject: str, number: int) -> float:
    """Waits until a person has so many signals; how long it took (seconds)."""
    began = time.monotonic()
    while True:
        with process.reading() as session:
            there = len(known(session, subject))
        if there == number:
            return time.monotonic() - began
        if time.monotonic() - began > 60:
            raise SystemExit(f"after a minute there are {there} signals instead of {number}")
        time.sleep(0.05)


def _row(who: str, post: str, day: date) -> dict[str, Any]:
    return {"network": "bluesky", "kind": "like", "day": day.isoformat(), "actor": who, "post": post, "count": 1}


def timed(do: Callable[[], Made]) -> tuple[Made, float]:
    """What something gives, and how long it took (seconds)."""
    began = time.perf_counter()
    return do(), time.perf_counter() - began


def say(line: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
