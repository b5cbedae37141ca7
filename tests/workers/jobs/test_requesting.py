"""Requests of people without an account: found, proven by a code, objections carried out, claims that lapse."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from privacy.keyring import KeyGoneError
from privacy.request import Kind, Request, State, Way, key_of
from privacy.sealed import unseal
from server.services.requests import StandsError, make_sure
from tests.conftest import Clock
from tests.factories.days import fold_all
from tests.factories.people import make_subject
from tests.workers.jobs.conftest import Town
from workers import buckets, jobs
from workers.jobs.job import JobFailedError
from workers.models import Objection
from workers.requests import claim, done_at_once, enter, look_again
from workers.runtime.process import Process
from workers.schedule import send_due


def ask(town: Town, kind: Kind = Kind.ACCESS, typed: str = "") -> str:
    with town.process.working() as work:
        return claim(
            work, kind, "mastodon", typed or town.handle, language="de", state="BE", wish="Was habt ihr?",
            contact="mira@post.example",
        ).id  # fmt: skip


def row(town: Town, request_id: str) -> Request:
    with town.process.reading() as session:
        return session.get_one(Request, request_id)


def text(town: Town, request_id: str, column: str) -> str:
    found = row(town, request_id)
    return unseal(found, key_of(town.process.ring, found), column)


def check(town: Town, request_id: str) -> None:
    with town.process.working() as work:
        look_again(work, work.session.get_one(Request, request_id))
    jobs.prove_request(request_id)
    jobs.carry_out_request(request_id)


def show_code(town: Town, request_id: str) -> None:
    town.server.person("mira").note = f"<p>Garten {text(town, request_id, 'code')}</p>"


def test_a_request_is_found_then_proven_then_answered(each_town: Town) -> None:
    town = each_town
    request_id = ask(town)
    found = row(town, request_id)
    assert (found.state, found.due_on, found.subject_id) == (State.LOOKING, date(2026, 12, 22), None)
    assert text(town, request_id, "wish") == "Was habt ihr?"
    assert "look_up_request" in town.sent()
    jobs.look_up_request(request_id)
    found = row(town, request_id)
    assert (found.state, found.failure, found.due_at) == (State.CLAIMED, None, None)
    assert found.account_index is not None
    show_code(town, request_id)
    check(town, request_id)
    found = row(town, request_id)
    assert (found.state, found.proof, found.lapses_at) == (State.ANSWERED, "bio", None)
    assert json.loads(text(town, request_id, "found")) == {
        "participants": 0,
        "kinds": {},
        "first": "",
        "last": "",
        "unread": 0,
    }


def test_whoever_asks_learns_what_is_kept_of_their_reactions(each_town: Town) -> None:
    town = each_town
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    town.post(4, "jona")
    jobs.collect(connection_id)
    request_id = ask(town, Kind.ACCESS, f"@jona@{town.server.host}")
    jobs.look_up_request(request_id)
    town.server.person("jona").note = text(town, request_id, "code")
    check(town, request_id)
    said = json.loads(text(town, request_id, "found"))
    assert (said["participants"], said["kinds"]) == (1, {"like": 2})
    assert said["first"] <= said["last"]
    assert [kind for kind, _, _ in town.signals()].count("like") == 3
    assert row(town, request_id).state == State.ANSWERED


def test_whoever_wants_it_erased_is_left_out_for_good_and_told_what_went(town: Town) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    jobs.collect(connection_id)
    request_id = ask(town, Kind.ERASURE, f"@jona@{town.server.host}")
    jobs.look_up_request(request_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 2  # nobody is believed without a proof
    town.server.person("jona").note = text(town, request_id, "code")
    check(town, request_id)
    jobs.carry_out_request(request_id)  # again
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1
    assert json.loads(text(town, request_id, "found"))["kinds"] == {"like": 1}
    with town.process.reading() as session:
        assert session.scalars(select(Objection.until)).all() == [None]


def test_no_file_that_does_not_open_stands_in_the_way_of_whoever_wants_it_erased(town: Town, tmp_path: Path) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    jobs.collect(connection_id)
    with town.process.working() as work:
        buckets.settle(work)
    fold_all(town.process)
    access, erasure = (ask(town, kind, f"@jona@{town.server.host}") for kind in (Kind.ACCESS, Kind.ERASURE))
    for request_id in (access, erasure):
        jobs.look_up_request(request_id)
    codes = " ".join(text(town, request_id, "code") for request_id in (access, erasure))
    town.server.person("jona").note = codes
    vault = Path(town.process.settings.vault)
    vault.rename(tmp_path / "kept")
    check(town, erasure)
    said = json.loads(text(town, erasure, "found"))
    assert (row(town, erasure).state, said["kinds"], said["unread"]) == (State.ANSWERED, {}, 1)
    # Whoever asks what is kept does not get a part of it.
    with pytest.raises(JobFailedError):
        check(town, access)
    assert row(town, access).state == State.OPEN
    (tmp_path / "kept").rename(vault)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1
    fold_all(town.process)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1
    jobs.carry_out_request(access)
    assert json.loads(text(town, access, "found"))["kinds"] == {}


def test_what_was_killed_before_its_end_is_carried_out_by_the_schedule(town: Town) -> None:
    request_id = ask(town)
    jobs.look_up_request(request_id)
    show_code(town, request_id)
    with town.process.working() as work:
        look_again(work, work.session.get_one(Request, request_id))
    jobs.prove_request(request_id)
    assert row(town, request_id).state == State.OPEN
    town.process.queue.rq.empty()
    town.process.clock.go(minutes=3)  # type: ignore[attr-defined]
    send_due(town.process)
    assert town.sent().count("carry_out_request") == 1


def test_a_link_of_the_own_profile_proves_it_as_well(town: Town) -> None:
    request_id = ask(town)
    jobs.look_up_request(request_id)
    page = f"{town.process.settings.public_url}/me/{text(town, request_id, 'code')}"
    town.server.person("mira").fields = [{"name": "Klarwert", "value": f'<a href="{page}" rel="me">hier</a>'}]
    check(town, request_id)
    assert (row(town, request_id).state, row(town, request_id).proof) == (State.ANSWERED, "rel_me")


def test_without_the_code_nothing_is_proven_and_it_can_be_tried_again(town: Town) -> None:
    request_id = ask(town)
    jobs.look_up_request(request_id)
    check(town, request_id)
    assert (row(town, request_id).state, row(town, request_id).failure) == (State.CLAIMED, "proof_not_found")
    show_code(town, request_id)
    check(town, request_id)
    assert row(town, request_id).state == State.ANSWERED


def test_an_objection_is_in_force_on_the_claim_and_lapses_without_a_proof(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    jobs.collect(connection_id)
    request_id = ask(town, Kind.OBJECTION, f"@jona@{town.server.host}")
    jobs.look_up_request(request_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1
    clock.go(days=13)
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1
    clock.go(days=1, minutes=1)
    jobs.expire(clock.now.date().isoformat())
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 2


def test_a_second_claim_without_a_proof_takes_nobody_out_again(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, "jona")
    jobs.look_up_request(ask(town, Kind.OBJECTION, f"@jona@{town.server.host}"))
    clock.go(days=15)
    jobs.expire(clock.now.date().isoformat())
    second = ask(town, Kind.OBJECTION, f"@jona@{town.server.host}")
    jobs.look_up_request(second)
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1
    town.server.person("jona").note = text(town, second, "code")
    check(town, second)
    assert [kind for kind, _, _ in town.signals()].count("like") == 0
    clock.go(days=120)
    jobs.expire(clock.now.date().isoformat())
    with town.process.reading() as session:
        assert session.scalars(select(Objection.until)).all() == [None]


def test_a_claim_that_lapsed_is_forgotten_after_a_while(town: Town, clock: Clock) -> None:
    jobs.look_up_request(ask(town, Kind.OBJECTION))
    clock.go(days=14 + 91)
    jobs.expire(clock.now.date().isoformat())
    with town.process.reading() as session:
        assert session.scalars(select(Objection)).all() == []


def test_a_request_that_is_no_objection_leaves_nobody_out(town: Town) -> None:
    jobs.look_up_request(ask(town, Kind.ACCESS))
    with town.process.reading() as session:
        assert session.scalars(select(Objection)).all() == []


def test_a_proven_objection_is_carried_out_at_once(town: Town) -> None:
    request_id = ask(town, Kind.OBJECTION)
    jobs.look_up_request(request_id)
    show_code(town, request_id)
    check(town, request_id)
    found = row(town, request_id)
    assert (found.state, found.closed_at) == (State.ANSWERED, town.process.clock())
    with town.process.reading() as session:
        [stopped] = session.scalars(select(Objection))
    assert (stopped.network, stopped.account_index) == ("mastodon", found.account_index)


def test_somebody_elses_code_proves_nothing(town: Town) -> None:
    mine, other = ask(town), ask(town)
    jobs.look_up_request(mine)
    jobs.look_up_request(other)
    show_code(town, other)
    check(town, mine)
    assert row(town, mine).state == State.CLAIMED
    assert text(town, mine, "code") != text(town, other, "code")


def test_an_account_that_there_is_not_is_said(town: Town) -> None:
    request_id = ask(town, typed=f"@niemand@{town.server.host}")
    jobs.look_up_request(request_id)
    assert (row(town, request_id).state, row(town, request_id).failure) == (State.LOOKING, "unknown_account")
    assert row(town, request_id).due_at is None


def test_while_the_network_is_silent_a_claim_waits_and_does_not_lapse(town: Town, clock: Clock) -> None:
    request_id = ask(town, Kind.OBJECTION)
    town.server.spoil = lambda _kind, reply: replace(reply, status=503)
    for _ in range(3):
        jobs.look_up_request(request_id)
        clock.go(days=10)
        jobs.expire(clock.now.date().isoformat())
    waiting = row(town, request_id)
    assert (waiting.state, waiting.failure) == (State.LOOKING, "unreachable")
    assert waiting.due_at is not None
    town.server.spoil = lambda _kind, reply: reply
    jobs.look_up_request(request_id)
    assert row(town, request_id).state == State.CLAIMED
    clock.go(days=5)
    jobs.expire(clock.now.date().isoformat())
    with town.process.reading() as session:
        assert session.scalars(select(Request.id)).all() == [], "from here on it is their turn"


def test_a_silent_network_while_the_proof_is_looked_for_ends_no_claim_and_prolongs_no_objection(
    town: Town, clock: Clock
) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    request_id = ask(town, Kind.OBJECTION, f"@jona@{town.server.host}")
    jobs.look_up_request(request_id)
    town.server.spoil = lambda _kind, reply: replace(reply, status=503)
    clock.go(days=13)
    check(town, request_id)
    clock.go(days=2)
    jobs.expire(clock.now.date().isoformat())
    assert (row(town, request_id).state, row(town, request_id).failure) == (State.CHECKING, "unreachable")
    town.server.spoil = lambda _kind, reply: reply
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 2, "the claim was in force for 14 days"
    with town.process.working() as work:
        make_sure(work, request_id)
    jobs.carry_out_request(request_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1


def test_an_objection_of_whom_the_officer_made_sure_stays_in_force_without_an_answer_of_the_network(
    town: Town, clock: Clock
) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    jobs.collect(connection_id)
    request_id = ask(town, Kind.OBJECTION, f"@jona@{town.server.host}")
    jobs.look_up_request(request_id)
    with town.process.working() as work:
        make_sure(work, request_id)
    clock.go(days=15)
    jobs.expire(clock.now.date().isoformat())
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1


def test_a_network_that_is_silent_for_good_keeps_a_claim_no_longer_than_an_answer_may_take(
    town: Town, clock: Clock
) -> None:
    request_id = ask(town)
    town.server.spoil = lambda _kind, reply: replace(reply, status=503)
    for _ in range(10):
        jobs.look_up_request(request_id)
        clock.go(days=10)
    jobs.expire(clock.now.date().isoformat())
    with town.process.reading() as session:
        assert session.scalars(select(Request.id)).all() == []


def test_of_whom_the_officer_made_sure_by_hand_it_is_carried_out_as_soon_as_the_network_answers(town: Town) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    jobs.collect(connection_id)
    request_id = ask(town, Kind.OBJECTION, f"@jona@{town.server.host}")
    town.server.spoil = lambda _kind, reply: replace(reply, status=503)
    jobs.look_up_request(request_id)
    with town.process.working() as work:
        make_sure(work, request_id)
    jobs.carry_out_request(request_id)
    waiting = row(town, request_id)
    assert (waiting.state, waiting.failure, waiting.proof) == (State.OPEN, "unreachable", "by hand")
    assert waiting.due_at is not None
    town.server.spoil = lambda _kind, reply: reply
    jobs.carry_out_request(request_id)
    done = row(town, request_id)
    assert (done.state, done.failure) == (State.ANSWERED, None)
    assert text(town, request_id, "remote_id")
    jobs.collect(connection_id)
    assert [kind for kind, _, _ in town.signals()].count("like") == 1
    with town.process.working() as work, pytest.raises(StandsError):
        make_sure(work, request_id)


def test_a_job_that_got_lost_is_sent_again_by_the_schedule(town: Town) -> None:
    request_id = ask(town)
    town.process.queue.rq.empty()
    send_due(town.process)
    assert "look_up_request" not in town.sent()
    town.process.clock.go(minutes=3)  # type: ignore[attr-defined]
    send_due(town.process)
    assert town.sent().count("look_up_request") == 1
    assert row(town, request_id).due_at == town.process.clock() + timedelta(minutes=10)


def test_jobs_of_a_request_that_is_gone_do_nothing(town: Town) -> None:
    jobs.look_up_request("0" * 32)
    jobs.prove_request("0" * 32)


def test_a_claim_without_a_proof_goes_after_two_weeks_with_its_key(each_town: Town) -> None:
    town, clock = each_town, each_town.process.clock
    request_id, kept = ask(town), ask(town)
    jobs.look_up_request(kept)
    show_code(town, kept)
    check(town, kept)
    assert isinstance(clock, Clock)
    clock.go(days=15)
    jobs.expire("2026-12-07")
    with town.process.reading() as session:
        assert session.scalars(select(Request.id)).all() == [kept]
    with pytest.raises(KeyGoneError):
        town.process.ring.person(request_id)
    assert text(town, kept, "wish") == "Was habt ihr?"
    assert town.process.ring.going() == set()


def test_a_closed_request_goes_after_three_years_with_its_key(process: Process) -> None:
    with process.working() as work:
        ann = make_subject(work)
        theirs = done_at_once(work, ann.id, Kind.PORTABILITY, "de").id
        other = enter(work, Kind.ACCESS, Way.LETTER, language="de", state="", wish="x", contact="")
        other.state, other.closed_at = State.ANSWERED.value, work.now
    process.clock.go(days=1097)  # type: ignore[attr-defined]
    jobs.expire("2029-11-23")
    with process.reading() as session:
        assert set(session.scalars(select(Request.id))) == {theirs, other.id}
    process.clock.go(days=3)  # type: ignore[attr-defined]
    jobs.expire("2029-11-26")
    with process.reading() as session:
        assert session.scalars(select(Request.id)).all() == []
    with pytest.raises(KeyGoneError):
        process.ring.person(other.id)
    process.ring.person(ann.id)


def test_what_is_done_at_once_is_recorded_as_done(process: Process) -> None:
    with process.working() as work:
        made = done_at_once(work, make_subject(work).id, Kind.PORTABILITY, "en")
    assert (made.state, made.way, made.closed_at) == (State.ANSWERED, "self service", process.clock())
    assert made.due_on == date(2026, 11, 22)
