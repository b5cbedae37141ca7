"""Jobs of the upper floor: what they make is written in words that only this floor has."""

from server.services import digests, exports
from workers.jobs.job import job
from workers.runtime.process import Process


@job
def build_export(process: Process, export_id: str) -> None:
    """Makes an export, or goes on with one; nothing happens where somebody else is at it or nobody waits for it."""
    exports.build(process, export_id)


@job
def write_digest(process: Process, subject_id: str) -> None:
    """Writes the weekly mail of somebody who agreed to it, once a week."""
    digests.write(process, subject_id)
