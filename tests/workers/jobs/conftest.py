"""An installation beside a loopback server that speaks Mastodon, with an invented person on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import func, select

from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from tests.factories.days import signals
from tests.factories.people import agree, make_claim, make_subject
from tests.workers.networks.mastodon_server import MastodonServer, Status, days_before
from workers import jobs
from workers.models import Connection, Post, Run
from workers.models.connection import State
from workers.runtime.process import Process
from workers.runtime.settings import Settings
from workers.withdrawal import withdraw


@pytest.fixture
def mastodon_server() -> Iterator[MastodonServer]:
    with MastodonServer() as server:
        server.add_person("mira", note="<p>Garten</p>").followers = 57
        yield server


@pytest.fixture
def settings(settings: Settings, mastodon_server: MastodonServer) -> Settings:
    """The same settings, with the loopback server allowed."""
    return replace(settings, allowed_origins=frozenset({mastodon_server.origin}))


@dataclass
class Town:
    """An installation, the server, and what a person of this test does."""

    process: Process
    server: MastodonServer

    @property
    def handle(self) -> str:
        return f"@mira@{self.server.host}"

    def sign_up(self) -> str:
        """Somebody who agrees to the scoring of Mastodon."""
        with self.process.working() as work:
            subject = make_subject(work)
            agree(work, subject.id, network="mastodon")
        return subject.id

    def claim(self, subject_id: str, typed: str = "") -> str:
        """Types the handle in."""
        with self.process.working() as work:
            return make_claim(work, subject_id, typed or self.handle).id

    def check(self, connection_id: str) -> None:
        """Asks for the proof to be looked for."""
        self.change(connection_id, state=State.CHECKING)
        jobs.prove(connection_id)

    def change(self, connection_id: str, **values: object) -> None:
        with self.process.working() as work:
            row = work.session.get_one(Connection, connection_id)
            for name, value in values.items():
                setattr(row, name, value)

    def row(self, connection_id: str) -> Connection:
        with self.process.reading() as session:
            return session.get_one(Connection, connection_id)

    def text(self, connection_id: str, column: str) -> str:
        row = self.row(connection_id)
        return unseal(row, self.process.ring.person(row.subject_id), column)

    def show_code(self, connection_id: str, acct: str = "mira") -> None:
        """Puts the code into the public bio."""
        self.server.person(acct).note = f"<p>Garten {self.text(connection_id, 'code')}</p>"

    def join(self) -> str:
        """Somebody whose account is proven; the id of the connection."""
        connection_id = self.claim(self.sign_up())
        jobs.look_up(connection_id)
        self.show_code(connection_id)
        self.check(connection_id)
        self.process.queue.rq.empty()
        return connection_id

    def post(self, days: int, *likers: str) -> Status:
        """A post of Mira with likes."""
        made = self.server.post("mira", f"Vor {days} Tagen", days_before(self.process.clock(), days))
        for liker in likers:
            self.server.favourite(liker, made)
        return made

    def withdraw(self, connection_id: str) -> None:
        with self.process.working() as work:
            withdraw(work, self.row(connection_id).subject_id, Purpose.SCORING, "mastodon")

    def counts(self) -> tuple[int, int, int, int]:
        """Numbers of connections, posts, signals and runs."""
        with self.process.reading() as session:
            tables = (Connection, Post, Run)
            found = [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
        return found[0], found[1], len(signals(self.process)), found[2]

    def signals(self) -> list[tuple[str, str | None, int]]:
        """(kind, pseudonym, count) of every signal, sorted."""
        return sorted(((row["kind"], row["actor"], row["count"]) for row in signals(self.process)), key=repr)

    def runs(self) -> list[Run]:
        """All readings, oldest first."""
        with self.process.reading() as session:
            return list(session.scalars(select(Run).order_by(Run.started_at)))

    def sent(self) -> list[str]:
        """Names of the jobs in the queue."""
        return [job.func_name.rpartition(".")[2] for job in self.process.queue.rq.jobs]


@pytest.fixture
def town(process: Process, mastodon_server: MastodonServer) -> Town:
    return Town(process, mastodon_server)


@pytest.fixture
def each_town(each_process: Process, mastodon_server: MastodonServer) -> Town:
    return Town(each_process, mastodon_server)
