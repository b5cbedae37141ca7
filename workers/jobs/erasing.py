"""Erasing a person, step by step: killed anywhere, it runs again to the end; the key last, then the certificate.

Every step may run twice. What the steps after the deleting need is not about anybody: the certificate's numbers lie
beside a keyed fingerprint of whose erasure runs, which is emptied at its end.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import certificate as certificates
from privacy import consent, journal
from privacy.certificate import Kept
from privacy.hold import aside
from privacy.ledger import note
from privacy.receipt import receipt_text
from privacy.sealed import unseal
from workers.jobs.certifying import certify, running_index
from workers.jobs.job import job
from workers.jobs.leaving import drop_reactions, send_last_mails
from workers.models import Certificate, Connection, ConsentProof, Erasure, StandingLink
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.telling import farewell

log = logging.getLogger(__name__)


class TracesLeftError(RuntimeError):
    """Something of the person is still there; the schedule runs the erasure again."""


@job
def erase(process: Process, subject_id: str) -> None:
    """Erases everything about a person; erasing again is no error. Raises `TracesLeftError`.

    What a hold keeps stays with the key until the hold is over; the schedule comes back until then.
    """
    for step in STEPS:
        step(process, subject_id)


def begin(process: Process, subject_id: str) -> None:
    """Until the key is destroyed, the schedule knows by this that the erasure has not come to its end."""
    process.ring.mark(subject_id)


def delete_rows(process: Process, subject_id: str) -> None:
    """Every row, in one transaction with what is kept instead: the numbers, the proofs of consent, the log's entry."""
    places = holdings(process)
    with process.working() as work:
        consent.take_turn(work.session, subject_id)
        counts = places.traces(work.session, subject_id)
        spared = places.spared(work.session, subject_id)
        wish = work.session.get(Erasure, subject_id)
        kept = _keep_proofs(work, wish, subject_id) if wish is not None else []
        kept += _on_hold(work.session, subject_id) if spared else []
        lent_to = _lent_to(work.session, subject_id)
        news = farewell(work, subject_id, wish.certificate_id if wish is not None else None)
        told = [name for _, name in news]
        made = _certificate(work, wish, _gone(counts, spared), kept, told) if wish is not None else None
        work.session.expunge_all()  # what was read of the person is not to be written again
        if not any(places.erase(work.session, subject_id).values()):
            return  # run again, it finds nothing more and notes nothing more
        entry = note(work.session, work.now, "erasure", None, counts=_gone(counts, spared))
        journal.note(work.session, work.now, journal.ERASURE, subject=subject_id)
        work.session.add_all(one for one, _ in news)
        if made is not None:
            made.entry_id = entry.id
            work.session.add(made)
        for other in lent_to:  # their score rested on the standing of who is gone
            work.later("score", other)


def delete_places(process: Process, subject_id: str) -> None:
    """Files, and jobs that name the person."""
    holdings(process).erase_places(subject_id)
    process.queue.forget(subject_id)


def forget(process: Process, _subject_id: str) -> None:
    """The write-ahead log of the database. Raises `TracesLeftError` while readers keep it busy."""
    if not process.forget():
        raise TracesLeftError("the database was too busy to forget")


def look_again(process: Process, subject_id: str) -> None:
    """Is anything left that no hold keeps? Raises `TracesLeftError`."""
    places = holdings(process)
    with process.reading() as session:
        spared = places.spared(session, subject_id)
        if places.traces(session, subject_id).keys() - {"key", *spared}:
            raise TracesLeftError("something is left of an erased person")


def destroy_key(process: Process, subject_id: str) -> None:
    """The very last thing of theirs, unless a hold keeps something that it opens."""
    with process.reading() as session:
        spared = holdings(process).spared(session, subject_id)
    if not spared:
        process.ring.destroy(subject_id)


def finish(process: Process, subject_id: str) -> None:
    """The certificate; where the process is killed before, the schedule has it made."""
    index = running_index(process.ring, subject_id)
    with process.reading() as session:
        mine = session.scalars(select(Certificate.id).where(Certificate.running == index)).all()
    for certificate_id in mine:
        certify(certificate_id)


#: In this order; each may run twice.
STEPS: Sequence[Callable[[Process, str], None]] = (
    begin,
    send_last_mails,
    drop_reactions,
    delete_rows,
    delete_places,
    forget,
    look_again,
    destroy_key,
    finish,
)


def _certificate(
    work: Work, wish: Erasure, gone: dict[str, int], kept: list[Kept], told: list[str]
) -> Certificate:  # fmt: skip
    """What the certificate will say; its place in the log comes with the log's entry."""
    # No backup and no copy of a key gets older, and neither does the journal's entry that keeps both from coming back.
    backups_until = work.today + timedelta(days=work.settings.backup_days)
    return Certificate(
        id=wish.certificate_id, begun_at=work.now, running=running_index(work.ring, wish.subject_id), payload=None,
        facts=certificates.facts(wish.controller, wish.binding, gone, kept, told, backups_until),
        signature=None, made_at=None,
    )  # fmt: skip


def _gone(counts: dict[str, int], spared: frozenset[str]) -> dict[str, int]:
    """What goes: the key too, unless a hold needs it."""
    stays = {*spared, "key"} if spared else set()
    return {kind: number for kind, number in sorted(counts.items()) if kind not in stays}


def _keep_proofs(work: Work, wish: Erasure, subject_id: str) -> list[Kept]:
    """A commitment for each consent, until claims can be made no more (Art. 17(3)(e))."""
    key = work.ring.person(subject_id)
    token, until = unseal(wish, key, "token"), certificates.claims_end(work.now)
    mine = select(Connection).where(Connection.subject_id == subject_id).order_by(Connection.created_at)
    handles = {
        one.network: unseal(one, key, "handle") or unseal(one, key, "typed") for one in work.session.scalars(mine)
    }
    made = {
        certificates.commitment(token, receipt_text(record, text), handles.get(record.network, ""))
        for record, text in consent.history(work.session, subject_id)
    }
    work.session.add_all(ConsentProof(commitment=one, until=until) for one in sorted(made))
    return [Kept("proofs of consent", len(made), "17(3)(e)", until.date().isoformat())] if made else []


def _on_hold(session: Session, subject_id: str) -> list[Kept]:
    """The copies that a hold keeps for now, and the key that opens them: they go when it ends."""
    copies = [Kept(one.kind, one.things, "hold", one.until.date().isoformat()) for one in aside(session, subject_id)]
    return [*copies, Kept("key", 1, "hold", max(one.until for one in copies))] if copies else []


def _lent_to(session: Session, subject_id: str) -> list[str]:
    query = select(StandingLink.subject_id).where(StandingLink.lender_id == subject_id).distinct()
    return sorted(session.scalars(query))
