"""Comparing those who agreed to it, once a day has counted for everybody."""

from datetime import date

from workers import comparing
from workers.jobs.job import job
from workers.runtime.process import Process


@job
def compare(process: Process, day: str) -> None:
    """Compares everybody who agreed for a day (ISO, UTC) that has ended."""
    with process.working() as work:
        comparing.compare(work, date.fromisoformat(day))
