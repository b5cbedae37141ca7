"""Who helped: participants who reacted, lend their standing, and let others see that it was them (purpose `named`)."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.keyring import KeyRing
from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from workers.models import Connection, StandingLink
from workers.models.connection import State

#: So many are named at most: those who reacted last.
MOST = 50


def named(session: Session, ring: KeyRing, subject_id: str, actors: Collection[str] | None = None) -> dict[str, str]:
    """Account names by pseudonym among a person's signals, the newest first; with `actors` only of these.

    Read anew each time, so a withdrawal counts at once. Raises `KeyGoneError`.
    """
    query = select(StandingLink.actor, StandingLink.lender_id).where(
        StandingLink.subject_id == subject_id,
        StandingLink.lender_id.in_(consent.agreeing(Purpose.NAMED)),
        StandingLink.lender_id.in_(consent.agreeing(Purpose.RECOGNITION)),
    )
    if actors is not None:
        query = query.where(StandingLink.actor.in_(actors))
    links = session.execute(query.order_by(StandingLink.seen_at.desc(), StandingLink.actor).limit(MOST)).all()
    accounts = _accounts(session, {lender for _, lender in links})
    mine = ring.person(subject_id)
    found = {}
    for actor, lender in links:
        key = ring.person(lender)
        own = [(one, unseal(one, key, "handle")) for one in accounts.get(lender, ())]
        fits = [name for one, name in own if mine.pseudonym(one.network, unseal(one, key, "remote_id")) == actor]
        # Where a network names who reacts in another way than it names accounts, any of theirs says who it was.
        if names := fits or [name for _, name in own]:
            found[actor] = names[0]
    return found


def _accounts(session: Session, lenders: set[str]) -> dict[str, list[Connection]]:
    if not lenders:
        return {}
    proven = (
        Connection.subject_id.in_(lenders),
        Connection.state == State.PROVEN.value,
        Connection.handle.is_not(None),
    )
    found: dict[str, list[Connection]] = {}
    for one in session.scalars(select(Connection).where(*proven).order_by(Connection.created_at, Connection.id)):
        found.setdefault(one.subject_id, []).append(one)
    return found
