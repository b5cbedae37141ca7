"""Programs of organisations ask for scores: tokens with one purpose, and answers that are disclosures (R20, R21)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy import journal
from privacy.base import new_id
from privacy.disclosure import Reason, allowed, hand_over
from privacy.keyring import token_hash
from privacy.ledger import note
from privacy.recipient import Recipient
from server.models import Token
from server.services import figures, recipients
from server.services.missing import MissingError
from workers import releases, results
from workers.models import Release, Score
from workers.runtime.work import Work

TOKEN_REVOKED = "token revoked"  # noqa: S105 - a word of the journal
_PREFIX = "klarwert_"
_TOKEN_BYTES = 32


class UnknownTokenError(PermissionError):
    """Nobody has this token, or it was revoked."""


class NotReleasedError(LookupError):
    """Nobody of this reference takes part, or they did not release their score: nobody outside learns which."""


@dataclass(frozen=True)
class Answer:
    """What an organisation gets; the notice of `lookup` promises that it is nothing else."""

    person: str
    """The reference by which they asked."""
    score: int
    """Points of 1 to 100, rounded."""
    day: date
    since: date
    """The first day of which there is a score."""


@dataclass(frozen=True)
class Asker:
    """One organisation that has a program, as somebody sees it who may name it."""

    recipient_id: str
    name: str
    declared: list[str]
    """What its programs ask for; of one that was named: what it gets answers for."""
    later: list[str]
    """What it declared only after the person named it: no answer before they name it again."""
    release: Release | None


def open_token(work: Work, recipient_id: str, purpose: str, declared: str) -> str:
    """Makes a token and gives it, this once. Raises `MissingError`, and `ForbiddenUseError` for what stays closed."""
    reason, recipient = allowed(purpose), recipients.active(work.session, recipient_id)
    if reason is not Reason.LOOKUP:
        raise ValueError("programs ask for nothing else")
    said = _PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    made = Token(
        id=new_id(), recipient_id=recipient.id, purpose=reason.value, aim=declared, token_hash=token_hash(said),
        made_at=work.now, used_on=None, revoked_at=None,
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    note(work.session, work.now, "token", None, token=made.id, recipient=recipient.id, purpose=made.purpose)
    return said


def tokens(session: Session, recipient_id: str) -> list[Token]:
    """The tokens of a recipient, newest first."""
    mine = select(Token).where(Token.recipient_id == recipient_id)
    return list(session.scalars(mine.order_by(Token.made_at.desc(), Token.id)))


def revoke(work: Work, recipient_id: str, token_id: str) -> None:
    """Has a token work no more, after a restore neither (R36). Again is no error. Raises `MissingError`."""
    found = work.session.get(Token, token_id)
    if found is None or found.recipient_id != recipient_id:
        raise MissingError("no such token")
    if found.revoked_at is None:
        found.revoked_at = work.now
        note(work.session, work.now, TOKEN_REVOKED, None, token=found.id)
        journal.note(work.session, work.now, TOKEN_REVOKED, token=found.id)


def askers(session: Session, subject_id: str) -> list[Asker]:
    """The organisations whose programs work, and those that the person named, by name."""
    declared: dict[str, dict[str, datetime]] = {}
    first = func.min(Token.made_at)
    # An aim that still has a token, since it was declared first, whether or not that token works.
    live = select(Token.recipient_id, Token.aim, first).group_by(Token.recipient_id, Token.aim)
    live = live.having(func.count() > func.count(Token.revoked_at))
    for recipient_id, said, since in session.execute(live.order_by(first, Token.aim)):
        declared.setdefault(recipient_id, {})[said] = since
    named = {row.recipient_id: row for row in session.scalars(select(Release).where(Release.subject_id == subject_id))}
    query = select(Recipient).where(Recipient.id.in_({*declared, *named})).order_by(Recipient.name, Recipient.id)
    return [_asker(one, declared.get(one.id, {}), named.get(one.id)) for one in session.scalars(query)]


def _asker(one: Recipient, declared: Mapping[str, datetime], release: Release | None) -> Asker:
    later = [said for said, since in declared.items() if release is not None and since > release.made_at]
    return Asker(one.id, one.name, [said for said in declared if said not in later], later, release)


def name(work: Work, subject_id: str, recipient_id: str) -> Release:
    """Lets an organisation ask, for what it has declared by now. Raises `MissingError`, `NoConsentError`."""
    return releases.release(work, subject_id, recipients.active(work.session, recipient_id))


def answer(work: Work, said: str, person: str) -> Answer:
    """Answers a program and records it, for the person to see, in the same transaction.

    Raises `UnknownTokenError`, `NotReleasedError`.
    """
    token = work.session.scalar(select(Token).where(Token.token_hash == token_hash(said), Token.revoked_at.is_(None)))
    if token is None:
        raise UnknownTokenError("no such token")
    subject_id = releases.find(work.session, token.recipient_id, person)
    if subject_id is None or not releases.may_ask(work.session, subject_id, token.recipient_id):
        raise NotReleasedError("takes no part, or not released")
    if not _declared_then(work.session, token, subject_id):
        raise NotReleasedError("named before this aim was declared")
    last = results.newest_final(work.session, subject_id)
    if last is None:
        raise NotReleasedError("no score")
    first = select(func.min(Score.day)).where(Score.subject_id == subject_id, ~Score.preliminary)
    since = work.session.scalar(first) or last.day
    recipient = work.session.get_one(Recipient, token.recipient_id)
    hand_over(
        work.session, work.ring, subject_id, work.now, recipient, purpose=token.purpose, what="score",
        aim=token.aim, day=last.day,
    )  # fmt: skip
    token.used_on = work.today
    return Answer(person, figures.whole(last.score), last.day, since)


def _declared_then(session: Session, token: Token, subject_id: str) -> bool:
    """Had the organisation declared this aim when the person named it? What was read then is what they agreed to."""
    named = session.get_one(Release, (subject_id, token.recipient_id)).made_at
    query = select(Token.id).where(
        Token.recipient_id == token.recipient_id, Token.aim == token.aim, Token.made_at <= named
    )
    return session.scalars(query.limit(1)).first() is not None
