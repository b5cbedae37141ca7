"""Erasing a part: all signals of one post or of one day go, and no reading, mention or restore brings them back."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from privacy.ledger import LogEntry
from tests.conftest import Clock
from tests.factories.days import fold_all, signals
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY
from tests.factories.scores import hand_over_score
from tests.workers.jobs.conftest import Town, mastodon_server, settings, town
from workers import buckets, jobs
from workers.models import Bucket, Connection, Dispute, Dropped, Forgotten, Inbox, Post, Told, Webmention
from workers.networks.shape import Post as Read
from workers.networks.shape import Reaction, Reading
from workers.parts import NothingThereError, erase_part, part
from workers.places import holdings
from workers.runtime.process import Process
from workers.signals.inbox import load
from workers.signals.store import put, put_audience

__all__ = ["mastodon_server", "settings", "town"]

OLD, DAY = TODAY - timedelta(days=9), TODAY - timedelta(days=2)
FIRST, SECOND = "https://garten.example/1", "https://garten.example/2"
#: Likes without a day, a reply on two days, and reposts that are only counted.
READ = (
    Reading(Read(FIRST, OLD), (Reaction("like", "did:a", None), Reaction("reply", "did:a", DAY),
                               Reaction("reply", "did:a", OLD), Reaction("repost", None, None, 3)),
            frozenset({"like", "reply", "repost"})),
    Reading(Read(SECOND, OLD), (Reaction("like", "did:b", DAY),), frozenset({"like"})),
)  # fmt: skip


def person(process: Process) -> str:
    with process.working() as work:
        subject_id = make_subject(work).id
        agree(work, subject_id)
        make_connection(work, subject_id, read_at=work.now)
    return subject_id


def read(process: Process, subject_id: str, *readings: Reading) -> None:
    with process.working() as work:
        connection = work.session.scalars(select(Connection).where(Connection.subject_id == subject_id)).one()
        put(work, work.ring.person(subject_id), connection, *(readings or READ))


def there(process: Process, subject_id: str) -> list[tuple[str, date, int]]:
    return sorted((row["kind"], row["day"], row["count"]) for row in signals(process, subject_id))


def post_of(process: Process, subject_id: str, number: int = 1) -> str:
    with process.reading() as session:
        return session.scalars(select(Post.id).where(Post.subject_id == subject_id, Post.number == number)).one()


def in_file(process: Process, subject_id: str) -> int:
    """How many signals of a person the file of their bucket has, whether they count or not."""
    with process.reading() as session:
        mine = select(Bucket.file).where(Bucket.first <= subject_id, Bucket.end > subject_id)
        file = session.scalars(mine).one()
    if file is None:
        return 0
    closed = load(process.ring, process.storage, file).closed
    if subject_id not in closed.subjects:
        return 0
    return int((closed.speaker_person[closed.speaker] == closed.subjects.index(subject_id)).sum())


def erase(process: Process, subject_id: str, post: str | None = None, day: date | None = None) -> int:
    with process.working() as work:
        return erase_part(work, subject_id, post, day).signals


def test_a_post_is_gone_and_not_read_again(each_process: Process) -> None:
    process = each_process
    subject_id = person(process)
    read(process, subject_id)
    post = post_of(process, subject_id)
    with process.reading() as session:
        assert part(session, subject_id, post, None).kinds == {"like": 1, "reply": 2, "repost": 1}
    assert erase(process, subject_id, post) == 4
    left = [("like", DAY, 1)]
    assert there(process, subject_id) == left
    read(process, subject_id)
    assert there(process, subject_id) == left
    with process.reading() as session:
        assert len(session.scalars(select(Post)).all()) == 1
        [row] = session.scalars(select(Forgotten))
        assert (row.day, row.block) == (None, None)
        assert session.scalars(select(Inbox.urgent)).all().count(True) == 1
        noted = [entry.entry for entry in session.scalars(select(LogEntry))]
    said = [entry for entry in map(json.loads, noted) if entry["type"] == "part erased"]
    assert [(one["what"], one["signals"]) for one in said] == [("post", 4)]
    assert not any(FIRST in text for text in noted)


def test_the_bytes_go_from_the_file_and_nothing_of_others(process: Process) -> None:
    with process.working() as work:
        buckets.settle(work)
    gone, other = person(process), person(process)
    for one in (gone, other):
        read(process, one)
    fold_all(process)
    assert in_file(process, gone) == 5
    with process.reading() as session:
        before = holdings(process).export(session, other)
    for post, day, left in ((post_of(process, gone), None, 1), (None, DAY, 0)):
        erase(process, gone, post, day)
        fold_all(process)
        assert in_file(process, gone) == left
    with process.reading() as session:
        after = holdings(process).export(session, other)
    assert after["signals"] == before["signals"]
    assert in_file(process, other) == 5


def test_a_day_is_gone_and_not_read_again_whether_or_not_the_network_names_it(each_process: Process) -> None:
    process = each_process
    subject_id = person(process)
    # What bears no day is dated by the first reading, and by later ones on the day on which it is seen.
    first = (replace(READ[0], reactions=READ[0].reactions[2:3], complete=frozenset()), READ[1])
    read(process, subject_id, *first)
    read(process, subject_id)
    assert there(process, subject_id) == [
        ("like", DAY, 1), ("like", TODAY, 1), ("reply", OLD, 1), ("reply", DAY, 1), ("repost", TODAY, 3),
    ]  # fmt: skip
    assert erase(process, subject_id, day=DAY) == 2
    assert erase(process, subject_id, day=TODAY) == 2
    left = [("reply", OLD, 1)]
    assert there(process, subject_id) == left
    for _ in range(2):
        read(process, subject_id)
        assert there(process, subject_id) == left


def test_what_comes_later_counts_again(process: Process, clock: Clock) -> None:
    subject_id = person(process)
    read(process, subject_id)
    erase(process, subject_id, day=OLD)
    left = [("like", DAY, 1), ("reply", DAY, 1)]
    assert there(process, subject_id) == left
    clock.go(days=1)
    more = (*READ[0].reactions[:3], Reaction("like", "did:c", None), Reaction("repost", None, None, 5))
    for _ in range(2):
        read(process, subject_id, replace(READ[0], reactions=more))
        assert there(process, subject_id) == sorted(
            [*left, ("like", clock.now.date(), 1), ("repost", clock.now.date(), 2)]
        )


def test_followers_of_an_erased_day_are_not_counted_again(process: Process) -> None:
    subject_id = person(process)
    for _ in range(2):
        with process.working() as work:
            connection = work.session.scalars(select(Connection)).one()
            put_audience(work, connection, 57)
        erase(process, subject_id, day=TODAY)
        assert there(process, subject_id) == []


def test_it_stays_out_after_the_account_was_connected_anew(process: Process) -> None:
    subject_id = person(process)
    read(process, subject_id)
    erase(process, subject_id, post_of(process, subject_id))
    from workers.signals.store import drop_connections

    with process.working() as work:
        drop_connections(work.session, work.session.scalars(select(Connection)).all())
        make_connection(work, subject_id, read_at=work.now)
    read(process, subject_id)
    assert there(process, subject_id) == [("like", DAY, 1)]


def test_who_reacted_is_kept_by_a_mark_that_is_no_pseudonym(process: Process) -> None:
    subject_id = person(process)
    read(process, subject_id)
    pseudonyms = {row["actor"] for row in signals(process, subject_id)} - {None}
    erase(process, subject_id, day=DAY)
    with process.reading() as session:
        exported = holdings(process).export(session, subject_id)["erased parts"]
    marks = {actor for row in exported if row["block"] for actor in json.loads(row["block"])["actors"]}
    assert len(marks) == 2
    assert not marks & pseudonyms
    assert "did:" not in repr(exported)


def test_disputes_about_the_post_are_over_and_forget_it(process: Process) -> None:
    subject_id = person(process)
    read(process, subject_id)
    post = post_of(process, subject_id)
    with process.working() as work:
        row = Dispute(id="d" * 32, subject_id=subject_id, target="post", network="bluesky", outcome="open",
                      made_at=work.now)  # fmt: skip
        from privacy.sealed import seal

        seal(row, work.ring.person(subject_id), reason="nicht von mir", subject_matter='{"address": "x"}')
        work.session.add(row)
        work.session.flush()
        work.session.add(Dropped(id="e" * 32, subject_id=subject_id, dispute_id=row.id, network="bluesky",
                                 post_id=post, made_at=work.now))  # fmt: skip
    erase(process, subject_id, post)
    with process.reading() as session:
        dispute = session.scalars(select(Dispute)).one()
        assert (dispute.outcome, dispute.subject_matter) == ("over", None)
        assert session.scalars(select(Dropped)).all() == []


def test_webmentions_of_the_day_go_with_it(process: Process) -> None:
    subject_id = person(process)
    with process.working() as work:
        connection = work.session.scalars(select(Connection)).one()
        work.session.add(Webmention(
            id="a" * 32, subject_id=subject_id, connection_id=connection.id, pair_index=b"x", kind="reply", day=DAY,
            actor="0" * 16, received_at=work.now, seen_at=work.now,
        ))  # fmt: skip
    erase(process, subject_id, day=DAY)
    with process.reading() as session:
        assert session.scalars(select(Webmention)).all() == []


def test_nobody_erases_the_post_of_somebody_else(process: Process) -> None:
    mine, other = person(process), person(process)
    read(process, other)
    for post in (post_of(process, other), "0" * 32):
        with pytest.raises(NothingThereError):
            erase(process, mine, post)
    assert len(there(process, other)) == 5


def test_the_list_goes_when_nothing_could_come_back(process: Process, clock: Clock) -> None:
    subject_id = person(process)
    read(process, subject_id)
    erase(process, subject_id, day=DAY)
    clock.go(days=93)
    with process.working() as work:
        holdings(process).expire(work.session, work.now)
        assert work.session.scalars(select(Forgotten)).all() == []


def test_recipients_are_told_that_what_they_have_is_not_right_any_more(process: Process) -> None:
    subject_id = person(process)
    hand_over_score(process, subject_id)
    erase(process, subject_id, day=DAY)
    with process.reading() as session:
        assert session.scalars(select(Told.act)).all() == ["rectification"]


def test_the_next_reading_of_a_real_server_does_not_bring_it_back(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    town.post(2, "jona")
    jobs.collect(connection_id)
    assert len([one for one in town.signals() if one[0] == "like"]) == 3
    subject_id = town.row(connection_id).subject_id
    with town.process.reading() as session:
        oldest = session.scalars(select(Post).order_by(Post.day)).first()
    assert oldest is not None
    erase(town.process, subject_id, oldest.id)
    clock.go(days=1)
    jobs.collect(connection_id)
    assert len([one for one in town.signals() if one[0] == "like"]) == 1
    erase(town.process, subject_id, day=max(row["day"] for row in signals(town.process) if row["kind"] == "like"))
    clock.go(days=1)
    jobs.collect(connection_id)
    assert [one for one in town.signals() if one[0] == "like"] == []
