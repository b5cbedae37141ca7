"""The queue: RQ with JSON, opaque ids as arguments and short lives, since Redis is a place of personal data too."""

import logging
from contextlib import suppress
from hashlib import sha256

from redis import Redis
from rq import Queue as RqQueue
from rq.exceptions import DuplicateJobError, InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from privacy.redact import Word

log = logging.getLogger(__name__)

#: Seconds that a failed job is kept to be looked at.
FAILURE_TTL = 3 * 24 * 3600
JOB_TIMEOUT = 3600
NAME = "klarwert"
#: Jobs that go through everybody: while one runs, another one of the same day has nothing to do beside it.
_ALONE = frozenset({"score_day", "expire", "check_day"})
_STANDING = frozenset({JobStatus.CREATED, JobStatus.QUEUED, JobStatus.STARTED})


class Queue:
    """Sends jobs of `workers.jobs` by name; those of an upper floor by their whole name, `server.jobs.…`."""

    def __init__(self, redis: Redis) -> None:
        self.rq = RqQueue(NAME, connection=redis, serializer=JSONSerializer)

    def send(self, job: str, *ids: str) -> None:
        """Enqueues one job, unless it waits already. Its description names no argument; its result is not kept.

        One that runs may have looked before the reason for this one: it is sent beside it. One that failed makes room.
        """
        name = f"{job.replace('.', '-')}-{sha256('/'.join(ids).encode()).hexdigest()[:32]}"
        places = [name] if job in _ALONE else [name, f"{name}-next", None]
        if any(self._put(place, job, ids) for place in places):
            log.info("sent %s", Word(job))

    def forget(self, id_: str) -> int:
        """Removes every job that names an id, waiting, failed or whatever, but the one that runs; how many."""
        registries = [
            self.rq.failed_job_registry, self.rq.finished_job_registry, self.rq.scheduled_job_registry,
            self.rq.deferred_job_registry, self.rq.canceled_job_registry,
        ]  # fmt: skip
        names = [*self.rq.get_job_ids(), *(name for registry in registries for name in registry.get_job_ids())]
        gone = 0
        for name in names:
            with suppress(NoSuchJobError, InvalidJobOperation):
                there = Job.fetch(name, connection=self.rq.connection, serializer=JSONSerializer)
                if id_ in there.args:
                    there.delete()
                    gone += 1
        return gone

    def _put(self, place: str | None, job: str, ids: tuple[str, ...]) -> bool:
        """Is the job in the queue now? False if one runs under this id. Without an id nothing is in its way."""
        for _ in range(2):
            try:
                self.rq.enqueue_call(
                    job if "." in job else f"workers.jobs.{job}",
                    args=ids,
                    description=job,
                    timeout=JOB_TIMEOUT,
                    result_ttl=0,
                    failure_ttl=FAILURE_TTL,
                    job_id=place,
                    unique=place is not None,
                )
            except DuplicateJobError:
                status = self._make_room(str(place))
            else:
                return True
            if status is not None:
                return status != JobStatus.STARTED
        return False

    def _make_room(self, place: str) -> JobStatus | None:
        """How the job under an id stands; None if it is over and nothing is in the way any more."""
        try:
            there = Job.fetch(place, connection=self.rq.connection, serializer=JSONSerializer)
            status = there.get_status(refresh=False)
        except (NoSuchJobError, InvalidJobOperation):
            return None
        if status in _STANDING:
            return status
        there.delete()
        return None
