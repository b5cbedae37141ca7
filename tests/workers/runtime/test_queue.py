"""The queue: JSON, ids only, short lives, and nothing twice."""

import pytest
from rq import SimpleWorker
from rq.job import JobStatus
from rq.serializers import JSONSerializer

from workers.runtime.process import Process
from workers.runtime.queue import FAILURE_TTL, JOB_TIMEOUT


def test_a_job_names_no_argument_and_does_not_live_long(process: Process) -> None:
    process.queue.send("score", "0" * 32)
    [job] = process.queue.rq.jobs
    assert (job.description, job.func_name, job.args, job.kwargs) == ("score", "workers.jobs.score", ["0" * 32], {})
    assert (job.result_ttl, job.failure_ttl, job.timeout) == (0, FAILURE_TTL, JOB_TIMEOUT)
    assert FAILURE_TTL <= 7 * 24 * 3600
    assert job.serializer is JSONSerializer
    assert process.queue.rq.name == "klarwert"


def waiting(process: Process) -> list[list[str]]:
    return [job.args for job in process.queue.rq.jobs]


def test_a_job_that_waits_is_not_sent_again(process: Process) -> None:
    for _ in range(3):
        process.queue.send("score", "0" * 32)
        process.queue.send("score", "1" * 32)
        process.queue.send("collect", "0" * 32)
    assert waiting(process) == [["0" * 32], ["1" * 32], ["0" * 32]]


def test_a_new_reason_for_a_job_that_runs_is_not_lost(process: Process) -> None:
    for number in range(2):
        process.queue.send("score", "0" * 32)
        process.queue.send("score", "0" * 32)
        [job] = [job for job in process.queue.rq.jobs if job.get_status() == JobStatus.QUEUED]
        job.set_status(JobStatus.STARTED)
        assert process.queue.rq.count == number + 1
    process.queue.send("score", "0" * 32)
    assert process.queue.rq.count == 3


@pytest.mark.parametrize("name", ["score_day", "expire"])
def test_what_goes_through_everybody_does_not_run_beside_itself(process: Process, name: str) -> None:
    process.queue.send(name, "2026-11-21")
    process.queue.rq.jobs[0].set_status(JobStatus.STARTED)
    process.queue.send(name, "2026-11-21")
    process.queue.send(name, "2026-11-22")
    assert waiting(process) == [["2026-11-21"], ["2026-11-22"]]


def test_a_job_that_failed_does_not_block_the_next_one(process: Process) -> None:
    for _ in range(2):
        process.queue.send("score_day", "no day")
        SimpleWorker([process.queue.rq], connection=process.redis, serializer=JSONSerializer).work(burst=True)
        assert process.queue.rq.failed_job_registry.count == 1
    process.queue.send("score_day", "no day")
    assert waiting(process) == [["no day"]]
