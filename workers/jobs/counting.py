"""Counting over everybody, so that no page has to."""

from workers import tallies
from workers.jobs.job import job
from workers.runtime.process import Process


@job
def count(process: Process, name: str) -> None:
    """Counts one thing of `workers.tallies` anew."""
    tallies.count(process, name)
