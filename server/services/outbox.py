"""The mails in the outbox as texts to read: the demo shows them on a page."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

from workers.mail import Outbox
from workers.runtime.settings import Settings

NEWEST = 50


@dataclass(frozen=True)
class Shown:
    """One mail."""

    recipient: str
    title: str
    at: datetime
    text: str


def read_outbox(settings: Settings) -> list[Shown]:
    """The newest mails, newest first."""
    shown = []
    for path in Outbox(settings.outbox).mails()[:NEWEST]:
        mail = message_from_bytes(path.read_bytes(), policy=default)
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        text = mail.get_body(("plain",))
        shown.append(Shown(str(mail["To"]), str(mail["Subject"]), at, text.get_content() if text else ""))
    return shown
