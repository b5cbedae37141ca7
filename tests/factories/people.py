"""Invented people: a subject with its key, consents, connected accounts."""

from datetime import UTC, datetime, timedelta
from itertools import count

from privacy import consent
from privacy.base import Subject, new_id
from privacy.consent import Consent
from privacy.notices import Notice, notice
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from workers.models import Connection
from workers.models.connection import State, code_index
from workers.runtime.work import Work
from workers.signals.standing import account_index

NAMES = {
    "organisation": "Verein Beispiel e. V.",
    "address": "Beispielweg 1",
    "dpo": "datenschutz@beispiel.example",
    "authority": "Landesbeauftragte",
    "network": "Bluesky",
    "operator": "Bluesky Social PBC",
    "country": "USA",
}
_numbers = count(1)


def make_subject(work: Work) -> Subject:
    """A person with a key and nothing else."""
    subject = Subject(id=new_id(), created_at=work.now, erasing_at=None)
    work.ring.create(subject.id)
    work.session.add(subject)
    work.session.flush()
    return subject


def make_notice(purpose: Purpose = Purpose.SCORING, language: str = "de") -> Notice:
    """The notice of a purpose, filled in."""
    return notice(purpose, language, NAMES)


def agree(work: Work, subject_id: str, purpose: Purpose = Purpose.SCORING, network: str = "bluesky") -> Consent:
    """A yes."""
    named = network if purpose is Purpose.SCORING else ""
    return consent.decide(work.session, subject_id, make_notice(purpose), granted=True, now=work.now, network=named)


def make_connection(
    work: Work,
    subject_id: str,
    network: str = "bluesky",
    actor_id: str | None = None,
    state: State = State.PROVEN,
    **values: object,
) -> Connection:
    """A connected account of an invented person, proven unless said otherwise."""
    number = next(_numbers)
    code = f"kw-{number:08d}"
    actor = actor_id or f"did:plc:invented{number}"
    row = Connection(
        id=new_id(), subject_id=subject_id, network=network, state=state, label="",
        code_until=datetime(2027, 1, 1, tzinfo=UTC), created_at=work.now, proven_at=work.now, proof="bio",
        remote_index=account_index(work.ring, network, actor), due_at=work.now,
        code_index=code_index(work.ring, code),
    )  # fmt: skip
    for name, value in values.items():
        setattr(row, name, value)
    seal(
        row, work.ring.person(subject_id), typed=f"person{number}.test", handle=f"person{number}.test",
        address=f"https://bsky.app/profile/{actor}", remote_id=actor, code=code,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    return row


def make_claim(
    work: Work, subject_id: str, typed: str, network: str = "mastodon", state: State = State.LOOKING
) -> Connection:
    """An account that a person just typed in."""
    number = next(_numbers)
    code = f"kw-{number:08d}"
    row = Connection(
        id=new_id(), subject_id=subject_id, network=network, state=state, label="", created_at=work.now,
        code_until=work.now + timedelta(days=7), code_index=code_index(work.ring, code),
    )  # fmt: skip
    seal(row, work.ring.person(subject_id), typed=typed, code=code)
    work.session.add(row)
    work.session.flush()
    return row
