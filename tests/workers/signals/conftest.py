"""One participant with one account, to store signals for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest

from tests.factories.days import signals
from tests.factories.people import agree, make_connection, make_subject
from workers.models import Connection
from workers.networks.shape import Reading
from workers.runtime.process import Process
from workers.signals.store import put

Stored = list[tuple[str, str | None, date, int]]


@dataclass
class Garden:
    """A participant in an installation."""

    process: Process
    subject_id: str
    connection_id: str

    def put(self, *readings: Reading) -> None:
        with self.process.working() as work:
            connection = work.session.get_one(Connection, self.connection_id)
            for each in readings:
                put(work, work.ring.person(self.subject_id), connection, each)

    def stored(self) -> Stored:
        """(kind, pseudonym, day, count) of every signal, sorted."""
        rows = signals(self.process, self.subject_id)
        return sorted(((row["kind"], row["actor"], row["day"], row["count"]) for row in rows), key=repr)

    def pseudonym(self, actor: str) -> str:
        return self.process.ring.person(self.subject_id).pseudonym("bluesky", actor)


@pytest.fixture
def make_garden() -> Callable[[Process], Garden]:
    def make(process: Process) -> Garden:
        with process.working() as work:
            subject = make_subject(work)
            agree(work, subject.id)
            connection = make_connection(work, subject.id)
        return Garden(process, subject.id, connection.id)

    return make


@pytest.fixture
def garden(process: Process, make_garden: Callable[[Process], Garden]) -> Garden:
    return make_garden(process)
