"""More ways in which somebody could be left behind: PostgreSQL, errors that are forced, people who only react."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from redis import Redis
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy import update

from privacy.sealed import seal
from tests.canary.people import PASSWORD, email, settle
from tests.canary.run import Canary, Figures, after_restore, erase_one, flat, installed, redis_dump
from tests.canary.search import Search
from tests.canary.web import Visitor
from tests.factories.people import agree, make_connection, make_subject
from tests.networks.bluesky.postgres import ThrowAwayPostgres
from tests.workers.networks.mastodon_server import MastodonServer, days_before
from workers import jobs
from workers.models import Connection, Score
from workers.places import holdings
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process, bind

_JOBS_SECONDS = 20.0


class _Postgres(ThrowAwayPostgres):
    """A server whose folder can be searched."""

    @property
    def folder(self) -> Path:
        assert self._scratch
        return self._scratch


@contextmanager
def _postgres() -> Iterator[_Postgres]:
    server = _Postgres()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def on_postgresql(folder: Path, *, restored: bool = False) -> Figures:
    """The same with PostgreSQL: after VACUUM FULL, a checkpoint, and with the old write-ahead log gone (R29)."""
    with _postgres() as server:

        def settle_down() -> Sequence[Path]:
            with psycopg.connect(server.url, autocommit=True) as connection:
                _wait_until_alone(connection)
                connection.execute("ALTER SYSTEM SET wal_recycle = off")
                connection.execute("ALTER SYSTEM SET min_wal_size = '32MB'")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute("VACUUM FULL")
                for _ in range(3):
                    connection.execute("SELECT pg_switch_wal()")
                    connection.execute("CHECKPOINT")
            return [server.folder]

        url = server.url.replace("postgresql://", "postgresql+psycopg://")
        with installed(folder, KLARWERT_DATABASE=url) as (house, process):
            return erase_one(house, process, folder, settle_down, restored=restored)


def after_restore_on_postgresql(folder: Path) -> Figures:
    """The same once a backup of before was put back and the journal replayed: old rows, and the replay's own (R36)."""
    return on_postgresql(folder, restored=True)


def _wait_until_alone(connection: psycopg.Connection[tuple[int]]) -> None:
    """What somebody who is still connected could look at, VACUUM leaves."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"
    end = time.monotonic() + _JOBS_SECONDS
    while time.monotonic() < end:
        row = connection.execute(others).fetchone()
        if row is not None and row[0] == 0:
            return
        time.sleep(0.2)


def on_forced_errors(folder: Path) -> Figures:
    """Pages and jobs that break on values with tokens in them, at DEBUG: no log and no job says them (R32)."""
    with installed(folder) as (house, process):
        people = settle(process)
        broken = people[0]
        with process.working() as work:
            mine = Connection.subject_id == broken.id
            work.session.execute(update(Connection).where(mine).values(state=f"{broken.name}.state"))
            work.session.execute(update(Score).where(Score.subject_id == broken.id).values(score=-1.0))
        process.close()
        house.start()
        try:
            visitor = Visitor(house.url, broken.name)
            for _ in range(2):
                visitor.post("/sign-in", email=email(broken), password=PASSWORD)
            answers = visitor.look_around()
            failed = _break_jobs(process, broken.id, broken.name)
            dump = redis_dump(process)
        finally:
            house.stop()
        search = Search({broken.name, email(broken)})
        log = house.log.read_bytes()
        hits = [*search.content("log", log), *search.content("Redis", flat(dump)), *search.folder(folder / "tmp")]
        figures = Figures(len(people), 2, len(log) + len(flat(dump)), len(hits))
        figures.faults += [f"{hit.how} in {hit.where}" for hit in hits]
        if not any(status >= 500 for status in answers) or not failed:
            figures.faults.append("nothing broke: the errors were not forced")
        return figures


def _break_jobs(process: Process, subject_id: str, token: str) -> int:
    """Jobs that fail, one with the token as an argument that is no id; how many are kept as failed."""
    for name in ("score_day", "expire", "collect"):
        process.queue.send(name, subject_id)
    process.queue.rq.enqueue_call("workers.jobs.no_such_job", args=("x",), description="no such job")
    end = time.monotonic() + _JOBS_SECONDS
    registry = FailedJobRegistry(process.queue.rq.name, connection=process.redis, serializer=JSONSerializer)
    while time.monotonic() < end and not registry.get_job_ids():
        time.sleep(0.2)
    assert token
    return len(registry.get_job_ids())


def on_reacting_people(folder: Path) -> Figures:
    """Who reacts and never signed up is nowhere by handle or id, and two participants have two names for them (R7)."""
    figures = Figures()
    handles = [f"kanarie{number:02}x{'abcdef0123456789' * 2}" for number in range(20)]
    with MastodonServer() as server, embedded_redis(folder / "redis.sock") as redis:
        with installed(
            folder, KLARWERT_ALLOWED_ORIGINS=server.origin, KLARWERT_REDIS=f"unix://{folder}/redis.sock"
        ) as (_, process):
            bind(process)
            names = [_read(process, server, who, handles) for who in ("mira", "jona")]
            figures.people = len(handles) + len(names)
            if not all(len(one) == len(handles) for one in names) or names[0] & names[1]:
                figures.faults.append("two participants do not have pseudonyms of their own for the same people")
            dump = _dump(redis, process)
        search = Search({*handles, *(f"{handle}@{server.host}" for handle in handles)})
        hits = [*search.folder(folder), *search.content("Redis", flat(dump))]
    figures.tokens, figures.hits = 2 * len(handles), len(hits)
    figures.bytes = len(flat(dump)) + sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    figures.faults += [f"{hit.how} in {hit.where}" for hit in hits[:20]]
    return figures


def _dump(redis: Redis, process: Process) -> dict[bytes, bytes]:
    assert redis.ping()
    return redis_dump(process)


def _read(process: Process, server: MastodonServer, who: str, handles: Sequence[str]) -> set[str]:
    """Somebody whose post everybody likes, read to the end; the pseudonyms that came of it."""
    server.add_person(who)
    post = server.post(who, "Vor drei Tagen", days_before(process.clock(), 3))
    for handle in handles:
        server.favourite(handle, post)
    with process.working() as work:
        subject_id = make_subject(work).id
        agree(work, subject_id, network="mastodon")
        connection = make_connection(work, subject_id, "mastodon", actor_id=f"{who}@{server.host}")
        seal(connection, work.ring.person(subject_id), remote_id=server.remote_id(who), handle=f"@{who}@{server.host}")
    jobs.collect(connection.id)
    with process.reading() as session:
        rows = holdings(process).rows(session, subject_id, "signals")
        return {row["actor"] for row in rows if row["kind"] == "like" and row["actor"] is not None}


MORE: list[Canary] = [
    on_postgresql, after_restore, after_restore_on_postgresql, on_forced_errors, on_reacting_people,
]  # fmt: skip
