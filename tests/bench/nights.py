"""`bin/bench pass`: whole passes over invented signals as the product does them, beside what else could do the sum."""

import argparse
import json
import logging
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import igraph
import numpy as np
import psycopg
from scipy.sparse import csr_matrix
from sqlalchemy import func, select

from tests.bench.town import DAY, Rows, Town, load_town, process_of, save_town
from tests.networks.bluesky.postgres import ThrowAwayPostgres
from workers import buckets
from workers.fold import fold
from workers.models import Bucket, DayScored, Inbox, Score
from workers.places import holdings
from workers.scoring.explain import explain
from workers.scoring.score import fading, weights
from workers.scoring.signals import AUDIENCE_CODE, KINDS, Signals
from workers.signals.inbox import load
from workers.signals.take import take

WORKERS = 2
#: What stands beside the pass gets at most so many rows, so that a run ends; its own row says how many.
BESIDE = 3_000_000
EXPLAINED = 100_000
_DAMPING, _ROUNDS = 0.85, 50

Row = dict[str, Any]


def main() -> None:
    """Prints the table, or one JSON object."""
    wanted = argparse.ArgumentParser(prog="bin/bench pass", description=__doc__)
    wanted.add_argument("--signals", type=int, default=3_000_000, metavar="N", help="10^5 to 10^8")
    wanted.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    asked = wanted.parse_args()
    logging.getLogger("workers.runtime.process").disabled = True  # the jobs after the night have nobody to do them
    with tempfile.TemporaryDirectory(prefix="klarwert-bench-") as folder:
        _tell(run(Path(folder), asked.signals), asked.json)


def run(folder: Path, signals: int) -> dict[str, Row]:
    """All rows, by name."""
    # In a process of its own: what it takes would count as memory of the pass, whose workers fork from this one.
    making = get_context("fork").Process(target=save_town, args=(folder, signals))
    making.start()
    making.join()
    if making.exitcode:
        raise RuntimeError("the town could not be made")
    found = {"pass": _pass(folder / "data", signals)}
    town = load_town(folder, signals)
    rows = town.rows
    few = rows if len(rows) <= BESIDE else Rows(*(getattr(rows, name)[:BESIDE] for name in Rows.__dataclass_fields__))
    for name, beside in (
        ("scan", _scan), ("igraph", _igraph), ("scipy", _scipy), ("sqlite", _sqlite), ("postgresql", _postgresql)
    ):  # fmt: skip
        found[name] = beside(few)
    found["one_person"] = _one_person(town)
    found["explanation"] = _explanation()
    found["erasing_one"] = _erasing(town)
    town.process.close()
    return found


def _pass(folder: Path, signals: int) -> Row:
    """One night: every bucket folded and scored, by two worker processes that fork from here as RQ's do."""
    context = get_context("fork")
    queue, done = context.SimpleQueue(), context.SimpleQueue()
    process = process_of(folder, signals)
    with process.reading() as session:
        numbers = list(session.scalars(select(Bucket.number)))
    process.close()
    for number in [*numbers, *[None] * WORKERS]:
        queue.put(number)
    started = time.perf_counter()
    workers = [context.Process(target=_work, args=(folder, signals, queue, done)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    told = [done.get() for _ in workers]
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - started
    with process.reading() as session:
        stored = session.execute(select(func.sum(Bucket.signals), func.sum(Bucket.people))).one()
        failed = session.scalar(select(func.count()).where(Bucket.failure.is_not(None)))
        left = session.scalar(select(func.count()).select_from(Inbox))
        scored = session.scalar(select(func.count()).where(Score.day == DAY, ~Score.preliminary))
        published = session.get(DayScored, DAY) is not None
        files = list(session.scalars(select(Bucket.file)))
        voices = sum(len(load(process.ring, process.storage, one).closed.pseudonym) for one in files if one)
    size = sum((folder / "vault" / one).stat().st_size for one in files if one)
    process.close()
    if failed or left or not published or scored != stored[1]:
        raise RuntimeError("the pass did not come to its end")
    rows = int(stored[0])
    voices -= int(stored[1])
    busy = sum(one for _, one, _ in told)
    people = int(stored[1])
    return {
        "rows": rows, "seconds": seconds, "rows_per_second": rows / seconds,
        "bytes_per_row": (size - 8 * voices - 16 * people) / rows, "peak_bytes": sum(peak for peak, _, _ in told),
        "people": people, "voices": voices, "bytes_per_voice": (8 * voices + 16 * people) / voices,
        "file_bytes_per_row": size / rows, "buckets": len(numbers), "cpu_seconds": busy,
        "rows_per_cpu_second": rows / busy,
        "load": os.getloadavg()[0], "publishing_seconds": sum(one for _, _, one in told),
    }  # fmt: skip


def _work(folder: Path, signals: int, queue: Any, done: Any) -> None:
    """One worker: folds until nothing is left, then tells its peak of memory and its processor time."""
    process = process_of(folder, signals)
    published: list[float] = []
    publish = buckets.publish

    def timed(*args: Any) -> bool:
        started = time.perf_counter()
        found = publish(*args)
        published.append(time.perf_counter() - started)
        return found

    buckets.publish = timed
    while (number := queue.get()) is not None:
        fold(process, number, DAY)
    process.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    done.put((used.ru_maxrss * 1024, used.ru_utime + used.ru_stime, sum(published)))


@dataclass(frozen=True, eq=False)
class _Measured:
    """How long something took, best of a few, and the most memory the process had until then."""

    seconds: float
    given: Any


def _measure(what: Callable[[], Any], times: int = 1) -> _Measured:
    best, given = float("inf"), None
    for _ in range(times):
        started = time.perf_counter()
        given = what()
        best = min(best, time.perf_counter() - started)
    return _Measured(best, given)


def _row(rows: int, seconds: float, **more: Any) -> Row:
    return {"rows": rows, "seconds": seconds, "rows_per_second": rows / seconds, **more}


def _value(rows: Rows) -> np.ndarray:
    """Value of each signal."""
    factor = np.where(rows.kind == AUDIENCE_CODE, 1.0, fading()[rows.age])
    return weights()[rows.kind] * rows.count * factor


def _scan(rows: Rows) -> Row:
    """Reads the same columns once, as plain arrays in memory, and multiplies and adds them up."""
    columns = rows.person.astype(np.int32), rows.kind.astype(np.uint8), rows.age.astype(np.uint8), rows.count
    worth = (weights()[:, None] * fading()[None, :]).ravel()

    def scan() -> float:
        person, kind, age, count = columns
        return float((worth[kind.astype(np.int64) * 91 + age] * count).sum()) + float(person.sum())

    return _row(len(rows), _measure(scan, 3).seconds)


def _igraph(rows: Rows) -> Row:
    """PageRank of igraph (PRPACK) on an edge a signal, from voice to person; building the graph is not counted."""
    people = int(rows.person.max()) + 1
    edges = np.column_stack([rows.voice + people, rows.person])
    graph = igraph.Graph(n=int(edges.max()) + 1, edges=edges, directed=True)
    return _row(len(rows), _measure(lambda: graph.pagerank(weights=_value(rows).tolist())).seconds)


def _scipy(rows: Rows) -> Row:
    """PageRank as so many multiplications with a sparse matrix; building the matrix is not counted."""
    people = int(rows.person.max()) + 1
    size = people + int(rows.voice.max()) + 1
    value = _value(rows)
    out = np.bincount(rows.voice, weights=value, minlength=size - people)
    matrix = csr_matrix((value / out[rows.voice], (rows.person, rows.voice + people)), shape=(size, size))

    def ranks() -> np.ndarray:
        rank = np.full(size, 1 / size)
        for _ in range(_ROUNDS):
            rank = (1 - _DAMPING) / size + _DAMPING * (matrix @ rank)
        return rank

    return _row(len(rows), _measure(ranks).seconds)


_SUM = (
    "SELECT person, SUM(loudness) FROM (SELECT person, voice, SQRT(SUM(value)) AS loudness FROM signal "
    "GROUP BY person, voice) AS voices GROUP BY person"
)


def _sqlite(rows: Rows) -> Row:
    """The sum over voices alone, by SQL, from a table with the value of each signal; filling it is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "signals.sqlite")
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("CREATE TABLE signal (person INTEGER, voice INTEGER, value REAL)")
        columns = rows.person.tolist(), rows.voice.tolist(), _value(rows).tolist()
        connection.executemany("INSERT INTO signal VALUES (?, ?, ?)", zip(*columns, strict=True))
        connection.commit()
        seconds = _measure(lambda: connection.execute(_SUM).fetchall()).seconds
        connection.close()
    return _row(len(rows), seconds)


def _postgresql(rows: Rows) -> Row:
    """The same in PostgreSQL."""
    server = ThrowAwayPostgres()
    server.start()
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE UNLOGGED TABLE signal (person int, voice int, value double precision)")
            with connection.cursor().copy("COPY signal FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(_binary(rows))
            connection.execute("ANALYZE signal")
            seconds = _measure(lambda: connection.execute(_SUM).fetchall()).seconds
    finally:
        server.stop()
    return _row(len(rows), seconds)


def _binary(rows: Rows) -> bytes:
    """The rows as PostgreSQL's binary COPY wants them (https://www.postgresql.org/docs/current/sql-copy.html)."""
    names, kinds = ("n", "a", "person", "b", "voice", "c", "value"), (">i2", *[">i4"] * 5, ">f8")
    table = np.zeros(len(rows), dtype=np.dtype(list(zip(names, kinds, strict=True))))
    table["n"], table["a"], table["b"], table["c"] = 3, 4, 4, 8
    table["person"], table["voice"], table["value"] = rows.person, rows.voice, _value(rows)
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + table.tobytes() + b"\xff\xff"


def _one_person(town: Town) -> Row:
    """The score of one person out of all signals, as the page of a participant makes it."""

    def score() -> int:
        with town.process.reading() as session:
            taken = take(session, town.middle, DAY)
            explain(taken.signals, DAY, taken.yesterday)
            return len(taken.signals)

    measured = _measure(score, 5)
    return {"rows": measured.given, "seconds": measured.seconds, "out_of": len(town.rows), "goal_seconds": 0.1}


def _explanation() -> Row:
    """The explanation of very many signals, with the score without every post."""
    chance = np.random.default_rng(1)
    voices, posts = int(EXPLAINED / 2.5), 2000
    nothing = np.zeros(0, dtype=np.int64)
    signals = Signals(
        network=np.zeros(EXPLAINED, dtype=np.int64), networks=("bluesky",),
        kind=chance.integers(0, len(KINDS) - 1, EXPLAINED), day=20_000 - chance.integers(0, 91, EXPLAINED),
        actor=chance.integers(0, voices, EXPLAINED), actors=tuple(f"{n:016x}" for n in range(voices)),
        count=np.ones(EXPLAINED, dtype=np.int64), account=np.full(EXPLAINED, -1), accounts=(),
        post=chance.integers(0, posts, EXPLAINED), posts=tuple(str(n) for n in range(posts)),
        topic=nothing, topic_row=nothing, topics=(),
    )  # fmt: skip
    day = DAY.fromordinal(20_000 + DAY.fromisoformat("1970-01-01").toordinal())
    measured = _measure(lambda: explain(signals, day, {}), 3)
    return {"rows": EXPLAINED, "seconds": measured.seconds, "posts": posts, "goal_seconds": 0.2}


def _erasing(town: Town) -> Row:
    """Erasing one person: their bucket written anew without them."""
    process = town.process
    places = holdings(process)
    with process.working() as work:
        places.erase(work.session, town.middle)
    measured = _measure(lambda: places.erase_places(town.middle))
    gone = measured.given["signals"]
    return {"rows": gone, "seconds": measured.seconds, "out_of": len(town.people), "goal_seconds": 5.0}


def _tell(found: dict[str, Row], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    night = found["pass"]
    _say(f"{'':<14}{'rows':>12}{'seconds':>10}{'rows/s':>14}")
    for name in ("pass", "scan", "igraph", "scipy", "sqlite", "postgresql"):
        row = found[name]
        _say(f"{name:<14}{row['rows']:>12,}{row['seconds']:>10.2f}{row['rows_per_second']:>14,.0f}")
    _say(
        f"\nThe pass: {night['people']:,} people in {night['buckets']} buckets, {WORKERS} processes, "
        f"{night['peak_bytes'] / 1e6:,.0f} MB at most for both, {night['bytes_per_row']:.2f} bytes a row, "
        f"{night['bytes_per_voice']:.2f} bytes a voice, {night['file_bytes_per_row']:.2f} in all. "
        f"Processor time {night['cpu_seconds']:.2f} s: {night['rows_per_cpu_second']:,.0f} rows a second and core; "
        f"making the day one version, at the end: {night['publishing_seconds']:.2f} s; "
        f"load of the machine {night['load']:.1f}."
    )
    for name, text in (
        ("one_person", "score of one person"),
        ("explanation", f"explanation of {EXPLAINED:,} signals, without every post"),
        ("erasing_one", "erasing one person"),
    ):
        row = found[name]
        _say(f"{text}: {row['seconds'] * 1000:,.0f} ms (goal {row['goal_seconds'] * 1000:,.0f})")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
