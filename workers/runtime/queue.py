"""The queue: RQ with JSON, opaque ids as arguments and short lives, since Redis is a place of personal data too."""

import logging

from redis import Redis
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer

from privacy.redact import Word

log = logging.getLogger(__name__)

#: Seconds that a failed job is kept to be looked at.
FAILURE_TTL = 3 * 24 * 3600
JOB_TIMEOUT = 3600
NAME = "klarwert"


class Queue:
    """Sends jobs of `workers.jobs` by name."""

    def __init__(self, redis: Redis) -> None:
        self.rq = RqQueue(NAME, connection=redis, serializer=JSONSerializer)

    def send(self, job: str, *ids: str) -> None:
        """Enqueues one job. Its description names no argument; its result is not kept."""
        self.rq.enqueue_call(
            f"workers.jobs.{job}",
            args=ids,
            description=job,
            timeout=JOB_TIMEOUT,
            result_ttl=0,
            failure_ttl=FAILURE_TTL,
        )
        log.info("sent %s", Word(job))
