"""The weekly mail to whoever agreed to it: the score at the end of the week, what changed it, and the way to end it.

A week ends on Sunday (UTC). Its mail is written once the scores of that day are published.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.consent import Consent
from privacy.keyring import KeyRing, token_hash
from privacy.vocabulary import Purpose
from server.models import Account
from server.services import accounts, letters
from server.services.letters import Week
from server.services.scores import CHANGES
from workers.models import DayScored, Digest, Score
from workers.results import published
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.schedule import PATIENCE
from workers.withdrawal import withdraw

JOB = "server.jobs.write_digest"
#: So many at a look of the schedule.
AT_ONCE = 200
_DAYS = 7


def send_due(work: Work) -> None:
    """Has the mails of the week that has ended written; a chore of the schedule."""
    last = last_sunday(work.today)
    if work.session.get(DayScored, last) is None:
        return
    done = exists().where(Digest.subject_id == Consent.subject_id, (Digest.week >= last) | (Digest.due_at > work.now))
    scored = exists().where(Score.subject_id == Consent.subject_id, *_in_week(last))
    waiting = consent.agreeing(Purpose.DIGEST).where(Consent.decided_at < _morning_after(last), scored, ~done)
    ids = list(work.session.scalars(waiting.order_by(Consent.subject_id).limit(AT_ONCE)))
    consent.hold(work.session, ids)
    agreed = set(work.session.scalars(consent.agreeing(Purpose.DIGEST).where(Consent.subject_id.in_(ids))))
    for subject_id in sorted(agreed):
        row = work.session.get(Digest, subject_id) or Digest(subject_id=subject_id)
        row.due_at = work.now + PATIENCE
        work.session.add(row)
        work.later(JOB, subject_id)


def write(process: Process, subject_id: str) -> None:
    """Writes one person's mail, unless they have it already. Raises `NoConsentError`."""
    last = last_sunday(process.clock().date())
    with process.working() as work:
        consent.require(work.session, subject_id, Purpose.DIGEST)
        # Only now, while the person is held: what a withdrawal takes along is in no mail that is written after it.
        found = week(work.session, subject_id, last)
        row = work.session.get(Digest, subject_id) or Digest(subject_id=subject_id)
        if found is None or (row.week is not None and row.week >= last):
            return
        token = _token(work.session, work.ring, subject_id)
        row.week, row.due_at, row.token_hash = last, None, token_hash(token)
        work.session.add(row)
        account = work.session.scalars(select(Account).where(Account.subject_id == subject_id)).one()
        pages = work.settings.public_url
        leave = f"{pages}/digest/{token}"
        accounts.write(work, account, letters.week(account.language, found, f"{pages}/score", leave), leave)


def week(session: Session, subject_id: str, last: date) -> Week | None:
    """What a week that ended on a day did to a score; None where there is no score of it."""
    mine = select(Score).where(Score.subject_id == subject_id, published(), ~Score.preliminary)
    scores = session.scalars(mine.where(*_in_week(last)).order_by(Score.day)).all()
    if not scores:
        return None
    before = session.scalar(mine.where(Score.day <= last - timedelta(days=_DAYS)).order_by(Score.day.desc()).limit(1))
    newest = scores[-1]
    if before is None:
        return Week(newest.day, newest.score, None, 0.0, {})
    return Week(newest.day, newest.score, before.day, newest.score - before.score, _parts(before, scores))


def _parts(before: Score, scores: Sequence[Score]) -> dict[str, float]:
    """What changed in the week, by part; empty where that is not known of each day: then it would not add up."""
    told = dict.fromkeys(CHANGES, 0.0)
    day = before.day
    for score in scores:
        if score.changed_since != day or not score.changes:
            return {}
        for name, points in score.changes.items():
            told[name] += points
        day = score.day
    return told


def agreed_by(session: Session, token: str) -> str | None:
    """Whose mails a link ends."""
    return session.scalar(select(Digest.subject_id).where(Digest.token_hash == token_hash(token)))


def leave(work: Work, token: str) -> bool:
    """Withdraws the consent by the link in a mail; False where it was withdrawn already."""
    subject_id = agreed_by(work.session, token)
    return subject_id is not None and withdraw(work, subject_id, Purpose.DIGEST)


def last_sunday(today: date) -> date:
    """The last day of the last week that has ended."""
    return today - timedelta(days=today.isoweekday())


def _in_week(last: date) -> tuple[ColumnElement[bool], ...]:
    return Score.day > last - timedelta(days=_DAYS), Score.day <= last, ~Score.preliminary


def _morning_after(last: date) -> datetime:
    return datetime.combine(last + timedelta(days=1), time(), UTC)


def _token(session: Session, ring: KeyRing, subject_id: str) -> str:
    """The secret of a consent: an old mail cannot end a consent that was given again after it."""
    mine = (Consent.subject_id == subject_id, Consent.purpose == Purpose.DIGEST.value, Consent.ended_at.is_(None))
    return ring.blind("digest.leave", session.scalars(select(Consent.id).where(*mine)).one()).hex()
