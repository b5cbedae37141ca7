"""Recipients are told of erasure, rectification and restriction (Art. 17(2), 19), by references that are theirs alone.

The news is written in the transaction of what it is about. The schedule has it sent, for a week and ever more slowly.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from privacy.base import new_id
from privacy.disclosure import Reason, recipients
from privacy.keyring import KeyRing
from privacy.recipient import Act, Recipient, reference
from workers.models import Told
from workers.models.told import Stand
from workers.runtime.work import Work

#: What a request of ours is; its signed text begins with it.
FORMAT = "klarwert-notice-1"
#: Of these only the newest is true: an older one that was not taken yet might arrive after it.
_IN_TURN = (Act.RESTRICTION, Act.RESTRICTION_LIFTED)
#: Two minutes, doubled up to twelve hours: so many tries fill a week.
TRIES = 20
_WAIT = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=12)


def tell(work: Work, subject_id: str, act: Act, *purposes: Reason, only: str | None = None) -> int:
    """Has everybody told who got something of a person, for one of these purposes or for whatever; how many.

    With `only` this one recipient, if it did.
    """
    if act in _IN_TURN:
        older = (Told.subject_id == subject_id, Told.act.in_(_IN_TURN), Told.state == Stand.WAITS)
        work.session.execute(delete(Told).where(*older))
    found = [one for one in recipients(work.session, subject_id, *purposes) if only in (None, one.id)]
    work.session.add_all(_news(work, one, subject_id, act) for one in found)
    work.session.flush()
    return len(found)


def farewell(work: Work, subject_id: str, certificate_id: str | None) -> list[tuple[Told, str]]:
    """The news of an erasure with the recipients' names; whoever deletes the person stores it in the same transaction.

    It names nobody, and the reference goes as soon as the recipient took it.
    """
    found = []
    for one in recipients(work.session, subject_id):
        news = _news(work, one, subject_id, Act.ERASURE)
        news.subject_id, news.certificate_id = None, certificate_id
        found.append((news, one.name))
    return found


def again(work: Work, told_id: str) -> bool:
    """Tries for another week; False where nothing was given up."""
    news = work.session.get(Told, told_id, with_for_update=True)
    if news is None or news.state != Stand.GIVEN_UP:
        return False
    news.state, news.tries, news.due_at = Stand.WAITS.value, 0, work.now
    return True


def tried(news: Told, now: datetime) -> None:
    """Counts a try, and says when the next one is due should this one fail."""
    news.tries += 1
    news.due_at = now + min(_WAIT * 2 ** min(news.tries, 10), _LONGEST_WAIT)


def settle(news: Told, now: datetime, answer: str, *, taken: bool) -> None:
    """Keeps what a try met."""
    news.answer, news.answered_at = answer, now
    if taken:
        news.state, news.due_at = Stand.TAKEN.value, None
        news.reference = news.reference if news.subject_id else None
    elif news.tries >= TRIES:
        news.state, news.due_at = Stand.GIVEN_UP.value, None


def body(news: Told) -> str:
    """What travels: what happened, whom it is about by the recipient's own reference, and when; nothing else."""
    facts = {
        "format": FORMAT,
        "id": news.id,
        "act": news.act,
        "person": news.reference,
        "at": f"{news.made_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def headers(ring: KeyRing, news: Told, said: str, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, with an Ed25519 signature (`v1a`) over id, time and body.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    name, moment = f"{FORMAT}_{news.id}", str(int(now.timestamp()))
    signature = b64encode(bytes.fromhex(ring.sign(f"{name}.{moment}.{said}"))).decode()
    return {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": f"v1a,{signature}"}


def of_person(session: Session, subject_id: str) -> Sequence[tuple[Told, Recipient]]:
    """What recipients were told about a person, newest first."""
    return _listed(session, Told.subject_id == subject_id)


def of_certificate(session: Session, certificate_id: str) -> Sequence[tuple[Told, Recipient]]:
    """What recipients were told of the erasure that a certificate is about."""
    return _listed(session, Told.certificate_id == certificate_id)


def of_recipient(session: Session, recipient_id: str) -> Sequence[tuple[Told, Recipient]]:
    """All news to one recipient, newest first."""
    return _listed(session, Told.recipient_id == recipient_id)


def _listed(session: Session, which: ColumnElement[bool]) -> Sequence[tuple[Told, Recipient]]:
    query = select(Told, Recipient).join(Recipient, Recipient.id == Told.recipient_id).where(which)
    return [(news, one) for news, one in session.execute(query.order_by(Told.made_at.desc(), Told.id))]


def _news(work: Work, recipient: Recipient, subject_id: str, act: Act) -> Told:
    return Told(
        id=new_id(), recipient_id=recipient.id, subject_id=subject_id, certificate_id=None, act=act.value,
        reference=reference(work.ring, recipient.id, subject_id), made_at=work.now, state=Stand.WAITS.value, tries=0,
        due_at=work.now, answer=None, answered_at=None,
    )  # fmt: skip
