"""What a reading leaves for the next, so that it asks only for what has changed; now and then all is read anew."""

import json
from datetime import date, timedelta

from sqlalchemy import func, select

from privacy.consent import Consent
from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal
from workers.models import Connection
from workers.networks.marks import Marks
from workers.runtime.work import Work

#: After so long everything is read, changed or not: what is gone at its source goes within seven days (R13).
ANEW = timedelta(days=6)


def recall(work: Work, key: PersonKey, connection: Connection) -> tuple[Marks, date]:
    """The marks to read with, and since when only changes have been read; none where all is to be read.

    A reading that goes on in the middle reads all of the rest; and whoever agreed to something since the last one (to
    topics, say) wants it of all posts.
    """
    said = json.loads(unseal(connection, key, "marks") or "{}")
    since = date.fromisoformat(said["since"]) if said else work.today
    if connection.resume is not None or work.today - since >= ANEW or _has_agreed_since(work, connection):
        return Marks(), work.today
    return Marks(said.get("marks")), since


def remember(key: PersonKey, connection: Connection, marks: Marks, since: date) -> None:
    """Keeps the marks of a reading that came to its end."""
    kept = json.dumps({"since": since.isoformat(), "marks": marks.noted}) if marks.noted else None
    seal(connection, key, marks=kept)


def _has_agreed_since(work: Work, connection: Connection) -> bool:
    agreed = select(func.max(Consent.decided_at)).where(Consent.subject_id == connection.subject_id, Consent.granted)
    last = work.session.scalar(agreed)
    return connection.read_at is None or (last is not None and last >= connection.read_at)
