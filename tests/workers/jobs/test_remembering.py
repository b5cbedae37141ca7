"""Reading only what has changed: a blog whose server says that its feed is what it was."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from workers import jobs
from workers.jobs.remembering import ANEW
from workers.models import Connection, Post, Run
from workers.runtime.process import Process
from workers.runtime.settings import Settings

_HOME = b'<link rel="alternate" type="application/atom+xml" href="/feed">'


class Blog(LoopbackServer):
    """A blog that gives its feed a mark, and says 304 to who has it. `gone` are pages that are not there any more."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.entries = ["/tomaten", "/bohnen"]
        self.gone: set[str] = set()

    def _reply(self, asked: Asked) -> Reply:
        if asked.path in self.gone:
            return Reply(b"", 410)
        if asked.path == "/":
            return Reply(_HOME, 200, {"Content-Type": "text/html"})
        if asked.path != "/feed":
            return Reply(b"", 200)
        mark = f'"{"-".join(self.entries)}"'
        if asked.headers.get("if-none-match") == mark:
            return Reply(b"", 304, {"ETag": mark})
        return Reply(self._feed(), 200, {"Content-Type": "application/atom+xml", "ETag": mark})

    def _feed(self) -> bytes:
        entries = "".join(
            f"<entry><title>Garten</title><id>{path}</id><published>2026-11-20T08:00:00Z</published>"
            f'<link href="{self.origin}{path}"/></entry>'
            for path in self.entries
        )
        return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entries}</feed>'.encode()


@dataclass
class Garden:
    """Mira, whose blog is read."""

    process: Process
    blog: Blog
    clock: Clock
    subject_id: str = ""
    connection_id: str = ""
    conditions: list[bool] = field(default_factory=list)
    """Of each request for the feed: was it asked only for changes?"""

    def join(self) -> None:
        home = f"{self.blog.origin}/"
        with self.process.working() as work:
            subject = make_subject(work)
            agree(work, subject.id, network="blog")
            row = make_connection(work, subject.id, "blog", self.blog.host)
            seal(row, work.ring.person(subject.id), remote_id=home, address=home)
            self.subject_id, self.connection_id = subject.id, row.id
        self.clock.go(minutes=1)

    def read(self, **later: int) -> list[str]:
        """Reads the blog after some time; the paths that were asked for."""
        self.clock.go(**later)
        self.blog.asked.clear()
        jobs.collect(self.connection_id)
        self.process.queue.rq.empty()
        self.conditions = ["if-none-match" in each.headers for each in self.blog.asked if each.path == "/feed"]
        return self.blog.paths

    def posts(self) -> dict[str, datetime]:
        """When each post was last seen, by its path."""
        with self.process.reading() as session:
            key = self.process.ring.person(self.subject_id)
            return {
                unseal(post, key, "address").removeprefix(self.blog.origin): post.read_at
                for post in session.scalars(select(Post))
            }

    def marks(self) -> bytes | None:
        with self.process.reading() as session:
            return session.get_one(Connection, self.connection_id).marks

    def last_run(self) -> Run:
        with self.process.reading() as session:
            return session.scalars(select(Run).order_by(Run.started_at.desc()).limit(1)).one()


@pytest.fixture
def blog() -> Iterator[Blog]:
    with Blog() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, blog: Blog) -> Settings:
    return replace(settings, allowed_origins=frozenset({blog.origin}))


@pytest.fixture
def garden(process: Process, blog: Blog, clock: Clock) -> Garden:
    made = Garden(process, blog, clock)
    made.join()
    return made


def test_a_feed_that_has_not_changed_yields_nothing_new_and_loses_nothing(garden: Garden) -> None:
    garden.read()
    assert garden.conditions == [False]
    garden.blog.entries = ["/bohnen"]  # the other one falls out of the feed, and is looked up by its page
    assert "/tomaten" in garden.read(days=1)
    assert garden.read(days=1).count("/feed") == 1
    assert garden.conditions == [True]
    assert "/tomaten" not in garden.blog.paths
    now = garden.process.clock()
    assert garden.posts() == {"/tomaten": now, "/bohnen": now}
    run = garden.last_run()
    assert (run.posts, run.reactions, run.unlisted, run.failure) == (2, 0, 0, None)


def test_a_changed_feed_is_read_although_it_was_asked_for_changes(garden: Garden) -> None:
    garden.read()
    garden.blog.entries.append("/erbsen")
    for _ in range(2):
        garden.read(days=1)
        assert garden.conditions == [True]
        assert garden.posts().keys() == {"/tomaten", "/bohnen", "/erbsen"}


def test_what_is_gone_is_noticed_within_seven_days_although_the_feed_is_the_same(garden: Garden) -> None:
    garden.read()
    garden.blog.entries = ["/bohnen"]
    garden.read(days=1)
    garden.blog.gone.add("/tomaten")
    days = 0
    while "/tomaten" in garden.posts():
        garden.read(days=1)
        days += 1
    assert garden.conditions == [False]
    assert timedelta(days=days) <= ANEW < timedelta(days=7)


def test_after_a_new_consent_everything_is_read_anew(garden: Garden) -> None:
    garden.read()
    garden.clock.go(hours=2)
    with garden.process.working() as work:
        agree(work, garden.subject_id, Purpose.TOPICS)
    garden.read(days=1)
    assert garden.conditions == [False]
    garden.read(days=1)
    assert garden.conditions == [True]


def test_a_reading_that_goes_on_in_the_middle_asks_for_everything(garden: Garden) -> None:
    garden.read()
    with garden.process.working() as work:
        connection = work.session.get_one(Connection, garden.connection_id)
        seal(connection, work.ring.person(garden.subject_id), resume='[null, "x"]')
    garden.read(days=1)
    assert garden.conditions == [False]


def test_with_what_was_read_the_marks_go_too(garden: Garden) -> None:
    garden.read()
    assert garden.marks() is not None
    garden.blog.gone.add("/")
    garden.read(days=1)
    assert garden.posts() == {}
    assert garden.marks() is None


def test_marks_lie_sealed(garden: Garden) -> None:
    garden.read()
    marks = garden.marks()
    assert marks is not None
    assert b"/feed" not in marks
