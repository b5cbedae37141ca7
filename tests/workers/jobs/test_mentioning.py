"""Webmentions from the queue to the score: verified once, updated, deleted, forgotten, and nobody's address kept."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import migrations
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.days import fold_all, signals
from tests.factories.websites import HTML, Websites
from tests.workers.folding import damage
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from workers import backups, buckets, jobs, schedule
from workers.jobs.objecting import add_objection
from workers.models import Bucket, Connection, Post, Webmention
from workers.replaying import replay
from workers.runtime.process import Process
from workers.runtime.settings import Settings
from workers.signals import webmentions
from workers.signals.standing import account_index
from workers.signals.webmentions import MOST_WAITING, TooManyWaitingError
from workers.withdrawal import withdraw


@dataclass
class Web:
    """Mira's blog, and another website that links to it."""

    process: Process
    sites: Websites
    connection_id: str

    @property
    def blog(self) -> LoopbackServer:
        return self.sites.blog

    @property
    def other(self) -> LoopbackServer:
        return self.sites.other

    @property
    def pages(self) -> dict[str, Reply]:
        return self.sites.pages

    @property
    def posts(self) -> list[str]:
        return self.sites.posts

    @property
    def target(self) -> str:
        return self.sites.target

    def mention(self, path: str = "/1", target: str = "", link: str = "", kind: str = "u-in-reply-to") -> str:
        """The other website links, and says so; the id of the webmention."""
        body = f'<div class="h-entry"><a class="{kind}" href="{link or target or self.target}">x</a></div>'
        self.pages.setdefault(path, Reply(body.encode(), 200, HTML))
        return self.tell(path, target)

    def tell(self, path: str = "/1", target: str = "") -> str:
        with self.process.working() as work:
            connection = work.session.get_one(Connection, self.connection_id)
            return webmentions.note(work, connection, f"{self.other.origin}{path}", target or self.target)

    def row(self, id_: str) -> Webmention | None:
        with self.process.reading() as session:
            return session.get(Webmention, id_)

    def outcome(self, id_: str) -> str | None:
        row = self.row(id_)
        assert row is not None
        return row.outcome

    def signals(self) -> list[tuple[str, int]]:
        """Kind and number of every signal."""
        return sorted((row["kind"], row["count"]) for row in signals(self.process))

    def sent(self) -> list[str]:
        return [job.func_name.rpartition(".")[2] for job in self.process.queue.rq.jobs]


@pytest.fixture
def settings(settings: Settings, websites: Websites) -> Settings:
    return replace(settings, allowed_origins=websites.origins)


@pytest.fixture
def web(process: Process, websites: Websites) -> Web:
    return Web(process, websites, websites.join(process))


def in_a_file(process: Process) -> Path:
    """Has the signals folded; their file."""
    with process.working() as work:
        buckets.settle(work)
    fold_all(process)
    with process.reading() as session:
        [name] = session.scalars(select(Bucket.file).where(Bucket.file.is_not(None)))
    return Path(process.settings.vault) / str(name)


def test_a_mention_that_is_true_counts(web: Web) -> None:
    made = web.mention()
    assert web.sent() == ["verify_webmention"]
    jobs.verify_webmention(made)
    assert web.outcome(made) == "accepted"
    assert web.signals() == [("reply", 1)]
    assert "score" in web.sent()


def test_the_address_of_the_source_is_nowhere_afterwards(web: Web) -> None:
    made = web.mention("/kanarienvogel")
    jobs.verify_webmention(made)
    row = web.row(made)
    assert row is not None
    assert (row.source, row.page, row.due_at) == (None, None, None)
    web.process.queue.rq.empty()
    web.process.close()
    stored = b"".join(path.read_bytes() for path in web.process.settings.data.rglob("*") if path.is_file())
    assert b"kanarienvogel" not in stored
    assert web.other.host.encode() not in stored


def test_verifying_twice_counts_once(web: Web) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    asked = len(web.other.asked)
    jobs.verify_webmention(made)
    assert (web.signals(), len(web.other.asked)) == ([("reply", 1)], asked)


def test_an_update_takes_the_place_of_what_was_said_before(web: Web) -> None:
    made = web.mention(kind="u-like-of")
    jobs.verify_webmention(made)
    assert web.signals() == [("like", 1)]
    web.pages.clear()
    assert web.mention(kind="u-repost-of") == made
    assert web.signals() == [("like", 1)]
    jobs.verify_webmention(made)
    assert web.signals() == [("repost", 1)]


@pytest.mark.parametrize(
    "reply",
    [Reply(b"", 410), Reply(b"", 404), Reply(b"<p>nothing</p>", 200, HTML), Reply(b"", 403)],
    ids=["410", "404", "link gone", "closed"],
)
def test_a_mention_that_is_taken_back_goes(web: Web, reply: Reply) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    web.pages["/1"] = reply
    web.tell()
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("gone", [])
    assert web.tell() == made
    jobs.verify_webmention(made)
    assert web.outcome(made) == "refused"


def test_what_is_told_while_the_source_is_fetched_is_looked_at_again(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    made = web.mention()
    fetched = web.pages["/1"]

    def taken_back_meanwhile(_asked: Asked) -> Reply:
        monkeypatch.undo()
        web.pages["/1"] = Reply(b"", 410)
        web.tell()
        return fetched

    monkeypatch.setattr(web.other, "_answer", taken_back_meanwhile)
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == (None, [])
    assert web.sent().count("verify_webmention") == 1
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("refused", [])


def test_one_that_never_linked_is_refused(web: Web) -> None:
    made = web.mention(link="https://elsewhere.example/")
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("refused", [])


def test_many_pages_of_one_website_are_one_voice_and_each_goes_alone(web: Web) -> None:
    ids = [web.mention(f"/{number}", kind="u-x") for number in range(3)]
    for each in ids:
        jobs.verify_webmention(each)
    assert web.signals() == [("link", 3)]
    web.pages["/1"] = Reply(b"", 410)
    web.tell("/1")
    jobs.verify_webmention(ids[1])
    assert web.signals() == [("link", 2)]


def test_the_own_blog_is_no_voice(web: Web) -> None:
    with web.process.working() as work:
        connection = work.session.get_one(Connection, web.connection_id)
        made = webmentions.note(work, connection, f"{web.blog.origin}/feed", web.target)
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("refused", [])


def test_a_reading_of_the_blog_leaves_what_counts(web: Web, clock: Clock) -> None:
    jobs.verify_webmention(web.mention())
    clock.go(days=1)
    jobs.collect(web.connection_id)
    assert web.signals() == [("reply", 1)]


def test_a_post_that_is_newer_than_the_last_reading_is_waited_for(web: Web, clock: Clock) -> None:
    made = web.mention(target=f"{web.blog.origin}/neu")
    jobs.verify_webmention(made)
    assert web.outcome(made) is None
    assert "collect" in web.sent()
    web.posts.insert(0, "/neu")
    clock.go(hours=2)
    jobs.collect(web.connection_id)
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("accepted", [("reply", 1)])


def test_what_never_becomes_a_post_is_given_up(web: Web, clock: Clock) -> None:
    made = web.mention(target=f"{web.blog.origin}/impressum")
    jobs.verify_webmention(made)
    clock.go(hours=25)
    jobs.verify_webmention(made)
    assert web.outcome(made) == "refused"


def test_a_source_that_does_not_answer_is_asked_again(web: Web, clock: Clock) -> None:
    made = web.mention()
    good, web.pages["/1"] = web.pages["/1"], Reply(b"", 429, {"Retry-After": "1200"})
    jobs.verify_webmention(made)
    row = web.row(made)
    assert row is not None
    assert row.due_at == clock.now + timedelta(seconds=1200)
    web.process.queue.rq.empty()
    schedule.send_due(web.process)
    assert "verify_webmention" not in web.sent()
    web.pages["/1"] = good
    clock.go(hours=1)
    schedule.send_due(web.process)
    assert "verify_webmention" in web.sent()
    jobs.verify_webmention(made)
    assert web.outcome(made) == "accepted"


def test_an_update_waits_for_its_source_as_long_as_the_first_word(web: Web, clock: Clock) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    good, web.pages["/1"] = web.pages["/1"], Reply(b"", 503)
    clock.go(days=2)
    web.tell()
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("accepted", [("reply", 1)])
    clock.go(hours=20)
    web.tell()  # again and again: that prolongs nothing
    clock.go(hours=5)
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("refused", [])
    web.pages["/1"] = good
    web.tell()
    jobs.verify_webmention(made)
    assert (web.outcome(made), web.signals()) == ("accepted", [("reply", 1)])


def test_after_30_days_without_a_word_it_is_forgotten(web: Web, clock: Clock) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    clock.go(days=29)
    jobs.expire(clock.now.date().isoformat())
    assert web.signals() == [("reply", 1)]
    clock.go(days=1)
    jobs.expire(clock.now.date().isoformat())
    assert (web.row(made), web.signals()) == (None, [])


def test_telling_it_again_makes_it_last(web: Web, clock: Clock) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    clock.go(days=20)
    web.tell()
    jobs.verify_webmention(made)
    clock.go(days=20)
    jobs.expire(clock.now.date().isoformat())
    assert web.signals() == [("reply", 1)]


def test_a_withdrawal_takes_everything_along(web: Web) -> None:
    made, waiting = web.mention("/1"), web.mention("/2")
    jobs.verify_webmention(made)
    with web.process.working() as work:
        subject_id = work.session.get_one(Connection, web.connection_id).subject_id
        withdraw(work, subject_id, Purpose.SCORING, "blog")
    asked = len(web.other.asked)
    jobs.verify_webmention(waiting)
    assert (web.row(made), web.row(waiting), web.signals(), len(web.other.asked)) == (None, None, [], asked)


def test_a_post_that_is_gone_takes_its_mentions_along(web: Web, clock: Clock) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    web.posts.clear()
    web.posts.append("/anderes")
    clock.go(days=1)
    jobs.collect(web.connection_id)
    assert (web.row(made), web.signals()) == (None, [])


def test_being_mentioned_does_not_prove_that_a_post_is_still_there(web: Web, clock: Clock) -> None:
    clock.go(days=2)
    jobs.verify_webmention(web.mention())
    with web.process.reading() as session:
        assert session.scalars(select(Post.read_at)).one() == clock.now - timedelta(days=2)


def test_a_website_whose_owner_objected_is_taken_out_and_not_taken_in_again(web: Web) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    web.pages["/"] = Reply(b"<p>hello</p>", 200, HTML)
    assert add_objection(web.process, "blog", web.other.host) == 1
    assert (web.row(made), web.signals()) == (None, [])
    again = web.tell()
    jobs.verify_webmention(again)
    assert (web.outcome(again), web.signals()) == ("refused", [])


def test_a_website_that_objected_stays_out_after_a_restore(web: Web) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    web.pages["/"] = Reply(b"<p>hello</p>", 200, HTML)
    in_a_file(web.process)
    place, _ = backups.create(web.process, migrations, web.process.settings.backups)
    add_objection(web.process, "blog", web.other.host)
    backups.restore(web.process, migrations, place)
    assert web.signals() == [("reply", 1)]
    replay(web.process, {})
    assert (web.row(made), web.signals()) == (None, [])


def test_a_file_that_does_not_open_keeps_no_mention(web: Web, clock: Clock) -> None:
    objected, old = web.mention("/1"), web.mention("/2", kind="u-like-of")
    jobs.verify_webmention(objected)
    jobs.verify_webmention(old)
    web.pages["/"] = Reply(b"<p>hello</p>", 200, HTML)
    file = in_a_file(web.process)
    damage(file)
    assert add_objection(web.process, "blog", web.other.host) == 0
    assert (web.row(objected), web.row(old)) == (None, None)
    damage(file)  # repaired
    assert web.signals() == []


def test_a_file_that_does_not_open_stops_no_retention(web: Web, clock: Clock) -> None:
    made = web.mention()
    jobs.verify_webmention(made)
    clock.go(days=20)
    stays = web.mention("/2", kind="u-like-of")
    jobs.verify_webmention(stays)
    file = in_a_file(web.process)
    damage(file)
    clock.go(days=11)
    jobs.expire(clock.now.date().isoformat())
    assert (web.row(made), web.outcome(stays)) == (None, "accepted")
    damage(file)
    assert web.signals() == [("like", 1)]


def test_two_blogs_know_a_website_by_different_words(web: Web) -> None:
    first = web.mention()
    jobs.verify_webmention(first)
    before = web.connection_id
    with web.process.working() as work:
        # The account is another's by now; the first keeps what it has.
        work.session.get_one(Connection, before).remote_index = account_index(work.ring, "blog", "old.example")
    web.connection_id = web.sites.join(web.process)
    second = web.mention()
    jobs.verify_webmention(second)
    rows = [web.row(first), web.row(second)]
    assert all(row is not None and row.actor for row in rows)
    assert len({row.actor for row in rows if row}) == 2
    assert len({row.pair_index for row in rows if row}) == 2


def test_who_sends_without_end_is_stopped(web: Web) -> None:
    for number in range(MOST_WAITING):
        web.mention(f"/{number}")
    with pytest.raises(TooManyWaitingError):
        web.mention("/one-more")
