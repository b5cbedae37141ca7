"""Mail: kept sealed until it is out, sent by SMTP, or laid into the outbox folder where there is no mail server."""

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete
from sqlalchemy.orm import Session

from privacy.base import Holds, Rule, new_id
from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal
from privacy.vocabulary import About, Basis, Use
from workers.letter import as_html
from workers.models import Mail
from workers.runtime.folders import remove
from workers.runtime.work import Work

_SMTP_SECONDS = 30
OUTBOX_DAYS = 30
#: The schedule sends a mail (again) after so long, twice as long with each try, and at most after twelve hours.
_WAIT = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=12)


def post(work: Work, subject_id: str, recipient: str, title: str, body: str, leave: str | None = None) -> None:
    """Keeps a mail and has it sent after the commit. `leave` is the address that ends mails of its kind."""
    mail = Mail(id=new_id(), subject_id=subject_id, created_at=work.now, tries=0, due_at=work.now + _WAIT)
    seal(mail, work.ring.person(subject_id), recipient=recipient, title=title, body=body, leave=leave)
    work.session.add(mail)
    work.later("send_mail", mail.id)


def withhold(session: Session, subject_id: str) -> None:
    """Mails that somebody has ended and that are not out yet do not go out any more."""
    session.execute(delete(Mail).where(Mail.subject_id == subject_id, Mail.leave.is_not(None)))


def tried(mail: Mail, now: datetime) -> None:
    """Counts a try, and says when the next one is due should this one fail."""
    mail.tries += 1
    mail.due_at = now + min(_WAIT * 2 ** min(mail.tries, 10), _LONGEST_WAIT)


def message(mail: Mail, key: PersonKey, sender: str) -> EmailMessage:
    """The mail as it goes out. Its id is stable, so that a receiver can tell a second delivery."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = unseal(mail, key, "recipient")
    made["Subject"] = unseal(mail, key, "title")
    made["Date"] = format_datetime(mail.created_at)
    made["Message-ID"] = f"<{mail.id}@klarwert>"
    if mail.leave is not None:  # a mailbox may offer a button for it: https://www.rfc-editor.org/rfc/rfc8058
        made["List-Unsubscribe"] = f"<{unseal(mail, key, 'leave')}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    body = unseal(mail, key, "body")
    made.set_content(body)
    made.add_alternative(as_html(made["Subject"], body), subtype="html")
    return made


def deliver(url: str, made: EmailMessage) -> None:
    """Sends by SMTP. Raises `OSError`, `SMTPException`."""
    server = urlsplit(url)
    with _connect(server.scheme, server.hostname or "localhost", server.port) as connection:
        _encrypt(connection)
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(made)


def _connect(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_SMTP_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 25, timeout=_SMTP_SECONDS)


def _encrypt(connection: smtplib.SMTP) -> None:
    """Encrypts as soon as the server offers it; with `smtps` it was encrypted from the start."""
    connection.ehlo()
    if connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())


class Outbox:
    """The folder of mails that no server took: one folder a person, so that erasing them is removing it."""

    holds = Holds(
        kind="outbox",
        about=About.PARTICIPANT,
        use=Use.MAIL,
        basis=Basis.CONTRACT,
        exported=("mail",),
        subject=None,
        rule=Rule(OUTBOX_DAYS, since="created_at"),
    )
    where = "outbox/*"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lay(self, subject_id: str, mail_id: str, made: EmailMessage) -> None:
        """Writes one mail; complete or not at all."""
        place = self.folder / subject_id
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = place / f".{mail_id}"
        part.write_bytes(made.as_bytes())
        part.chmod(0o600)
        part.rename(place / f"{mail_id}.eml")

    def mails(self, subject_id: str | None = None) -> Sequence[Path]:
        """The mails of one person or of everybody, newest first."""
        found = self.folder.glob(f"{subject_id or '*'}/*.eml")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def export(self, subject_id: str) -> list[dict[str, Any]]:
        """The mails of a person, as text."""
        found = []
        for path in self.mails(subject_id):
            with suppress(FileNotFoundError):  # removed meanwhile
                found.append({"mail": path.read_text(encoding="utf-8")})
        return found

    def erase(self, subject_id: str) -> int:
        """Removes a person's mails."""
        count = len(self.mails(subject_id))
        remove(self.folder / subject_id)
        return count

    def expire(self, now: datetime) -> int:
        """Removes mails older than 30 days, those that were never finished too."""
        old = self._old(now)
        for path in old:
            path.unlink()
        return len(old)

    def due(self, now: datetime) -> int:
        """How many mails are older than that."""
        return len(self._old(now))

    def _old(self, now: datetime) -> list[Path]:
        until = (now - timedelta(days=OUTBOX_DAYS)).timestamp()
        return [path for path in self.folder.glob("*/*") if path.stat().st_mtime < until]
