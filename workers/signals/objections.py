"""The stop list at work: reactions of accounts whose owners objected are not taken, what was taken goes (Art. 21)."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, exists, select

from privacy import journal
from workers.models import Connection, Objection, Signal
from workers.networks.shape import Reading
from workers.runtime.upsert import upsert
from workers.runtime.work import Work
from workers.signals import basis
from workers.signals.standing import account_index
from workers.signals.store import drop_unheard

#: Acts in the journal: an account is on the stop list; what it gave to one participant was taken out.
OBJECTION = "objection"
UNHEARD = "objection to signals"
_CHUNK = 500


def note(work: Work, network: str, actor_id: str) -> None:
    """Puts an account on the stop list; `actor_id` is its `Reaction.actor_id`. Doing so again is no error."""
    index = account_index(work.ring, network, actor_id)
    upsert(work.session, Objection(network=network, account_index=index, made_at=work.now), newest="made_at")
    journal.note(work.session, work.now, OBJECTION, network=network, account=index.hex())


def without_objectors(work: Work, network: str, readings: Sequence[Reading]) -> list[Reading]:
    """The readings without the reactions of accounts on the stop list."""
    actors = {reaction.actor_id for reading in readings for reaction in reading.reactions} - {None}
    indexes = {account_index(work.ring, network, actor): actor for actor in actors if actor is not None}
    stopped = {indexes[index] for index in _listed(work, network, list(indexes))}
    return [
        replace(reading, reactions=tuple(each for each in reading.reactions if each.actor_id not in stopped))
        for reading in readings
    ]


def drop_actor(work: Work, subject_id: str, network: str, actor_id: str) -> bool:
    """Erases what an account gave to one participant, once the stop list has it; False if there was nothing.

    It waits for readings that are storing a page and may not have seen the stop list; later ones see it.
    """
    mine = (Connection.subject_id == subject_id, Connection.network == network)
    work.session.execute(select(Connection.id).where(*mine).order_by(Connection.id).with_for_update())
    actor = work.ring.person(subject_id).pseudonym(network, actor_id)
    theirs = (Signal.subject_id == subject_id, Signal.network == network, Signal.actor == actor)
    if not work.session.scalar(select(exists().where(*theirs))):
        return False
    work.session.execute(delete(Signal).where(*theirs))
    journal.note(work.session, work.now, UNHEARD, subject=subject_id, network=network, actor=actor)
    drop_unheard(work.session, subject_id)
    basis.drop(work.session, subject_id)
    work.later("score", subject_id)
    return True


def _listed(work: Work, network: str, indexes: list[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for start in range(0, len(indexes), _CHUNK):
        some = Objection.account_index.in_(indexes[start : start + _CHUNK])
        found += work.session.scalars(select(Objection.account_index).where(Objection.network == network, some))
    return found
