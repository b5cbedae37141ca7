"""Tells one recipient one thing, by signed request or by mail, and keeps what they answered."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from smtplib import SMTPException

from sqlalchemy import select

from privacy.recipient import Channel, Recipient
from workers import telling
from workers.jobs.asking import client
from workers.letter import as_html
from workers.mail import Outbox, deliver
from workers.models import Told
from workers.models.told import Stand
from workers.networks.shape import Failure
from workers.runtime.process import Process
from workers.runtime.work import Work

#: Subject and text of the mail to a recipient.
Words = Callable[[Told, Recipient], tuple[str, str]]

#: A mail went out; whether somebody reads it nobody can know.
MAILED = "mail"
NO_MAIL_SERVER = "mail server"
#: A news that was sent is not sent again before.
_PATIENCE = timedelta(minutes=10)
_AT_ONCE = 100
_GOOD = range(200, 300)


def send_due(work: Work) -> None:
    """Has news sent whose time has come; a chore of the schedule."""
    due = select(Told).where(Told.due_at <= work.now).order_by(Told.due_at).limit(_AT_ONCE)
    for news in work.session.scalars(due.with_for_update(skip_locked=True)):
        news.due_at = work.now + _PATIENCE
        work.later("server.jobs.tell", news.id)


def tell_now(process: Process, told_id: str, words: Words) -> None:
    """Tells one recipient; what they took is not told again."""
    with process.working() as work:
        news = _waiting(work, told_id)
        if news is None:
            return
        telling.tried(news, work.now)
        recipient = work.session.get_one(Recipient, news.recipient_id)
    if recipient.channel == Channel.WEBHOOK:
        answer, taken = _request(process, news, recipient)
    else:
        answer, taken = _mail(process, news, recipient, words)
    with process.working() as work:
        sent = _waiting(work, told_id)
        if sent is not None:
            telling.settle(sent, work.now, answer, taken=taken)


def _waiting(work: Work, told_id: str) -> Told | None:
    """The news, locked, if it is still to be told: of a person who was erased meanwhile it is gone."""
    news = work.session.get(Told, told_id, with_for_update=True)
    return news if news is not None and news.state == Stand.WAITS else None


def _request(process: Process, news: Told, recipient: Recipient) -> tuple[str, bool]:
    """Their HTTP status, or why there was none."""
    said = telling.body(news)
    try:
        with client(process) as asking:
            headers = telling.headers(process.ring, news, said, process.clock())
            status = asking.post_news(recipient.address, said, headers)
    except Failure as failure:
        return failure.reason.value, False
    return str(status), status in _GOOD


def _mail(process: Process, news: Told, recipient: Recipient, words: Words) -> tuple[str, bool]:
    made = EmailMessage()
    title, text = words(news, recipient)
    made["From"], made["To"], made["Subject"] = process.settings.mail_from, recipient.address, title
    made["Date"], made["Message-ID"] = format_datetime(news.made_at), f"<{news.id}@klarwert>"
    made.set_content(text)
    made.add_alternative(as_html(title, text), subtype="html")
    if not process.settings.smtp:
        Outbox(process.settings.outbox).lay(recipient.id, news.id, made)
        return MAILED, True
    try:
        deliver(process.settings.smtp, made)
    except (OSError, SMTPException):
        return NO_MAIL_SERVER, False
    return MAILED, True
