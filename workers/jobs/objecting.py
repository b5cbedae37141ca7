"""An objection by somebody who reacts (Art. 21): their account goes on the stop list and out of all scores.

It is done at once and not by a job: a job takes opaque ids only, and a handle may lie neither in Redis nor in a table.
"""

from datetime import datetime

from sqlalchemy import select

from privacy import consent
from privacy.keyring import KeyGoneError
from workers.jobs.asking import client, network
from workers.models import Connection
from workers.networks.shape import Failure
from workers.runtime.process import Process
from workers.signals import webmentions
from workers.signals.objections import drop_actor, heard_by, note


class ObjectionError(ValueError):
    """The account could not be found; the text is a word of `workers.networks.failure.Reason` or says what is wrong."""


def add_objection(process: Process, name: str, address: str) -> int:
    """Takes the objection of the account at an address (a handle or a profile page) on the network of that name.

    Gives the number of participants from whose signals it was taken out; their scores are made anew. Doing it again is
    no error. Raises `ObjectionError`.
    """
    try:
        with client(process) as asking:
            actor_id = network(process, name).find(asking, address).actor_id
    except KeyError:
        raise ObjectionError("there is no network of this name") from None
    except Failure as failure:
        raise ObjectionError(failure.reason.value) from None
    return stop(process, name, actor_id)


def stop(process: Process, name: str, actor_id: str, until: datetime | None = None) -> int:
    """Puts an account on the stop list and takes it out of all signals; from how many participants' it went.

    With `until` it is only claimed: it lapses then unless it is proven before (R9).
    """
    with process.working() as work:
        in_force = note(work, name, actor_id, until)
    return take_out(process, name, actor_id) if in_force else 0


def take_out(process: Process, name: str, actor_id: str) -> int:
    """Erases an account's reactions from everybody's signals; from how many people's they went."""
    if name == webmentions.NETWORK:
        with process.reading() as session:
            people = list(session.scalars(select(Connection.subject_id).where(Connection.network == name).distinct()))
    else:
        people = heard_by(process, name, actor_id)
    return sum(_taken_out(process, subject_id, name, actor_id) for subject_id in sorted(people))


def _taken_out(process: Process, subject_id: str, name: str, actor_id: str) -> bool:
    try:
        with process.working() as work:
            consent.take_turn(work.session, subject_id)
            if name == webmentions.NETWORK:
                actor_id = webmentions.actor_of(work.ring.person(subject_id), actor_id)
                if not webmentions.knows(work.session, subject_id, actor_id):
                    return False
            return drop_actor(work, subject_id, name, actor_id)
    except KeyGoneError:  # erased meanwhile
        return False
