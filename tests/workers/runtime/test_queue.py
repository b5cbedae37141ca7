"""The queue: JSON, ids only, short lives."""

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
