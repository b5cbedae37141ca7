"""The end with a recipient: they get nothing more and are told to delete what they got; that they were told stays."""

from sqlalchemy import select

from privacy import consent, journal
from privacy.disclosure import Disclosure
from privacy.ledger import note
from privacy.recipient import Act, Recipient
from server.models import Token
from server.services import lookups
from server.services.missing import MissingError
from workers import releases
from workers.models import Told
from workers.runtime.work import Work
from workers.telling import tell

#: A word of the log and an act in the journal.
REMOVED = "recipient removed"


def remove(work: Work, recipient_id: str) -> bool:
    """Ends it with a recipient: programs and people let go, everybody's data to be deleted there; False if it was so.

    No restore brings them back (R36).

    Whoever never got anything is gone at once. Of others stays who they were and what they were told, until the last of
    it goes, a year later.
    Raises `MissingError`.
    """
    found = work.session.get(Recipient, recipient_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise MissingError("no such recipient")
    if found.removed_at is not None:
        return False
    releases.strike_everybody(work, recipient_id)
    people = select(Disclosure.subject_id).where(Disclosure.recipient_id == recipient_id).distinct()
    named = sorted(set(work.session.scalars(people)))
    for subject_id in named:
        consent.take_turn(work.session, subject_id)
        tell(work, subject_id, Act.ERASURE, only=recipient_id)
    note(work.session, work.now, REMOVED, None, recipient=recipient_id)
    journal.note(work.session, work.now, REMOVED, recipient=recipient_id)
    told = select(Told.id).where(Told.recipient_id == recipient_id).limit(1)
    programs = select(Token.id).where(Token.recipient_id == recipient_id)
    for token_id in work.session.scalars(programs.where(Token.revoked_at.is_(None))).all():
        lookups.revoke(work, recipient_id, token_id)
    if named or work.session.scalar(told) or work.session.scalar(programs.limit(1)):
        found.removed_at = work.now
    else:
        work.session.delete(found)
    work.session.flush()
    return True
