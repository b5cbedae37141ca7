"""What is done for somebody who leaves before their data goes: their last mails, and their reactions under others."""

import logging

from sqlalchemy import select

from privacy.keyring import KeyGoneError, KeyRing
from privacy.sealed import unseal
from workers.jobs.mailing import MailServerError, deliver_now
from workers.jobs.objecting import take_out
from workers.models import Connection, Erasure, Mail
from workers.runtime.process import Process
from workers.signals.standing import account_index

log = logging.getLogger(__name__)


def send_last_mails(process: Process, subject_id: str) -> None:
    """Tries once to send what waits: the last mail has the link to the certificate, which the person saw before.

    A mail server that is away does not hold up an erasure.
    """
    with process.reading() as session:
        waiting = session.scalars(select(Mail.id).where(Mail.subject_id == subject_id)).all()
    for mail_id in waiting:
        try:
            deliver_now(process, mail_id)
        except (MailServerError, KeyGoneError):
            log.warning("a last mail could not be sent")


def drop_reactions(process: Process, subject_id: str) -> None:
    """Takes the person's own reactions out of the signals of others, where they wanted that (R30)."""
    with process.reading() as session:
        wish = session.get(Erasure, subject_id)
        mine = session.scalars(select(Connection).where(Connection.subject_id == subject_id)).all()
        if wish is None or not wish.reactions_too or not mine:
            return
        key = process.ring.person(subject_id)
        accounts = [
            (row.network, row.remote_index, (unseal(row, key, "remote_id"), unseal(row, key, "handle").lstrip("@")))
            for row in mine
        ]
    for network, index, names in accounts:
        actor_id = _actor(process.ring, network, index, names)
        if actor_id is not None:
            take_out(process, network, actor_id)


def _actor(ring: KeyRing, network: str, index: bytes | None, names: tuple[str, ...]) -> str | None:
    """Under which id the account reacts: networks use the stable id or the handle; the fingerprint tells which."""
    return next((name for name in names if name and account_index(ring, network, name) == index), None)
