"""Jobs of the upper floor: what they make is written in words that only this floor has."""

from server.services import digests, exports, recipients
from workers.jobs.job import job
from workers.jobs.telling import tell_now
from workers.runtime.process import Process


@job
def build_export(process: Process, export_id: str) -> None:
    """Makes an export, or goes on with one; nothing happens where somebody else is at it or nobody waits for it."""
    exports.build(process, export_id)


@job
def tell(process: Process, told_id: str) -> None:
    """Tells a recipient what became of somebody whose data they got."""
    tell_now(process, told_id, recipients.letter)


@job
def write_digest(process: Process, subject_id: str) -> None:
    """Writes the weekly mail of somebody who agreed to it, once a week."""
    digests.write(process, subject_id)
