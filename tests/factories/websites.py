"""A blog with a feed and another website, on loopback: those between whom webmentions go."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from privacy.sealed import seal
from tests.factories.people import agree, make_connection, make_subject
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from workers import jobs
from workers.runtime.process import Process

HTML = {"Content-Type": "text/html; charset=utf-8"}
ATOM = {"Content-Type": "application/atom+xml"}


@dataclass
class Websites:
    """Mira's blog, on which `posts` stand, and another website, whose pages are `pages`."""

    posts: list[str] = field(default_factory=lambda: ["/tomaten"])
    pages: dict[str, Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.blog = LoopbackServer(self._blog)
        self.other = LoopbackServer(lambda asked: self.pages.get(asked.path, Reply(b"", 404)))

    @property
    def target(self) -> str:
        """The first post of the blog."""
        return f"{self.blog.origin}{self.posts[0]}"

    @property
    def origins(self) -> frozenset[str]:
        return frozenset({self.blog.origin, self.other.origin})

    def join(self, process: Process) -> str:
        """Mira connects her blog, and it is read: the id of the connection."""
        home = f"{self.blog.origin}/"
        with process.working() as work:
            subject = make_subject(work)
            agree(work, subject.id, network="blog")
            row = make_connection(work, subject.id, "blog", self.blog.host)
            seal(row, work.ring.person(subject.id), remote_id=home, address=home)
        jobs.collect(row.id)
        process.queue.rq.empty()
        return row.id

    def _blog(self, asked: Asked) -> Reply:
        if asked.path == "/":
            return Reply(b'<link rel="alternate" type="application/atom+xml" href="/feed">', 200, HTML)
        if asked.path == "/feed":
            return Reply(self._feed(), 200, ATOM)
        return Reply(b"", 200 if asked.path in self.posts else 410)

    def _feed(self) -> bytes:
        entries = "".join(
            f"<entry><title>Garten</title><id>{path}</id><published>2026-11-20T08:00:00Z</published>"
            f'<link href="{self.blog.origin}{path}"/></entry>'
            for path in self.posts
        )
        text = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entries}</feed>'
        return text.encode()


@pytest.fixture
def websites() -> Iterator[Websites]:
    """Both of them, as long as a test runs."""
    made = Websites()
    with ExitStack() as stack:
        stack.enter_context(made.blog)
        stack.enter_context(made.other)
        yield made
