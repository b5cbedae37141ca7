"""Standing: which reacting accounts are participants who agreed to lend theirs, and how much that is."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject
from privacy.keyring import KeyRing, PersonKey
from privacy.vocabulary import Purpose
from workers.models import Connection, DayScored, Score, StandingLink
from workers.models.bucket import between
from workers.models.connection import State
from workers.runtime.upsert import upsert
from workers.runtime.work import Work

_CHUNK = 500


def account_index(ring: KeyRing, network: str, actor_id: str) -> bytes:
    """How a network account is found again, without its id being readable."""
    return ring.blind(f"account/{network}", actor_id)


def link(work: Work, key: PersonKey, connection: Connection, actor_ids: Iterable[str]) -> None:
    """Links pseudonyms among a participant's signals to the participants behind them who lend their standing."""
    by_index = {account_index(work.ring, connection.network, actor): actor for actor in set(actor_ids)}
    for lender, index in _lenders(work.session, connection.network, list(by_index)):
        if lender != connection.subject_id and _lends(work.session, lender):
            actor = key.pseudonym(connection.network, by_index[index])
            row = StandingLink(subject_id=connection.subject_id, actor=actor, lender_id=lender, seen_at=work.now)
            upsert(work.session, row, newest="seen_at")


def unlink(session: Session, lender_id: str) -> None:
    """Deletes every link to a participant who no longer lends their standing."""
    session.execute(delete(StandingLink).where(StandingLink.lender_id == lender_id))


def lent(session: Session, subject_id: str, day: date) -> dict[str, float]:
    """For each linked pseudonym the last published score of its participant before a day."""
    last = (
        select(Score.score)
        .join(DayScored, DayScored.day == Score.day)
        .where(Score.subject_id == StandingLink.lender_id, Score.day < day, ~Score.preliminary)
        .order_by(Score.day.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(StandingLink.actor, StandingLink.lender_id, last).where(StandingLink.subject_id == subject_id)
    scores = {actor: (lender, score) for actor, lender, score in session.execute(query) if score is not None}
    # A statement of its own: the next one sees what was committed while this one waited.
    consent.hold(session, {lender for lender, _ in scores.values()})
    mine = select(StandingLink.lender_id).where(StandingLink.subject_id == subject_id)
    lending = set(session.scalars(consent.agreeing(Purpose.RECOGNITION).where(Subject.id.in_(mine))))
    return {actor: score for actor, (lender, score) in scores.items() if lender in lending}


def lent_between(session: Session, first: str, end: str, day: date) -> list[tuple[str, str, str, float]]:
    """The same for everybody whose id is from `first` to below `end`: person, pseudonym, lender, score of the lender.

    It holds nobody: ask again, with the lenders held, where it is to count.
    """
    lenders = select(StandingLink.lender_id).where(*between(StandingLink.subject_id, first, end))
    newest = (
        select(Score.subject_id, func.max(Score.day).label("day"))
        .join(DayScored, DayScored.day == Score.day)
        .where(Score.day < day, ~Score.preliminary, Score.subject_id.in_(lenders))
        .group_by(Score.subject_id)
        .subquery()
    )
    query = (
        select(StandingLink.subject_id, StandingLink.actor, StandingLink.lender_id, Score.score)
        .join(newest, newest.c.subject_id == StandingLink.lender_id)
        .join(Score, (Score.subject_id == newest.c.subject_id) & (Score.day == newest.c.day))
        .where(*between(StandingLink.subject_id, first, end))
        # Asked about these lenders only: everybody else's consents are no business of this bucket.
        .where(StandingLink.lender_id.in_(consent.agreeing(Purpose.RECOGNITION).where(Subject.id.in_(lenders))))
        .order_by(StandingLink.subject_id, StandingLink.actor)
    )
    rows = session.connection().execute(query).all()
    return [(who, actor, lender, score) for who, actor, lender, score in rows]


def _lends(session: Session, lender_id: str) -> bool:
    """Does a participant lend their standing? It stays so until the transaction ends."""
    return consent.agreed(session, lender_id, Purpose.RECOGNITION, hold=True)


def _lenders(session: Session, network: str, indexes: list[bytes]) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for start in range(0, len(indexes), _CHUNK):
        query = select(Connection.subject_id, Connection.remote_index).where(
            Connection.network == network,
            Connection.state == State.PROVEN.value,
            Connection.remote_index.in_(indexes[start : start + _CHUNK]),
        )
        found += [(subject, index) for subject, index in session.execute(query) if index is not None]
    return found
