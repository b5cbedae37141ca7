"""Reading an account against a real server: resumed, never twice, never without consent, never longer than public."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from privacy.base import Subject
from privacy.redact import outline
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.privacy.scan import hits
from tests.workers.jobs.conftest import Town
from tests.workers.networks.loopback import Reply
from tests.workers.networks.mastodon_server import Habits, days_before
from workers import jobs
from workers.jobs import reading
from workers.jobs.job import JobFailedError
from workers.models import Connection, Post, StandingLink
from workers.models.connection import State
from workers.networks.shape import Failure, Reason
from workers.runtime.process import Process
from workers.signals.topics import topics_by_post

FRIENDS = ("paul@wiese.test", "lena@wiese.test", "jona")


def test_an_account_is_read_to_its_end(each_town: Town) -> None:
    town = each_town
    connection_id = town.join()
    post = town.post(3, *FRIENDS)
    town.post(40, "paul@wiese.test")
    town.post(100, "paul@wiese.test")
    town.server.post("jona", "Schön!", days_before(town.process.clock(), 2), to=post)
    jobs.collect(connection_id)
    assert town.counts() == (1, 2, 6, 1)
    [run] = town.runs()
    assert (run.posts, run.reactions, run.failure, run.collector) == (2, 5, None, reading.COLLECTOR)
    row = town.row(connection_id)
    now = town.process.clock()
    assert (row.read_at, run.ended_at, row.leased_until, row.resume) == (now, now, None, None)
    assert row.due_at == now + reading.EVERY
    assert town.sent() == ["score"]


def test_reading_again_changes_nothing(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    jobs.collect(connection_id)
    before = town.signals()
    clock.go(hours=1)
    jobs.collect(connection_id)
    assert town.signals() == before
    assert len(town.runs()) == 2


def test_what_was_just_read_is_not_read_again_because_a_job_waited_for_long(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    jobs.collect(connection_id)
    asked = len(town.server.asked)
    clock.go(minutes=59)
    jobs.collect(connection_id)
    assert (len(town.runs()), len(town.server.asked)) == (1, asked)


def test_a_post_that_takes_long_keeps_its_lease(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.server.habits.page_size = 1
    town.post(3, *FRIENDS, "a@wiese.test", "b@wiese.test")
    late: list[bool] = []

    def slow(kind: str, reply: Reply) -> Reply:
        if kind == "favourited_by":
            clock.go(minutes=2)
            late.append(town.row(connection_id).leased_until <= clock.now)  # type: ignore[operator]
            jobs.collect(connection_id)
        return reply

    town.server.spoil = slow
    jobs.collect(connection_id)
    assert late == [False] * 5
    assert [run.failure for run in town.runs()] == [None]


def test_a_reading_of_a_long_post_ends_when_the_consent_does(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.server.habits.page_size = 1
    town.post(3, *FRIENDS)

    def slow(kind: str, reply: Reply) -> Reply:
        if kind == "favourited_by":
            clock.go(minutes=2)
            town.withdraw(connection_id)
        return reply

    town.server.spoil = slow
    jobs.collect(connection_id)
    assert sum("favourited_by" in path for path in town.server.paths) == 1
    assert town.counts() == (0, 0, 0, 0)


def test_only_one_reads_at_a_time(each_town: Town) -> None:
    town = each_town
    connection_id = town.join()
    town.post(3, *FRIENDS)
    inside: list[int] = []

    def second(kind: str, reply: Reply) -> Reply:
        if kind == "statuses" and not inside:
            inside.append(len(town.server.asked))
            jobs.collect(connection_id)
            inside.append(len(town.server.asked))
        return reply

    town.server.spoil = second
    jobs.collect(connection_id)
    assert inside[0] == inside[1]
    assert len(town.runs()) == 1


def test_a_reading_that_lost_its_turn_stops(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    slow = reading._begin(town.process, connection_id)
    assert slow is not None
    clock.go(minutes=6)
    jobs.collect(connection_id)
    before = town.signals()
    with pytest.raises(reading.LostLeaseError):
        reading._Reading(town.process, connection_id, slow).read()
    reading._end(town.process, connection_id, slow, Failure(Reason.GONE))
    assert town.signals() == before
    assert [run.failure for run in town.runs()] == [reading.INTERRUPTED, None]
    assert town.row(connection_id).failure is None


def test_a_reading_that_breaks_goes_on_and_counts_nothing_twice(
    town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    town.post(5, *FRIENDS)
    kept: list[object] = []
    put = reading.put

    def breaking(*args: object) -> int:
        if len(kept) == 1:
            raise RuntimeError("canary-in-an-error")
        kept.append(args)
        return put(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "put", breaking)
    with pytest.raises(JobFailedError) as failed:
        jobs.collect(connection_id)
    monkeypatch.undo()
    assert "canary" not in str(failed.value) + outline(failed.value)
    row = town.row(connection_id)
    assert (row.failure, row.leased_until) == (reading.BROKEN, None)
    assert row.due_at == clock.now + timedelta(hours=1)
    assert town.counts()[1] == 1
    assert row.resume is not None
    clock.go(hours=1)
    jobs.collect(connection_id)
    likes = [signal for signal in town.signals() if signal[0] == "like"]
    assert (len(likes), len(set(likes)), town.runs()[1].posts) == (6, 3, 1)


def test_a_killed_reading_goes_on_and_counts_nothing_twice(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    for days in (3, 5, 7):
        town.post(days, *FRIENDS)
    reached, released, asked = threading.Event(), threading.Event(), []

    def hold(kind: str, reply: Reply) -> Reply:
        if kind == "favourited_by":
            asked.append(kind)
            if len(asked) == 2:
                reached.set()
                released.wait(30)
        return reply

    town.server.spoil = hold
    settings = town.process.settings
    environment = {
        **os.environ, "KLARWERT_DATA": str(settings.data), "KLARWERT_REDIS": settings.redis,
        "KLARWERT_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "KLARWERT_ALLOWED_ORIGINS": town.server.origin,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.workers.jobs.child", "collect", connection_id, clock.now.isoformat()]
    child = subprocess.Popen(command, env=environment)
    try:
        assert reached.wait(30)
    finally:
        child.kill()
        child.wait()
        released.set()
    assert town.counts()[1] == 1
    jobs.collect(connection_id)
    assert len(town.runs()) == 1
    clock.go(minutes=6)
    assert town.row(connection_id).due_at <= clock.now  # type: ignore[operator]
    # The turn at the host that the killed process had ends by itself; this test does not wait for it.
    town.process.redis.flushall()
    jobs.collect(connection_id)
    killed, second = town.runs()
    assert (killed.failure, killed.posts, second.failure, second.posts) == (reading.INTERRUPTED, 1, None, 2)
    likes = [signal for signal in town.signals() if signal[0] == "like"]
    assert (len(likes), len(set(likes))) == (9, 3)


@pytest.mark.parametrize("when", ["account", "statuses", "favourited_by", "reblogged_by"])
def test_after_a_withdrawal_nothing_is_written(each_town: Town, when: str) -> None:
    town = each_town
    connection_id = town.join()
    town.post(3, *FRIENDS)
    second = town.post(5, *FRIENDS)
    town.server.boost("jona", second)
    seen: list[str] = []

    def withdraw(kind: str, reply: Reply) -> Reply:
        seen.append(kind)
        # Between two pages: the first post is stored already when the second one is asked about.
        if kind == when and seen.count(kind) == (2 if kind == "favourited_by" else 1):
            town.withdraw(connection_id)
        return reply

    town.server.spoil = withdraw
    jobs.collect(connection_id)
    assert when in seen
    assert town.counts() == (0, 0, 0, 0)
    assert town.sent() == []


def test_an_erasure_wins_over_a_running_reading(each_town: Town) -> None:
    town = each_town
    connection_id = town.join()
    town.post(3, *FRIENDS)
    town.post(5, *FRIENDS)
    subject_id = town.row(connection_id).subject_id
    seen: list[str] = []

    def erase(kind: str, reply: Reply) -> Reply:
        seen.append(kind)
        if kind == "favourited_by" and seen.count(kind) == 2:
            jobs.erase(subject_id)
        return reply

    town.server.spoil = erase
    jobs.collect(connection_id)
    assert town.counts() == (0, 0, 0, 0)


def test_a_post_that_is_gone_at_its_source_is_dropped(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    gone = town.post(5, *FRIENDS)
    jobs.collect(connection_id)
    clock.go(days=1)
    town.server.delete(gone)
    jobs.collect(connection_id)
    assert town.counts()[1] == 1
    assert len([signal for signal in town.signals() if signal[0] == "like"]) == 3


def test_a_reading_in_two_runs_looks_for_what_is_gone_too(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    town.post(4, *FRIENDS)
    gone = town.post(5, *FRIENDS)
    jobs.collect(connection_id)
    clock.go(days=1)
    town.server.delete(gone)
    # Account, list of posts, three questions about the first one; then the server is full.
    town.server.habits = Habits(allowance=len(town.server.asked) + 5, retry_after="1800")
    jobs.collect(connection_id)
    assert town.row(connection_id).failure == Reason.RATE_LIMITED
    assert town.counts()[1] == 3
    clock.go(hours=1)
    town.server.habits = Habits()
    jobs.collect(connection_id)
    assert [run.posts for run in town.runs()] == [3, 1, 1]
    assert town.counts()[1] == 2


def test_a_post_out_of_the_window_is_looked_up_every_week_while_its_reactions_count(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    public, gone, silent = town.post(89, "jona"), town.post(89, "jona"), town.post(89)
    jobs.collect(connection_id)
    clock.go(days=1)
    # A like that is seen later counts from that day on, beyond the window of the post.
    for post in (public, gone):
        town.server.favourite("paul@wiese.test", post)
    jobs.collect(connection_id)
    clock.go(days=4)
    town.server.delete(gone)
    jobs.collect(connection_id)
    assert town.counts()[1] == 2
    clock.go(days=2)
    jobs.collect(connection_id)
    assert town.counts()[1] == 1
    paths = [asked.path.rpartition("/")[2] for asked in town.server.asked]
    assert paths.count(public.id) == 1
    assert paths.count(silent.id) == 0


@pytest.mark.parametrize("reason", [Reason.GONE, Reason.OPTED_OUT])
def test_an_account_that_is_gone_leaves_nothing_behind(
    town: Town, clock: Clock, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    jobs.collect(connection_id)
    clock.go(days=1)
    town.server.person("mira").more["suspended"] = True
    if reason == Reason.OPTED_OUT:
        monkeypatch.setitem(reading.NOT_PUBLIC, Reason.GONE, reading.NOT_PUBLIC[Reason.OPTED_OUT])
    jobs.collect(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.failure, row.due_at) == (State.PROVEN, Reason.GONE, clock.now + reading.EVERY)
    assert town.counts() == (1, 0, 0, 2)
    assert town.sent()[-1] == "score"


def test_a_server_that_closes_its_doors_is_given_a_week(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    jobs.collect(connection_id)
    town.server.habits = Habits(closed=Habits.all_closed())
    clock.go(days=6)
    jobs.collect(connection_id)
    assert town.row(connection_id).failure == Reason.LOGIN_REQUIRED
    assert town.counts()[1] == 1
    clock.go(days=1)
    jobs.collect(connection_id)
    assert town.counts()[1:3] == (0, 0)


def test_a_full_server_is_asked_again_when_it_says(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    town.server.habits = Habits(allowance=0, retry_after="1800")
    town.change(connection_id, resume=None)
    jobs.collect(connection_id)
    row = town.row(connection_id)
    assert (row.failure, row.due_at) == (Reason.RATE_LIMITED, clock.now + timedelta(minutes=30))
    assert row.leased_until is None
    town.server.habits = Habits()
    clock.go(minutes=30)
    jobs.collect(connection_id)
    assert town.row(connection_id).failure is None


def test_a_place_that_leads_nowhere_is_forgotten(town: Town) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    with town.process.working() as work:
        row = work.session.get_one(Connection, connection_id)
        reading.seal(row, work.ring.person(row.subject_id), resume='["max_id=kaputt", ""]')
    town.server.spoil = lambda kind, reply: Reply([], 404) if kind == "statuses" else reply
    jobs.collect(connection_id)
    assert town.row(connection_id).resume is None


def test_a_proof_of_ninety_days_ago_is_looked_for_again(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    clock.go(days=91)
    jobs.collect(connection_id)
    row = town.row(connection_id)
    assert (row.proven_at, row.read_at, row.state) == (clock.now, clock.now, State.PROVEN)


def test_without_the_proof_nothing_is_read_any_more(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)
    jobs.collect(connection_id)
    town.server.person("mira").note = "<p>Garten</p>"
    clock.go(days=91)
    jobs.collect(connection_id)
    row = town.row(connection_id)
    assert (row.state, row.failure, row.due_at, row.idle_since) == (State.LAPSED, reading.LAPSED, None, clock.now)
    assert town.runs()[-1].failure == reading.LAPSED
    jobs.collect(connection_id)
    assert len(town.runs()) == 2


def test_followers_that_are_not_told_are_not_counted(town: Town) -> None:
    connection_id = town.join()
    town.server.person("mira").more["followers_count"] = None
    jobs.collect(connection_id)
    assert town.signals() == []


def test_a_participant_who_lends_their_standing_is_recognised(each_town: Town) -> None:
    town = each_town
    connection_id = town.join()
    town.post(3, *FRIENDS)
    with town.process.working() as work:
        lender = make_subject(work)
        agree(work, lender.id, Purpose.RECOGNITION)
        make_connection(work, lender.id, "mastodon", f"jona@{town.server.host}")
    jobs.collect(connection_id)
    with town.process.reading() as session:
        links = session.scalars(select(StandingLink)).all()
    assert [(row.lender_id, row.subject_id) for row in links] == [(lender.id, town.row(connection_id).subject_id)]


def test_a_connection_that_is_gone_is_no_error(process: Process) -> None:
    jobs.collect("0" * 32)


def test_who_asked_for_erasure_is_not_read_any_more(town: Town) -> None:
    connection_id = town.join()
    town.post(3, *FRIENDS)

    def ask(kind: str, reply: Reply) -> Reply:
        if kind == "favourited_by":
            with town.process.working() as work:
                work.session.get_one(Subject, town.row(connection_id).subject_id).erasing_at = work.now
        return reply

    town.server.spoil = ask
    jobs.collect(connection_id)
    assert (town.counts()[1], town.row(connection_id).failure) == (0, None)


def test_a_reading_gives_topics_where_the_person_agreed_and_keeps_no_text(each_town: Town, clock: Clock) -> None:
    town = each_town
    connection_id = town.join()
    posted = days_before(town.process.clock(), 3)
    post = town.server.post("mira", "<p>Radtour mit dem Fahrrad, Kanarienwort</p>", posted)
    town.server.favourite("jona", post)
    subject_id = town.row(connection_id).subject_id
    key = town.process.ring.person(subject_id)
    jobs.collect(connection_id)
    with town.process.reading() as session:
        assert session.scalars(select(Post.topics)).all() == [None]
    with town.process.working() as work:
        agree(work, subject_id, Purpose.TOPICS)
    clock.go(hours=2)
    jobs.collect(connection_id)
    with town.process.reading() as session:
        assert list(topics_by_post(session, key, subject_id).values()) == [("cycling",)]
    assert hits(town.process.settings.data, ["Kanarienwort", "Radtour"]) == []
