"""How long an export of 100,000 signals takes, and how much room: python -m tests.bench.exports. Goal: under 10 s."""

import os
import resource
import sys
import tempfile
import time
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import migrations
from privacy.store import open_store
from server import jobs
from server.services import exports
from tests.conftest import ORGANISATION
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import reading
from workers.networks.shape import Reaction
from workers.results import store_score
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process, bind
from workers.runtime.settings import read
from workers.signals.store import put

SIGNALS = 100_000
_A_POST = 500


def fill(process: Process) -> str:
    """One person with posts of 500 likes each."""
    with process.working() as work:
        subject_id = make_subject(work).id
        agree(work, subject_id)
        connection, key = make_connection(work, subject_id), work.ring.person(subject_id)
        for number in range(SIGNALS // _A_POST):
            day = work.today - timedelta(days=number % 80)
            likes = (Reaction("like", f"did:plc:fan{number}x{fan}", day) for fan in range(_A_POST))
            put(work, key, connection, reading(*likes, number=number, posted=number % 80))
        store_score(work, subject_id, work.today)
    return subject_id


def main() -> None:
    """Prints seconds, size and the highest memory use."""
    with tempfile.TemporaryDirectory() as folder, embedded_redis(Path(folder) / "redis.sock"):
        settings = read(
            {
                "KLARWERT_DATA": folder,
                "KLARWERT_REDIS": f"unix://{folder}/redis.sock",
                "KLARWERT_MASTER_KEY": b64encode(os.urandom(32)).decode(),
            }
        )
        (settings.data / "keys").mkdir()
        process = Process(replace(settings, organisation=ORGANISATION))
        engine = open_store(settings.database)
        migrations.upgrade(engine)
        bind(process)
        subject_id = fill(process)
        with process.working() as work:
            export_id = exports.order(work, subject_id, "en")
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        jobs.build_export(export_id)
        seconds = time.perf_counter() - start
        there = exports.status(process, subject_id)
        assert there is not None
        room = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        sys.stdout.write(f"{SIGNALS} signals: {seconds:.2f} s, {sum(there.sizes)} bytes, {room:.0f} MB more memory\n")
        process.close()


if __name__ == "__main__":
    main()
