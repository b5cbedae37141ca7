"""Networks as the operator sees them: which are on, what is missing, how much is used; keys go in, and never out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.ledger import note
from workers import keys, use
from workers.catalogue import ALL, NetworkFacts, Way
from workers.models import Connection, NetworkKey, NetworkOff, Run
from workers.runtime.work import Work

#: So many of the newest troubles of a network are shown.
TROUBLES = 3


@dataclass(frozen=True)
class Trouble:
    """A reason for which readings failed, and when that last happened."""

    reason: str
    last: datetime


@dataclass(frozen=True)
class Seen:
    """One network."""

    facts: NetworkFacts
    on: bool
    off_since: datetime | None
    """Since when the operator has it off; None where that is not the reason."""
    given_at: datetime | None
    """When the key was entered; None where there is none."""
    requests: int | None
    """Requests of today to its interface; None where they are not counted."""
    shares: tuple[str, ...]
    """Titles of the other networks that are asked at the same interface."""
    troubles: list[Trouble]

    @property
    def lacks_key(self) -> bool:
        """Is it the key that is missing?"""
        return self.facts.way is Way.KEY and self.given_at is None


def networks(session: Session, today: date) -> list[Seen]:
    """Every network of the catalogue that can be connected."""
    given = {row.network: row.given_at for row in session.scalars(select(NetworkKey))}
    off = {row.network: row.since for row in session.scalars(select(NetworkOff))}
    used = use.used(session, today)
    return [
        Seen(
            facts=facts,
            on=keys.is_on(session, facts.name),
            off_since=off.get(facts.name),
            given_at=given.get(facts.name),
            requests=used.get(facts.api, 0) if facts.api else None,
            shares=tuple(each.title for each in ALL.values() if facts.api and each.api == facts.api and each != facts),
            troubles=_troubles(session, facts.name),
        )
        for facts in ALL.values()
        if facts.way in (Way.PUBLIC, Way.KEY)
    ]


def give(work: Work, network: str, parts: Mapping[str, str]) -> None:
    """Keeps a key, in place of an older one, and notes it in the log. Raises `workers.keys.WrongKeyError`."""
    keys.give(work, network, parts)
    _note(work, network, "key given")


def take_away(work: Work, network: str) -> None:
    """Deletes a key, and notes it in the log."""
    keys.take_away(work, network)
    _note(work, network, "key removed")


def switch(work: Work, network: str, *, on: bool) -> None:
    """Switches a network off or on, and notes it in the log."""
    keys.switch(work, network, on=on)
    _note(work, network, "on" if on else "off")


def _note(work: Work, network: str, change: str) -> None:
    note(work.session, work.now, "network", None, network=network, change=change)


def _troubles(session: Session, network: str) -> list[Trouble]:
    """The newest reasons for which readings failed; whose they were is not looked at."""
    query = (
        select(Run.failure, Run.ended_at)
        .join(Connection, Connection.id == Run.connection_id)
        .where(Connection.network == network, Run.failure.is_not(None), Run.ended_at.is_not(None))
        .order_by(Run.ended_at.desc())
        .limit(50)
    )
    newest: dict[str, datetime] = {}
    for reason, ended_at in session.execute(query):
        if reason and ended_at:
            newest.setdefault(reason, ended_at)
    return [Trouble(reason, last) for reason, last in newest.items()][:TROUBLES]
