"""Mail: into the outbox or out by SMTP, kept sealed until then, never lost and never left behind."""

import os
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from tests.conftest import Clock
from tests.factories.people import make_subject
from tests.workers.smtp_server import SmtpServer
from workers import jobs, mail, schedule
from workers.jobs.job import JobFailedError
from workers.mail import Outbox
from workers.models import Mail
from workers.runtime.process import Process, bind

RECIPIENT, TITLE, BODY = "mira@garten.test", "Bestätige deine Adresse", "Grüße aus dem Garten\nhttps://hier.test/x\n"


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def sending(process: Process, smtp: SmtpServer) -> Iterator[Process]:
    """The installation with a mail server."""
    settings = replace(process.settings, smtp=f"smtp://absender:geheim%40@{smtp.host}", mail_from="wir@garten.test")
    made = Process(settings, process.clock)
    bind(made)
    yield made
    made.close()


def write(process: Process) -> tuple[str, str]:
    """A mail to somebody; ids of the person and of the mail."""
    with process.working() as work:
        subject = make_subject(work)
        mail.post(work, subject.id, RECIPIENT, TITLE, BODY)
    return subject.id, waiting(process)[0].id


def waiting(process: Process) -> list[Mail]:
    with process.reading() as session:
        return list(session.scalars(select(Mail)))


def test_a_mail_waits_sealed_and_is_sent_after_the_commit(process: Process) -> None:
    _, mail_id = write(process)
    [row] = waiting(process)
    assert row.due_at == process.clock() + timedelta(minutes=2)
    assert RECIPIENT.encode() not in bytes(row.recipient)
    [job] = process.queue.rq.jobs
    assert (job.func_name, job.args) == ("workers.jobs.send_mail", [mail_id])


def test_without_a_mail_server_mails_lie_in_the_outbox(each_process: Process) -> None:
    subject_id, mail_id = write(each_process)
    jobs.send_mail(mail_id)
    assert waiting(each_process) == []
    outbox = Outbox(each_process.settings.outbox)
    [path] = outbox.mails(subject_id)
    made = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (made["To"], made["Subject"], made["Message-ID"]) == (RECIPIENT, TITLE, f"<{mail_id}@klarwert>")
    assert made.get_body(("plain",)).get_content() == BODY
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert outbox.mails() == [path]
    jobs.send_mail(mail_id)


def test_a_mail_server_gets_the_mail(sending: Process, smtp: SmtpServer) -> None:
    _, mail_id = write(sending)
    jobs.send_mail(mail_id)
    [made] = smtp.mails
    assert (made["From"], made["To"], made["Subject"]) == ("wir@garten.test", RECIPIENT, TITLE)
    assert made.get_body(("plain",)).get_content().splitlines() == BODY.splitlines()
    assert any(said.startswith("AUTH PLAIN") for said in smtp.said)
    assert waiting(sending) == []
    jobs.send_mail(mail_id)
    assert len(smtp.mails) == 1


def test_a_mail_that_was_refused_is_kept_and_sent_by_the_schedule(
    sending: Process, smtp: SmtpServer, clock: Clock
) -> None:
    _, mail_id = write(sending)
    sending.queue.rq.empty()
    smtp.refuses = f"450 come again, {RECIPIENT}"
    with pytest.raises(JobFailedError) as failed:
        jobs.send_mail(mail_id)
    assert RECIPIENT not in str(failed.value)
    [row] = waiting(sending)
    assert (row.tries, row.due_at) == (1, clock.now + timedelta(minutes=4))
    clock.go(minutes=5)
    schedule.send_due(sending)
    schedule.send_due(sending)
    assert [job.args for job in sending.queue.rq.jobs if job.func_name.endswith("send_mail")] == [[mail_id]]
    smtp.refuses = ""
    jobs.send_mail(mail_id)
    assert len(smtp.mails) == 1


def test_a_mail_server_that_is_away_is_tried_less_and_less_often(process: Process, clock: Clock) -> None:
    bind(Process(replace(process.settings, smtp="smtp://127.0.0.1:1"), clock))
    _, mail_id = write(process)
    waits = []
    for _ in range(12):
        with pytest.raises(JobFailedError):
            jobs.send_mail(mail_id)
        waits.append((waiting(process)[0].due_at - clock.now) / timedelta(minutes=1))
    assert waits[:3] == [4, 8, 16]
    assert waits[-2:] == [720, 720]


def test_a_mail_that_was_erased_on_its_way_out_is_no_error(
    sending: Process, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_id, mail_id = write(sending)
    tries: list[str] = []

    def slow(*_: object) -> None:
        tries.append(mail_id)
        if len(tries) == 1:  # the erasure sends what waits before it deletes it
            jobs.erase(subject_id)

    monkeypatch.setattr("workers.jobs.mailing.deliver", slow)
    jobs.send_mail(mail_id)
    assert waiting(sending) == []


def test_the_outbox_exports_erases_and_expires(process: Process, clock: Clock) -> None:
    outbox = Outbox(process.settings.outbox)
    (first, first_mail), other = write(process), ""
    jobs.send_mail(first_mail)
    other, other_mail = write(process)
    jobs.send_mail(other_mail)
    assert RECIPIENT in outbox.export(first)[0]["mail"]
    assert outbox.erase(first) == 1
    assert outbox.erase(first) == 0
    assert (outbox.export(first), len(outbox.mails(other))) == ([], 1)
    old = clock.now - timedelta(days=31)
    unfinished = outbox.folder / other / ".abc"
    unfinished.write_text(RECIPIENT)
    for path in (outbox.folder / other).iterdir():
        os.utime(path, (old.timestamp(), old.timestamp()))
    fresh, fresh_mail = write(process)
    jobs.send_mail(fresh_mail)
    assert outbox.expire(clock.now) == 2
    assert [path.parent.name for path in outbox.mails()] == [fresh]


class Talk:
    """A connection that offers encryption."""

    def __init__(self, offers: bool) -> None:
        self.offers, self.encrypted = offers, False

    def ehlo(self) -> None:
        """Says hello."""

    def has_extn(self, name: str) -> bool:
        return self.offers and name == "starttls"

    def starttls(self, context: ssl.SSLContext) -> None:
        self.encrypted = context.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("offers", [True, False])
def test_a_connection_is_encrypted_as_soon_as_the_server_offers_it(offers: bool) -> None:
    talk = Talk(offers)
    mail._encrypt(talk)  # type: ignore[arg-type]
    assert talk.encrypted == offers


def test_smtps_is_encrypted_from_the_start(smtp: SmtpServer) -> None:
    with pytest.raises((ssl.SSLError, OSError, smtplib.SMTPException)):
        mail._connect("smtps", "127.0.0.1", int(smtp.host.partition(":")[2]))
