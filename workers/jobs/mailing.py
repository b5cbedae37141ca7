"""Sends a mail that waits; it is forgotten here as soon as it is out."""

from smtplib import SMTPException

from workers.jobs.job import job
from workers.mail import Outbox, deliver, message, tried
from workers.models import Mail
from workers.runtime.process import Process
from workers.runtime.work import Work


class MailServerError(RuntimeError):
    """The mail server did not take the mail; the schedule tries again."""


@job
def send_mail(process: Process, mail_id: str) -> None:
    """Delivers one mail, or lays it into the outbox. Raises `MailServerError`, without a word of the mail in it."""
    deliver_now(process, mail_id)


def deliver_now(process: Process, mail_id: str) -> None:
    """The same from inside another job."""
    if process.settings.smtp:
        _send(process, mail_id)
    else:
        _lay(process, mail_id)


def _lay(process: Process, mail_id: str) -> None:
    """In one transaction, so that an erasure comes before it (there is no mail) or after (the file goes, too)."""
    with process.working() as work:
        mail = _held(work, mail_id)
        if mail is not None:
            made = message(mail, work.ring.person(mail.subject_id), process.settings.mail_from)
            Outbox(process.settings.outbox).lay(mail.subject_id, mail_id, made)
            work.session.delete(mail)


def _send(process: Process, mail_id: str) -> None:
    with process.working() as work:
        mail = _held(work, mail_id)
        if mail is None:
            return
        tried(mail, work.now)
        made = message(mail, work.ring.person(mail.subject_id), process.settings.mail_from)
    try:
        deliver(process.settings.smtp, made)
    except (OSError, SMTPException):
        raise MailServerError("the mail server did not take the mail") from None
    with process.working() as work:
        sent = _held(work, mail_id)
        if sent is not None:
            work.session.delete(sent)


def _held(work: Work, mail_id: str) -> Mail | None:
    return work.session.get(Mail, mail_id, with_for_update=True)
