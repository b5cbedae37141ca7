"""Politeness across processes: one request at a time to each host, and waits that everybody keeps."""

import subprocess
import sys
from datetime import timedelta

import pytest

from tests.conftest import Clock
from workers.jobs.traffic import SharedTraffic
from workers.networks.failure import Failure, Reason
from workers.runtime.process import Process

END = "https://garten.test"
#: Another process that holds a turn until a line comes in.
HOLD = """
import sys
from redis import Redis
name = sys.argv[2]
with Redis.from_url(sys.argv[1]).lock(name, timeout=30):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_one_request_at_a_time_to_a_host_from_all_processes(process: Process, clock: Clock) -> None:
    traffic = SharedTraffic(process, patience=0.1)
    command = [sys.executable, "-c", HOLD, process.settings.redis_url, traffic._name("turn", END)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Failure) as failure, traffic.turn(END):
            raise AssertionError("it was not its turn")
        with traffic.turn("https://wiese.test"):
            other.communicate("go\n")
    assert (failure.value.reason, failure.value.retry_at) == (Reason.RATE_LIMITED, clock.now + timedelta(minutes=1))
    for _ in range(2):
        with traffic.turn(END):
            pass


def test_a_turn_that_took_too_long_is_not_taken_from_the_next(process: Process) -> None:
    traffic = SharedTraffic(process, patience=0.1)
    name = traffic._name("turn", END)
    with traffic.turn(END):
        process.redis.set(name, "somebody else")
    assert process.redis.get(name) == b"somebody else"


def test_a_wait_that_one_was_told_is_kept_by_all_and_names_no_host(process: Process, clock: Clock) -> None:
    until = clock.now + timedelta(minutes=5)
    SharedTraffic(process).hold(END, until)
    SharedTraffic(process).hold(END + ":1", clock.now)
    other = Process(process.settings, clock)
    assert SharedTraffic(other).held(END) == until
    assert SharedTraffic(other).held(END + ":1") is None
    other.close()
    [key] = process.redis.keys("klarwert:host:*")
    assert b"garten" not in key
    assert 0 < process.redis.ttl(key) <= 300
