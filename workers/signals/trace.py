"""What is kept of somebody who reacted and takes no part: found by the account they proved, counted, never listed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
from sqlalchemy import select

from privacy.keyring import KeyGoneError
from workers.models import Connection, Webmention
from workers.runtime.process import Process
from workers.scoring.signals import KINDS
from workers.signals import webmentions
from workers.signals.inbox import known
from workers.signals.objections import heard_by
from workers.signals.store import day_of
from workers.signals.vault import BrokenFileError


@dataclass(frozen=True)
class Trace:
    """What there is of one account. Whose posts it was under stays with whose they are (Art. 15(4))."""

    participants: int
    kinds: Mapping[str, int]
    """Signals by kind."""
    first: str
    """The first and last day (ISO) of them; empty where there is none."""
    last: str
    unread: int
    """Participants of whom it is not known: the file with their signals does not open."""

    def plain(self) -> dict[str, object]:
        """As it is kept with the request."""
        return asdict(self)


def trace(process: Process, network: str, actor_id: str) -> Trace:
    """What the signals of all participants have of an account. Raises as `heard_by`."""
    kinds: Counter[str] = Counter()
    days: list[date] = []
    people = unread = 0
    look = _mentions if network == webmentions.NETWORK else _signals
    for subject_id in _people(process, network, actor_id):
        try:
            found = look(process, subject_id, network, actor_id)
        except KeyGoneError:  # erased meanwhile
            continue
        except BrokenFileError:
            unread += 1
            continue
        people += bool(found)
        kinds.update(kind for kind, _ in found)
        days += [day for _, day in found]
    first, last = (min(days).isoformat(), max(days).isoformat()) if days else ("", "")
    return Trace(people, dict(sorted(kinds.items())), first, last, unread)


def _people(process: Process, network: str, actor_id: str) -> list[str]:
    if network != webmentions.NETWORK:
        return heard_by(process, network, actor_id)
    with process.reading() as session:
        return list(session.scalars(select(Connection.subject_id).where(Connection.network == network).distinct()))


def _signals(process: Process, subject_id: str, network: str, actor_id: str) -> list[tuple[str, date]]:
    """Kind and day of each signal of the account under one participant's posts."""
    pseudonym = int(process.ring.person(subject_id).pseudonym(network, actor_id), 16)
    with process.reading() as session:
        mine = known(session, subject_id)
    speakers = np.flatnonzero(mine.pseudonym == pseudonym)
    rows = np.isin(mine.speaker, speakers[speakers > 0])  # the first one is nobody in particular
    return [
        (KINDS[kind], day_of(day)) for kind, day in zip(mine.kind[rows].tolist(), mine.day[rows].tolist(), strict=True)
    ]


def _mentions(process: Process, subject_id: str, _network: str, host: str) -> list[tuple[str, date]]:
    """The same for a website."""
    actor = webmentions.actor_of(process.ring.person(subject_id), host)
    theirs = select(Webmention.kind, Webmention.day).where(
        Webmention.subject_id == subject_id, Webmention.actor == actor, Webmention.day.is_not(None)
    )
    with process.reading() as session:
        return [(str(kind), day) for kind, day in session.execute(theirs) if day]
