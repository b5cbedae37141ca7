"""Restricting the use: nothing is read, scored or lent to others, everything stays, and then it goes on."""

import json
from datetime import timedelta

from sqlalchemy import func, select

from privacy import consent
from privacy.ledger import LogEntry
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import like, reading
from tests.factories.scores import make_scored
from tests.workers.jobs.conftest import Town, mastodon_server, settings, town
from workers import jobs, restriction, schedule
from workers.models import Connection, Score
from workers.places import holdings
from workers.runtime.process import Process
from workers.signals.standing import lent, link
from workers.signals.store import put

__all__ = ["mastodon_server", "settings", "town"]


def freeze(process: Process, subject_id: str) -> bool:
    with process.working() as work:
        return restriction.freeze(work, subject_id)


def thaw(process: Process, subject_id: str) -> bool:
    with process.working() as work:
        return restriction.thaw(work, subject_id)


def person(process: Process) -> str:
    with process.working() as work:
        subject_id = make_subject(work).id
        make_scored(work, subject_id)
    return subject_id


def test_everything_stays_and_nothing_is_scored(each_process: Process, clock: Clock) -> None:
    subject_id = person(each_process)
    with each_process.reading() as session:
        before = holdings(each_process).export(session, subject_id)
    assert freeze(each_process, subject_id)
    assert not freeze(each_process, subject_id)
    clock.go(days=1)
    jobs.score(subject_id)
    jobs.score_day((clock.now.date() - timedelta(days=1)).isoformat())
    each_process.queue.rq.empty()
    with each_process.reading() as session:
        after = holdings(each_process).export(session, subject_id)
        assert session.scalar(select(func.count()).select_from(Score)) == 2
    for kind in ("signals", "posts", "connections", "scores", "consents"):
        assert after[kind] == before[kind], kind


def test_what_runs_ends_and_writes_nothing_more(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, "jona")
    jobs.collect(connection_id)
    read = town.signals()
    freeze(town.process, town.row(connection_id).subject_id)
    town.post(2, "wanda", "jona")
    clock.go(days=1)
    jobs.collect(connection_id)
    assert town.signals() == read
    town.process.queue.rq.empty()
    schedule.send_due(town.process)
    assert "collect" not in town.sent()


def test_going_on_reads_and_scores_at_once(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    subject_id = town.row(connection_id).subject_id
    freeze(town.process, subject_id)
    town.post(2, "wanda")
    clock.go(days=1)
    assert thaw(town.process, subject_id)
    assert not thaw(town.process, subject_id)
    assert "score" in town.sent()
    schedule.send_due(town.process)
    assert "collect" in town.sent()
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1


def test_consents_stand_and_are_not_acted_on(process: Process) -> None:
    subject_id = person(process)
    freeze(process, subject_id)
    with process.reading() as session:
        assert consent.granted(session, subject_id, Purpose.SCORING, "bluesky")
        assert not consent.agreed(session, subject_id, Purpose.SCORING, "bluesky")
        assert consent.networks(session, subject_id) == []
        assert consent.networks(session, subject_id, frozen=True) == ["bluesky", "mastodon"]


def test_a_withdrawal_meanwhile_takes_only_what_rested_on_it(process: Process) -> None:
    from workers.withdrawal import withdraw

    subject_id = person(process)
    freeze(process, subject_id)
    with process.working() as work:
        assert withdraw(work, subject_id, Purpose.SCORING, "mastodon")
    with process.reading() as session:
        left = session.scalars(select(Connection.network).where(Connection.subject_id == subject_id)).all()
    assert left == ["bluesky"]


def test_nobody_is_lent_the_standing_of_who_pauses(process: Process, clock: Clock) -> None:
    with process.working() as work:
        lender, other = make_subject(work).id, make_subject(work).id
        make_scored(work, lender)
        agree(work, lender, Purpose.RECOGNITION)
        mine = make_connection(work, lender, actor_id="did:plc:lender")
        assert mine.id
        agree(work, other)
        connection, key = make_connection(work, other), work.ring.person(other)
        put(work, key, connection, reading(like("did:plc:lender", 2)))
        link(work, key, connection, ["did:plc:lender"])
    clock.go(days=3)
    with process.working() as work:
        work.session.query(Score).update({"preliminary": False})
    with process.reading() as session:
        assert len(lent(session, other, clock.now.date())) == 1
    freeze(process, lender)
    with process.reading() as session:
        assert lent(session, other, clock.now.date()) == {}


def test_it_stands_in_the_log(process: Process) -> None:
    subject_id = person(process)
    freeze(process, subject_id)
    thaw(process, subject_id)
    with process.reading() as session:
        noted = [json.loads(text) for text in session.scalars(select(LogEntry.entry).order_by(LogEntry.noted_at))]
    assert [one["on"] for one in noted if one["type"] == "restriction"] in ([True, False], [False, True])
