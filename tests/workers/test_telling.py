"""Recipients are told what becomes of a person whose data they got: by a reference of theirs, until they answer."""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

import migrations
from privacy import certificate
from privacy.disclosure import Disclosure, Reason, hand_over
from privacy.keyring import signed_by
from privacy.recipient import Act, Channel, Recipient, reference
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from server import jobs as server_jobs
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from tests.workers.smtp_server import SmtpServer
from workers import backups, jobs, restriction, telling
from workers.jobs.job import JobFailedError
from workers.jobs.telling import send_due
from workers.mail import Outbox
from workers.models import Certificate, Erasure, Told
from workers.models.told import Stand
from workers.places import holdings
from workers.replaying import replay
from workers.runtime.process import Process, bind
from workers.runtime.settings import Settings
from workers.withdrawal import withdraw


class Hook:
    """The webhook of a recipient; answers with `status`."""

    def __init__(self) -> None:
        self.status = 204
        self.server = LoopbackServer(self._answer)

    def _answer(self, _asked: Asked) -> Reply:
        return Reply(b"", self.status)

    @property
    def said(self) -> list[dict[str, str]]:
        return [json.loads(asked.body) for asked in self.server.asked]


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    with made.server:
        yield made


@pytest.fixture
def settings(settings: Settings, hook: Hook) -> Settings:
    return replace(settings, allowed_origins=frozenset({hook.server.origin}))


def make_recipient(process: Process, address: str, channel: Channel = Channel.WEBHOOK) -> str:
    with process.working() as work:
        made = Recipient(name="Verlag Beispiel", channel=channel.value, address=address, language="de",
                         made_at=work.now)  # fmt: skip
        work.session.add(made)
        work.session.flush()
        return made.id


def make_person(process: Process, *recipient_ids: str, reason: Reason = Reason.SUPPORT) -> str:
    """Somebody of whom these recipients got the score."""
    with process.working() as work:
        subject_id = make_subject(work).id
        for one in recipient_ids:
            found = work.session.get_one(Recipient, one)
            hand_over(work.session, work.ring, subject_id, work.now, found, purpose=reason.value, what="score")
    return subject_id


def ask_to_be_erased(process: Process, subject_id: str) -> str:
    token = "geheim-" + subject_id
    with process.working() as work:
        wish = Erasure(
            subject_id=subject_id, asked_at=work.now, due_at=work.now, reactions_too=False, controller="Verein",
            certificate_id=certificate.certificate_id(token), binding=certificate.binding(token, "x@garten.test"),
        )  # fmt: skip
        seal(wish, work.ring.person(subject_id), token=token)
        work.session.add(wish)
    return wish.certificate_id


def run(process: Process) -> None:
    """The schedule's chore and the jobs that it sends."""
    with process.working() as work:
        send_due(work)
    for job in process.queue.rq.jobs:
        if job.func_name == "server.jobs.tell":
            job.delete()
            server_jobs.tell(*job.args)


def news(process: Process) -> list[Told]:
    with process.reading() as session:
        return list(session.scalars(select(Told).order_by(Told.made_at, Told.id)))


def test_an_erasure_is_told_by_reference_alone_and_the_answer_is_kept(each_process: Process, hook: Hook) -> None:
    process = each_process
    got, other = (make_recipient(process, f"{hook.server.origin}/hook") for _ in range(2))
    gone, stays = make_person(process, got), make_person(process, got, other)
    identity, known_as = ask_to_be_erased(process, gone), reference(process.ring, got, gone)
    jobs.erase(gone)
    with process.reading() as session:
        made = session.get_one(Certificate, identity)
        assert made.facts["told"] == ["Verlag Beispiel"]
        assert json.loads(made.payload or "")["told"] == ["Verlag Beispiel"]
    run(process)
    [said] = hook.said
    assert said.keys() == {"format", "id", "act", "person", "at"}
    assert (said["act"], said["person"]) == ("erasure", known_as)
    asked = hook.server.asked[0]
    assert gone.encode() not in asked.body + repr(asked.headers).encode()
    [row] = news(process)
    assert (row.state, row.answer, row.tries) == (Stand.TAKEN, "204", 1)
    assert row.answered_at is not None
    assert (row.reference, row.subject_id, row.due_at) == (None, None, None)
    with process.reading() as session:
        assert [one.id for one, _ in telling.of_certificate(session, identity)] == [row.id]
        assert holdings(process).traces(session, gone) == {}
        assert session.scalars(select(Disclosure.subject_id).distinct()).all() == [stays]
    run(process)
    assert len(hook.server.asked) == 1


def test_a_request_is_signed_as_standard_webhooks_want_it(process: Process, hook: Hook) -> None:
    person = make_person(process, make_recipient(process, f"{hook.server.origin}/hook"))
    with process.working() as work:
        restriction.freeze(work, person)
    run(process)
    [asked] = hook.server.asked
    name, moment = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
    version, _, signature = asked.headers["webhook-signature"].partition(",")
    assert (asked.method, version, asked.headers["content-type"]) == ("POST", "v1a", "application/json")
    signed, key = b64decode(signature).hex(), process.ring.public_key()
    assert signed_by(key, f"{name}.{moment}.{asked.body.decode()}", signed)
    assert not signed_by(key, f"{name}.{int(moment) + 1}.{asked.body.decode()}", signed)
    assert name == f"{telling.FORMAT}_{json.loads(asked.body)['id']}"


def test_two_recipients_know_one_person_by_references_that_nobody_can_join(process: Process, hook: Hook) -> None:
    some = [make_recipient(process, f"{hook.server.origin}/hook") for _ in range(2)]
    person = make_person(process, *some)
    with process.working() as work:
        restriction.freeze(work, person)
        restriction.freeze(work, person)
    run(process)
    assert len({said["person"] for said in hook.said}) == 2 == len(hook.said)


def test_restriction_and_its_end_are_told(process: Process, hook: Hook) -> None:
    person = make_person(process, make_recipient(process, f"{hook.server.origin}/hook"))
    with process.working() as work:
        restriction.freeze(work, person)
    run(process)
    with process.working() as work:
        restriction.thaw(work, person)
    run(process)
    assert [said["act"] for said in hook.said] == [Act.RESTRICTION, Act.RESTRICTION_LIFTED]
    with process.reading() as session:
        assert len(holdings(process).export(session, person)["news to recipients"]) == 2


def test_no_older_word_on_a_restriction_arrives_after_the_newest(process: Process, hook: Hook, clock: Clock) -> None:
    person = make_person(process, make_recipient(process, f"{hook.server.origin}/hook"))
    hook.status = 400
    for change in (restriction.freeze, restriction.thaw):
        with process.working() as work:
            change(work, person)
        run(process)
        clock.go(minutes=1)
    hook.status = 204
    hook.server.asked.clear()
    with process.working() as work:
        restriction.freeze(work, person)
    for _ in range(2):
        run(process)
        clock.go(hours=1)
    assert [said["act"] for said in hook.said] == [Act.RESTRICTION]


def test_what_is_said_of_a_restriction_after_a_restore_is_the_newest(process: Process) -> None:
    person = make_person(process, make_recipient(process, "https://verlag.example/hook"))
    for change in (restriction.freeze, restriction.thaw):
        with process.working() as work:
            change(work, person)
    place, _ = backups.create(process, migrations, process.settings.backups)
    with process.working() as work:
        restriction.freeze(work, person)
    backups.restore(process, migrations, place)
    replay(process, {})
    assert [one.act for one in news(process)] == [Act.RESTRICTION]


def test_a_withdrawal_is_told_to_whom_it_concerns(process: Process, hook: Hook) -> None:
    shop, house = (make_recipient(process, f"{hook.server.origin}/{name}") for name in ("shop", "house"))
    person = make_person(process, shop, reason=Reason.CAMPAIGN)
    with process.working() as work:
        found = work.session.get_one(Recipient, house)
        hand_over(work.session, work.ring, person, work.now, found, purpose=Reason.SUPPORT.value, what="score")
        agree(work, person, Purpose.PERKS)
        for name in ("bluesky", "mastodon"):
            agree(work, person, network=name)
            make_connection(work, person, name)
    with process.working() as work:
        withdraw(work, person, Purpose.PERKS)
    run(process)
    assert [(asked.path, json.loads(asked.body)["act"]) for asked in hook.server.asked] == [("/shop", "erasure")]
    for network, act in (("bluesky", "rectification"), ("mastodon", "erasure")):
        hook.server.asked.clear()
        with process.working() as work:
            withdraw(work, person, Purpose.SCORING, network)
        run(process)
        assert {asked.path: json.loads(asked.body)["act"] for asked in hook.server.asked} == {
            "/shop": act, "/house": act,
        }  # fmt: skip


def test_who_does_not_take_it_is_told_again_ever_more_slowly_for_a_week(
    process: Process, hook: Hook, clock: Clock
) -> None:
    person = make_person(process, make_recipient(process, f"{hook.server.origin}/hook"))
    hook.status = 404
    with process.working() as work:
        restriction.freeze(work, person)
    began, waits = clock.now, []
    while (row := news(process)[0]).state == Stand.WAITS:
        assert row.due_at is not None
        waits.append(row.due_at - clock.now)
        clock.go(seconds=waits[-1].total_seconds())
        run(process)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=12)
    assert timedelta(days=6) < clock.now - began < timedelta(days=8)
    assert (row.state, row.answer, len(hook.server.asked)) == (Stand.GIVEN_UP, "404", telling.TRIES)
    clock.go(days=1)
    run(process)
    assert len(hook.server.asked) == telling.TRIES
    hook.status = 200
    with process.working() as work:
        assert telling.again(work, row.id)
        assert not telling.again(work, row.id)
    run(process)
    assert news(process)[0].state == Stand.TAKEN


@pytest.mark.parametrize("address", ["https://127.0.0.1:1/x", "http://169.254.169.254/latest", "https://[::1]/"])
def test_an_address_inside_is_never_asked(process: Process, address: str) -> None:
    person = make_person(process, make_recipient(process, address))
    with process.working() as work:
        restriction.freeze(work, person)
    run(process)
    [row] = news(process)
    assert (row.state, row.answer) == (Stand.WAITS, "refused_address")


def test_a_recipient_without_a_webhook_gets_a_mail(process: Process) -> None:
    found = make_recipient(process, "datenschutz@verlag.example", Channel.MAIL)
    person = make_person(process, found)
    with SmtpServer() as smtp:
        sending = Process(replace(process.settings, smtp=f"smtp://{smtp.host}"), process.clock)
        bind(sending)
        with sending.working() as work:
            restriction.freeze(work, person)
        smtp.refuses = "451 später"
        run(sending)
        assert (news(sending)[0].state, news(sending)[0].answer) == (Stand.WAITS, "mail server")
        smtp.refuses = ""
        with sending.working() as work:
            work.session.get_one(Told, news(sending)[0].id).due_at = work.now
        run(sending)
        sending.close()
    [mail] = smtp.mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert mail["To"] == "datenschutz@verlag.example"
    assert reference(process.ring, found, person) in body.get_content()
    assert person not in mail.as_string()
    bind(process)


def test_without_a_mail_server_the_mail_lies_in_the_outbox(process: Process) -> None:
    found = make_recipient(process, "datenschutz@verlag.example", Channel.MAIL)
    person = make_person(process, found)
    ask_to_be_erased(process, person)
    known_as = reference(process.ring, found, person)
    jobs.erase(person)
    run(process)
    [path] = Outbox(process.settings.outbox).mails(found)
    assert known_as in path.read_text(encoding="utf-8")
    assert news(process)[0].answer == "mail"


def test_an_erasure_killed_and_run_again_tells_once(
    process: Process, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_person(process, make_recipient(process, f"{hook.server.origin}/hook"))
    ask_to_be_erased(process, person)

    def boom(*_args: object) -> bool:
        raise RuntimeError("killed")

    monkeypatch.setattr("privacy.holdings.Holdings.erase_places", boom)
    with pytest.raises(JobFailedError):
        jobs.erase(person)
    monkeypatch.undo()
    jobs.erase(person)
    run(process)
    assert len(hook.said) == 1
