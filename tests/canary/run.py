"""One run of the canary: an installation that runs, people, one erased through the web, every byte searched."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from redis import Redis

import migrations
from privacy.certificate import verify
from privacy.journal import NotReplayedError
from server import running
from tests.canary.people import EACH, PASSWORD, email, exported, missing, numbers, sealed_bytes, settle, signals, tokens
from tests.canary.search import Search
from tests.canary.web import Visitor
from tests.functional.installation import ORGANISATION, Installation
from tests.privacy.rows import Person
from workers import backups
from workers.runtime.process import Process
from workers.runtime.settings import read


@dataclass
class Figures:
    """What runs of the canary found."""

    people: int = 0
    tokens: int = 0
    """Searched for, of who was erased."""
    bytes: int = 0
    """Searched through."""
    hits: int = 0
    survived: int = 0
    """Tokens of the others that are still there."""
    faults: list[str] = field(default_factory=list)

    def __iadd__(self, other: Self) -> Self:
        self.people += other.people
        self.tokens += other.tokens
        self.bytes += other.bytes
        self.hits += other.hits
        self.survived += other.survived
        self.faults += other.faults
        return self

    def line(self) -> str:
        """The figures."""
        return (
            f"{self.people} people, {self.tokens} tokens of the erased searched in {self.bytes} bytes: "
            f"{self.hits} hits; {self.survived} tokens of the others are there"
        )


#: The journal of erasures lies beside the log, in a store that no restore rolls back.
JOURNAL = "data/keys/ledger.sqlite"
Canary = Callable[[Path], Figures]


@contextmanager
def installed(folder: Path, **settings: str) -> Iterator[tuple[Installation, Process]]:
    """An installation that is prepared and not started, and a process that looks into it."""
    (folder / "tmp").mkdir()
    house = Installation(folder, {**ORGANISATION, "TMPDIR": str(folder / "tmp"), **settings})
    before = dict(os.environ)
    os.environ.update({name: value for name, value in house.environment.items() if name.startswith("KLARWERT_")})
    try:
        prepared = running.prepare(read())
        process = Process(prepared)
        try:
            yield house, process
        finally:
            process.close()
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def on_sqlite(folder: Path) -> Figures:
    """The embedded installation: web, worker, schedule, Redis, SQLite."""
    with installed(folder) as (house, process):
        return erase_one(house, process, folder)


def after_restore(folder: Path) -> Figures:
    """The same, with a backup of before the erasure put back, and the journal replayed (R36)."""
    with installed(folder) as (house, process):
        return erase_one(house, process, folder, restored=True)


def erase_one(
    house: Installation,
    process: Process,
    folder: Path,
    settle_down: Callable[[], Sequence[Path]] = lambda: (),
    *,
    restored: bool = False,
) -> Figures:
    """Fills, runs, erases the first person through the web, searches; `settle_down` gives more folders to search.

    With `restored` a backup of before is put back first, with everything of theirs in it, and searched when it ran.
    """
    people = settle(process)
    gone, others = people[0], people[1:]
    with process.reading() as session:
        sealed = sealed_bytes(session, gone)
        kept = {other.id: sealed_bytes(session, other, lasting=True) for other in others}
    figures = Figures(people=len(people))
    if bare := set().union(*(missing(process, person) for person in people)):
        figures.faults.append(f"an export would lack {', '.join(sorted(bare))}")
    process.close()
    made = house.command("backup", "create").partition(":")[0] if restored else ""
    house.start()
    try:
        _live(house, figures, gone, others[0])
        dump = redis_dump(process)
    finally:
        house.stop()
    if restored:
        figures.faults += _put_back(house, process, Path(made))
        dump = {}
    _search(folder, [*settle_down()], dump, figures, gone, others, sealed, kept)
    for other in others:
        if len(signals(process, other)) != EACH:
            figures.faults.append("somebody else lost signals")
        if lost := missing(process, other):
            figures.faults.append(f"somebody else lost {', '.join(sorted(lost))}")
    return figures


def _put_back(house: Installation, process: Process, backup: Path) -> list[str]:
    """Restores, finds that nothing starts before the replay, replays, and lets the installation run on it once."""
    faults = []
    backups.restore(process, migrations, backup)
    try:
        process.make_sure()
    except NotReplayedError:
        pass
    else:
        faults.append("a restored database starts without the journal")
    process.close()
    if "1 × erasure" not in (said := house.command("backup", "replay")):
        faults.append(f"the erasure was not done again: {said}")
    house.start()
    house.stop()
    return faults


def _live(house: Installation, figures: Figures, gone: Person, other: Person) -> None:
    """Two people use it; one leaves."""
    with Visitor(house.url, gone.name) as leaving, Visitor(house.url, other.name) as staying:
        for visitor, person in ((leaving, gone), (staying, other)):
            visitor.sign_in(email(person), PASSWORD)
            if broken := [status for status in visitor.look_around() if status >= 500]:
                figures.faults.append(f"{len(broken)} pages failed")
        text = b"\n".join(leaving.download(PASSWORD).values())
        certificate = leaving.leave(PASSWORD)
    if lacking := {token for token in exported(gone) if json.dumps(token)[1:-1].encode() not in text}:
        figures.faults.append(f"the download lacks {sorted(lacking)[:3]!r}")
    if other.name.encode() in text:
        figures.faults.append("the download has somebody else's tokens")
    said = verify(certificate)
    if not said["counts"].get("account") or list(Search(tokens(gone)).content("certificate", certificate.encode())):
        figures.faults.append("the certificate lacks what went, or names the person")


def _search(
    folder: Path,
    more: Sequence[Path],
    dump: dict[bytes, bytes],
    figures: Figures,
    gone: Person,
    others: Sequence[Person],
    sealed: Sequence[bytes],
    kept: dict[str, list[bytes]],
) -> None:
    wanted = [*tokens(gone), *sealed]
    search = Search(wanted)
    figures.tokens += len(wanted) + sum(len(rows) for rows in gone.rows.values())
    hits = [hit for key, value in dump.items() for hit in search.content(f"Redis {key!r}", key + b"\0" + value)]
    for place in (folder, *more):
        hits += search.folder(place)
        figures.bytes += sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    figures.bytes += sum(map(len, dump.values()))
    # The numbers that stood for the person are in the journal until no backup is older: so it has to be (R36).
    known = {number.encode() for number in numbers(gone)}
    hits = [hit for hit in hits if not (hit.token in known and hit.where.startswith(JOURNAL))]
    figures.hits += len(hits)
    figures.faults += [f"{hit.how} in {hit.where}: {hit.token[:60]!r}" for hit in hits[:20]]
    content = b"\0".join(
        path.read_bytes() for place in (folder, *more) for path in sorted(place.rglob("*")) if path.is_file()
    )
    for other in others:
        there = {token for token in other.open if token in content}
        figures.survived += len(there) + sum(value in content for value in kept[other.id])
        if other.id.encode() not in content or (lost := other.open - there):
            figures.faults.append(f"tokens of somebody else are gone: {sorted(lost)[:3]!r}")
        if lost_bytes := [value for value in kept[other.id] if value not in content]:
            figures.faults.append(f"{len(lost_bytes)} sealed values of somebody else are gone")
        # A mail that no server took lies in the outbox with its address.
        if shown := [secret for secret in other.secrets if secret in content and secret != email(other).encode()]:
            figures.faults.append(f"what is sealed stands open: {shown[:3]!r}")


def redis_dump(process: Process) -> dict[bytes, bytes]:
    """Everything that Redis holds: keys, and values as they are kept and as they are read."""
    redis: Redis = process.redis
    found = {key: (redis.dump(key) or b"") + b"\0" + _readable(redis, key) for key in redis.scan_iter()}
    process.close()
    return found


def flat(dump: dict[bytes, bytes]) -> bytes:
    """A dump as one text to search."""
    return b"\0".join(part for pair in dump.items() for part in pair)


def _readable(redis: Redis, key: bytes) -> bytes:
    readers = {
        b"string": lambda: redis.get(key),
        b"hash": lambda: redis.hgetall(key),
        b"list": lambda: redis.lrange(key, 0, -1),
        b"set": lambda: redis.smembers(key),
        b"zset": lambda: redis.zrange(key, 0, -1, withscores=True),
    }
    kind = redis.type(key)
    value = readers[kind]() if kind in readers else None
    return value if isinstance(value, bytes) else repr(value).encode()
