"""The stop list at work: reactions of accounts whose owners objected are not taken, what was taken goes (Art. 21)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import numpy as np
from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy import journal
from workers.models import Bucket, Connection, Inbox, Objection, StandingLink, Webmention
from workers.models.bucket import between
from workers.networks.shape import Reading
from workers.runtime.process import Process
from workers.runtime.upsert import upsert
from workers.runtime.work import Work
from workers.signals import basis, webmentions
from workers.signals.block import DROP_ACTOR, Statement
from workers.signals.columns import Columns
from workers.signals.inbox import DOES_NOT_OPEN, known, load, news, say
from workers.signals.standing import account_index
from workers.signals.vault import BrokenFileError

#: Acts in the journal: an account is on the stop list; what it gave to one participant was taken out.
OBJECTION = "objection"
UNHEARD = "objection to signals"
_CHUNK = 500
_EVERYBODY = "", "g"


def note(work: Work, network: str, actor_id: str, until: datetime | None = None) -> bool:
    """Puts an account on the stop list; `actor_id` is its `Reaction.actor_id`. Doing so again is no error.

    With `until` it is only claimed, and lapses then unless it is proven. A second claim prolongs nothing: whoever does
    not own an account could keep it out for ever. Is it in force now?
    """
    index = account_index(work.ring, network, actor_id)
    if until is None:
        keep(work, network, index)
        return True
    there = work.session.get(Objection, (network, index), with_for_update=True)
    if there is None:
        row = Objection(network=network, account_index=index, made_at=work.now, until=until)
        with suppress(IntegrityError), work.session.begin_nested():  # somebody claims the same at the same moment
            work.session.add(row)
        _journal(work, network, index, until)
        return True
    return there.until is None or there.until > work.now


def keep(work: Work, network: str, index: bytes) -> None:
    """Leaves an account (by its fingerprint) out for good: its owner has proven that it is theirs."""
    upsert(work.session, Objection(network=network, account_index=index, made_at=work.now), newest="made_at")
    _journal(work, network, index, None)


def _journal(work: Work, network: str, index: bytes, until: datetime | None) -> None:
    """No restore lets the account in again (R36)."""
    said = until.isoformat() if until else None
    journal.note(work.session, work.now, OBJECTION, network=network, account=index.hex(), until=said)


def in_force(session: Session, network: str, index: bytes, now: datetime) -> Objection | None:
    """By which objection an account (by its fingerprint) is left out now; None if it is not."""
    row = session.get(Objection, (network, index))
    return row if row is not None and (row.until is None or row.until > now) else None


def without_objectors(work: Work, network: str, readings: Sequence[Reading]) -> list[Reading]:
    """The readings without the reactions of accounts on the stop list."""
    actors = {reaction.actor_id for reading in readings for reaction in reading.reactions} - {None}
    indexes = {account_index(work.ring, network, actor): actor for actor in actors if actor is not None}
    stopped = {indexes[index] for index in _listed(work, network, list(indexes))}
    return [
        replace(reading, reactions=tuple(each for each in reading.reactions if each.actor_id not in stopped))
        for reading in readings
    ]


def heard_by(process: Process, network: str, actor_id: str) -> list[str]:
    """Ids of everybody among whose signals an account is: each bucket is read once, not once a person.

    Where the file of a bucket does not open everybody in it is named. It waits for readings that are storing a page and
    may not have seen the stop list; later ones see it. Raises `OSError` while the storage is away.
    """
    theirs = Connection.network == network
    with process.working() as work:
        work.session.execute(select(Connection.id).where(theirs).order_by(Connection.id).with_for_update()).all()
    with process.reading() as session:
        edges = [(one.first, one.end) for one in session.scalars(select(Bucket).order_by(Bucket.number))]
    # Before the first start has made the buckets, the inbox has everything.
    return [who for first, end in edges or [_EVERYBODY] for who in _heard_in(process, first, end, network, actor_id)]


def _heard_in(process: Process, first: str, end: str, network: str, actor_id: str) -> list[str]:
    """Those of a bucket; all of its people where it was folded just now, or its file does not open."""
    people: dict[str, list[str]] = {}
    with process.reading() as session:
        mine = select(Connection.subject_id, Connection.id).where(Connection.network == network)
        mine = mine.where(*between(Connection.subject_id, first, end))
        for who, one in session.execute(mine.order_by(Connection.subject_id, Connection.id)):
            people.setdefault(who, []).append(one)
        file = session.scalar(select(Bucket.file).where(Bucket.first == first))
        said = select(Inbox.subject_id, Inbox.connection_id, Inbox.block).where(*between(Inbox.subject_id, first, end))
        rows = [(who, one, block) for who, one, block in session.execute(said.order_by(Inbox.id))]
    keys = {name: key for name, key in process.ring.people(first, end).items() if name in people}
    people = {name: own for name, own in people.items() if name in keys}
    if not people:
        return []
    names = list(people)
    sought = {name: int(keys[name].pseudonym(network, actor_id), 16) for name in names}
    late = news(rows, keys, people)
    wanted = np.array([sought[name] for name in names], dtype=np.uint64)
    there = (late.statements["known"] > 0) & (late.statements["actor"] == wanted[late.person])
    found = {names[place] for place in np.unique(late.person[there]).tolist()}
    if file is None:
        return sorted(found)
    try:
        stored = load(process.ring, process.storage, file).open(keys)
    except DOES_NOT_OPEN:
        return names
    wanted = np.array([sought.get(name, 0) for name in stored.subjects], dtype=np.uint64)
    owner = stored.speaker_person
    heard = (wanted[owner] > 0) & (stored.pseudonym == wanted[owner])
    return sorted(found | {stored.subjects[place] for place in np.unique(owner[heard]).tolist()})


def drop_actor(work: Work, subject_id: str, network: str, actor_id: str) -> bool:
    """Erases what an account gave to one participant, once the stop list has it; False if nothing is known of it.

    What a file has that does not open goes as soon as it does, before it counts.
    It waits for readings that are storing a page and may not have seen the stop list; later ones see it.
    """
    return drop_pseudonym(work, subject_id, network, work.ring.person(subject_id).pseudonym(network, actor_id))


def drop_pseudonym(work: Work, subject_id: str, network: str, actor: str) -> bool:
    """The same for an account by its pseudonym among one participant's signals."""
    theirs = (Connection.subject_id == subject_id, Connection.network == network)
    query = select(Connection.id).where(*theirs).order_by(Connection.id).with_for_update()
    mine = work.session.scalars(query).all()
    _drop_mentions(work, subject_id, network, actor)
    heard, is_known = set(mine), True
    try:
        heard &= _heard(known(work.session, subject_id), actor)
    except BrokenFileError:
        is_known = False
    if not heard:
        return False
    journal.note(work.session, work.now, UNHEARD, subject=subject_id, network=network, actor=actor)
    key = work.ring.person(subject_id)
    for connection_id in sorted(heard):
        say(work.session, key, subject_id, connection_id, [Statement(DROP_ACTOR, actor=actor)], urgent=True)
    link = (StandingLink.subject_id == subject_id, StandingLink.actor == actor)
    work.session.execute(delete(StandingLink).where(*link))
    basis.drop(work.session, subject_id)
    if is_known:
        work.later("score", subject_id)
    return is_known


def _drop_mentions(work: Work, subject_id: str, network: str, actor: str) -> None:
    """Deletes the webmentions of a website, or they would count again with the next one of their post."""
    if network == webmentions.NETWORK:
        key = work.ring.person(subject_id)
        verified = select(Webmention).where(Webmention.subject_id == subject_id, Webmention.actor.is_not(None))
        for row in work.session.scalars(verified).all():
            if key.pseudonym(network, str(row.actor)) == actor:
                work.session.delete(row)
        work.session.flush()


def _heard(columns: Columns, actor: str) -> set[str]:
    """The connections that have signals of an actor."""
    speakers = np.flatnonzero(columns.pseudonym == int(actor, 16))
    rows = np.isin(columns.speaker, speakers[speakers > 0])  # the first one is nobody in particular
    found = np.unique(columns.target_connection[columns.target[rows]])
    return {columns.connections[place] for place in found.tolist()}


def _listed(work: Work, network: str, indexes: list[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for start in range(0, len(indexes), _CHUNK):
        some = Objection.account_index.in_(indexes[start : start + _CHUNK])
        now = or_(Objection.until.is_(None), Objection.until > work.now)
        found += work.session.scalars(select(Objection.account_index).where(Objection.network == network, some, now))
    return found
