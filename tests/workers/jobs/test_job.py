"""What a job leaves behind in Redis and in the log when it fails: nothing of what it worked on."""

import io
import logging
import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from privacy.redact import redacted
from workers import jobs
from workers.jobs.job import JobFailedError, job
from workers.runtime.process import Process
from workers.runtime.queue import NAME

CANARY = "mira-kanarienvogel@garten.test"


@job
def broken(process: Process, id_: str) -> None:
    """A job whose every error names somebody."""
    try:
        {}[CANARY]
    except KeyError as error:
        raise ValueError(f"no account {CANARY}") from error


@job
def refused(process: Process, id_: str) -> None:
    """A job of somebody who withdrew."""
    raise NoConsentError(CANARY)


@job
def gone(process: Process, id_: str) -> None:
    """A job of somebody who is erased."""
    raise KeyGoneError(CANARY)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, as the processes write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, level, factory = logging.getLogger(), logging.getLogger().level, logging.getLogRecordFactory()
    logging.setLogRecordFactory(redacted)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    logging.setLogRecordFactory(factory)


@pytest.fixture
def broken_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "broken", broken, raising=False)


def everything(redis: Redis) -> bytes:
    """All keys and values of a Redis, and what is packed inside them."""
    readers = {
        "string": redis.get,
        "hash": redis.hgetall,
        "list": lambda name: redis.lrange(name, 0, -1),
        "set": redis.smembers,
        "zset": lambda name: redis.zrange(name, 0, -1, withscores=True),
        "stream": redis.xrange,
    }
    keys = list(redis.scan_iter())
    return b" ".join(part for key in keys for part in (key, *parts(readers[redis.type(key).decode()](key))))


def parts(value: object) -> Iterator[bytes]:
    """Every text in a value; RQ packs with zlib, and in Base64 around it."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set):
        for part in value:
            yield from parts(part)
    if isinstance(value, bytes):
        yield value
        for unpack in (bytes, b64decode):
            with suppress(zlib.error, ValueError):
                yield zlib.decompress(unpack(value))


def run_all(process: Process) -> None:
    worker = SimpleWorker([NAME], connection=process.redis, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="DEBUG")


def test_the_text_of_an_exception_reaches_neither_redis_nor_the_log(
    process: Process, lines: io.StringIO, broken_job: None
) -> None:
    process.queue.send("broken", "0" * 32)
    run_all(process)
    kept = everything(process.redis)
    # The scan does look into what is packed: the name of the job, and the error as we tell it.
    assert b"workers.jobs.broken" in kept
    assert b"JobFailedError: ValueError at" in kept
    assert CANARY.encode() not in kept
    text = lines.getvalue()
    assert CANARY not in text
    assert "broken failed | ValueError at jobs/job.py" in text


def test_a_job_that_failed_names_the_kinds_of_errors_and_nothing_else(process: Process) -> None:
    with pytest.raises(JobFailedError) as failed:
        broken("0" * 32)
    assert CANARY not in str(failed.value)
    assert "ValueError" in str(failed.value)
    assert "KeyError" in str(failed.value)


@pytest.mark.parametrize("quiet", [refused, gone])
def test_where_there_is_nothing_to_do_any_more_a_job_ends_quietly(
    process: Process, lines: io.StringIO, quiet: object
) -> None:
    quiet("0" * 32)  # type: ignore[operator]
    assert "nothing to do any more" in lines.getvalue()
    assert CANARY not in lines.getvalue()


def test_a_job_that_went_well_leaves_nothing_in_redis(process: Process) -> None:
    process.queue.send("erase", "f" * 32)
    run_all(process)
    assert b"f" * 32 not in everything(process.redis)
