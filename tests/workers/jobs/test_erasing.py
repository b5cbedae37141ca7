"""Erasing a person: everything of theirs, nothing of others, again and again, with the key at the very end."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from privacy.base import Subject
from privacy.keyring import KeyGoneError
from privacy.vocabulary import Purpose
from tests.factories.days import make_score, signals
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, count, like, reading
from workers import jobs, mail
from workers.jobs import erasing
from workers.jobs.job import JobFailedError
from workers.models import Connection, Mail, Post, PostSplit, Score
from workers.places import holdings
from workers.runtime.process import Process
from workers.signals.store import put

CANARY = "kanarienvogel"


def somebody(process: Process) -> str:
    """A person with something in every table and a mail in the outbox."""
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        agree(work, subject.id, Purpose.RECOGNITION)
        connection = make_connection(work, subject.id)
        put(work, work.ring.person(subject.id), connection, reading(like("did:a", 2), count(3, "repost")))
        make_score(work, subject.id, TODAY)
        mail.post(work, subject.id, f"{CANARY}@garten.test", CANARY, CANARY)
    with process.reading() as session:
        jobs.send_mail(session.scalars(select(Mail.id).where(Mail.subject_id == subject.id)).one())
    with process.working() as work:
        mail.post(work, subject.id, f"{CANARY}@garten.test", CANARY, CANARY)
    return subject.id


def numbers(process: Process, subject_id: str) -> list[int | None]:
    with process.reading() as session:
        tables = (Connection, Post, Score, PostSplit, Mail)
        found = [session.scalar(select(func.count()).where(table.subject_id == subject_id)) for table in tables]
    return [*found[:2], len(signals(process, subject_id)), *found[2:]]


def test_erasing_one_person_spares_everyone_else(each_process: Process) -> None:
    gone, other = somebody(each_process), somebody(each_process)
    jobs.erase(gone)
    assert numbers(each_process, gone) == [0] * 6
    assert numbers(each_process, other) == [1, 1, 2, 1, 1, 1]
    with each_process.reading() as session:
        assert holdings(each_process).traces(session, gone) == {}
        assert session.scalars(select(Subject.id)).all() == [other]
    assert not (each_process.settings.outbox / gone).exists()
    assert (each_process.settings.outbox / other).exists()
    with pytest.raises(KeyGoneError):
        each_process.ring.person(gone)


def test_erasing_again_is_no_error(process: Process) -> None:
    subject_id = somebody(process)
    jobs.erase(subject_id)
    jobs.erase(subject_id)
    jobs.erase("0" * 32)


def steps() -> list[Callable[[pytest.MonkeyPatch, Process], None]]:
    """Where an erasure may be killed: before the places, before the log of the database, before the key."""

    def boom(*_args: object) -> bool:
        raise RuntimeError("killed")

    return [
        lambda patch, _: patch.setattr("privacy.holdings.Holdings.erase", boom),
        lambda patch, _: patch.setattr("privacy.holdings.Holdings.erase_places", boom),
        lambda patch, process: patch.setattr(process, "forget", boom),
        lambda patch, process: patch.setattr(process, "forget", lambda: False),
        lambda patch, process: patch.setattr(process.ring, "destroy", boom),
    ]


@pytest.mark.parametrize("step", steps())
def test_an_erasure_killed_anywhere_ends_clean_the_next_time(
    process: Process, monkeypatch: pytest.MonkeyPatch, step: Callable[[pytest.MonkeyPatch, Process], None]
) -> None:
    subject_id = somebody(process)
    step(monkeypatch, process)
    with pytest.raises(JobFailedError):
        jobs.erase(subject_id)
    monkeypatch.undo()
    # By this the schedule finds out that the erasure did not come to its end.
    assert process.ring.person(subject_id)
    assert process.ring.going() == {subject_id}
    jobs.erase(subject_id)
    with process.reading() as session:
        assert holdings(process).traces(session, subject_id) == {}


def test_traces_that_are_left_are_an_error(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    subject_id = somebody(process)
    monkeypatch.setattr("workers.mail.Outbox.erase", lambda *_: 0)
    with pytest.raises(JobFailedError, match=erasing.TracesLeftError.__name__):
        jobs.erase(subject_id)
    # The key is still there and marked, so the schedule has the erasure run again.
    assert process.ring.person(subject_id)
    assert process.ring.going() == {subject_id}
    monkeypatch.undo()
    jobs.erase(subject_id)
    assert process.ring.going() == set()


def test_an_outbox_that_cannot_be_removed_is_an_error_and_is_tried_again(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_id = somebody(process)

    def refuse(*_args: object, **_named: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr("os.rmdir", refuse)
    with pytest.raises(JobFailedError, match="PermissionError"):
        jobs.erase(subject_id)
    monkeypatch.undo()
    assert process.ring.going() == {subject_id}
    jobs.erase(subject_id)
    assert not (process.settings.outbox / subject_id).exists()
