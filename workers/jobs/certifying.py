"""Makes the certificate of an erasure that has come to its end: signed, with its place in the public log (R33)."""

from sqlalchemy import select

from privacy.certificate import payload
from privacy.keyring import KeyRing
from workers.jobs.job import job
from workers.logbook import openings
from workers.models import Certificate
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.work import Work


def running_index(ring: KeyRing, subject_id: str) -> bytes:
    """How the certificate of an erasure that runs is found, without saying whose it is."""
    return ring.blind("certificate.running", subject_id)


@job
def certify(process: Process, certificate_id: str) -> None:
    """Makes one certificate, once the erasure is over; again is no error."""
    with process.reading() as session:
        row = session.get(Certificate, certificate_id)
    if row is None or row.made_at is not None or _runs(process, row):
        return
    proofs = openings(process, [row.entry_id])
    [leaf] = proofs["leaves"]
    log = {"checkpoint": proofs["checkpoint"], **leaf}
    with process.working() as work:
        found = work.session.get(Certificate, certificate_id, with_for_update=True)
        if found is None or found.made_at is not None:
            return
        found.payload = payload(found.facts, public_key=process.ring.public_key(), erased_at=work.now, log=log)
        found.signature = process.ring.sign(found.payload)
        found.made_at, found.running = work.now, None


def send_due(work: Work) -> None:
    """Sends again the making of certificates whose erasure ended without one."""
    for certificate_id in work.session.scalars(select(Certificate.id).where(Certificate.made_at.is_(None))):
        work.later("certify", certificate_id)


def _runs(process: Process, row: Certificate) -> bool:
    """Is the erasure not at its end: is the key still there, and not for a hold alone?"""
    mine = [one for one in process.ring.going() if running_index(process.ring, one) == row.running]
    return any(not _only_on_hold(process, subject_id) for subject_id in mine)


def _only_on_hold(process: Process, subject_id: str) -> bool:
    places = holdings(process)
    with process.reading() as session:
        spared = places.spared(session, subject_id)
        return bool(spared) and not places.traces(session, subject_id).keys() - {"key", *spared}
