"""Does again on a restored database what the journal says (R36): each act any number of times, with the same end."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime

from sqlalchemy import select

from privacy import consent, hold, journal, recipient
from privacy.base import Subject
from privacy.consent import Consent
from privacy.journal import Entry
from privacy.keyring import KeyGoneError
from privacy.ledger import note
from privacy.vocabulary import Purpose
from workers import losses
from workers.jobs.erasing import STEPS
from workers.models import Forgotten, Objection, Release
from workers.parts import PART_ERASED, erase_part_again
from workers.places import holdings
from workers.releases import STRUCK, strike
from workers.restriction import RESTRICTION
from workers.runtime.process import Process, bind
from workers.runtime.upsert import upsert
from workers.runtime.work import Work
from workers.signals.disputes import DISPUTE, remembered
from workers.signals.objections import OBJECTION, UNHEARD, drop_pseudonym
from workers.signals.vault import BrokenFileError
from workers.telling import tell
from workers.withdrawal import withdraw

Act = Callable[[Work, Entry], None]


class UnknownActError(ValueError):
    """The journal has an act that this version does not know how to do again."""


class VaultLacksError(RuntimeError):
    """Files that the database names are not in the vault. The sentence says of which buckets, and what to do."""


def replay(process: Process, others: Mapping[str, Act]) -> dict[str, int]:
    """Does everything again that the database lacks; how many entries by act. Killed anywhere, it goes on.

    What needs a file that is lost or damaged waits for it, and with it every start: `require_vault` says so. Erasures
    need none, since the key goes. `others` are acts that other floors know. Raises `UnknownActError` before anything is
    done, `TracesLeftError`.
    """
    acts = {**_ACTS, **others}
    bind(process)
    with process.reading() as session:
        process.journal.require_reach(session)
        entries = process.journal.unplayed(session)
    if unknown := {entry.act for entry in entries} - {*acts, journal.ERASURE}:
        raise UnknownActError(f"the journal has acts that this version does not know: {', '.join(sorted(unknown))}")
    played: Counter[str] = Counter()
    # Erasures first: whose key is gone, of them nothing else can be done again, and nothing need be.
    for entry in sorted(entries, key=lambda one: (one.act != journal.ERASURE, one.position)):
        with suppress(BrokenFileError):
            _play(process, entry, acts)
            played[entry.act] += 1
    counts = dict(played)
    if counts:
        with process.working() as work:
            note(work.session, work.now, "replay", None, counts=counts)
    return counts


def require_vault(process: Process) -> None:
    """Raises `VaultLacksError` where files of the database are lost, or damaged and waited for, with what waits."""
    lost = losses.lost(process)
    with process.reading() as session:
        waiting = Counter(entry.act for entry in process.journal.unplayed(session))
    if not lost and not waiting:
        return
    acts = ", ".join(f"{count} × {act}" for act, count in sorted(waiting.items()))
    what = f"lacks the files of buckets {', '.join(map(str, lost))}" if lost else "has damaged files"
    raise VaultLacksError(
        f"the vault (KLARWERT_VAULT) {what}: put back the vault of the same moment as the database and run klarwert "
        "backup replay again, or klarwert backup restore a backup, which has its own. Is there none, run klarwert "
        "backup replay --vault-lost. Until then "
        + (
            f"nothing starts, since {acts} cannot be done without them"
            if acts
            else "their people keep their last score"
        )
    )


def _play(process: Process, entry: Entry, acts: Mapping[str, Act]) -> None:
    """Does one entry again and notes that it was. Raises `BrokenFileError`: then it was not."""
    if entry.act == journal.ERASURE:
        _erase(process, entry.facts["subject"])
    with process.working() as work:
        if entry.act != journal.ERASURE:
            acts[entry.act](work, entry)
        journal.done(work.session, entry)
    process.journal.confirm([entry.position])


def _erase(process: Process, subject_id: str) -> None:
    """Erases somebody again. Whose key is gone had their last mail and certificate: only the data is left to go."""
    try:
        process.ring.person(subject_id)
    except KeyGoneError:
        with process.working() as work:
            consent.take_turn(work.session, subject_id)
            holdings(process).erase(work.session, subject_id)
    for step in STEPS:
        step(process, subject_id)


def _withdraw(work: Work, entry: Entry) -> None:
    """Ends a consent that is older than its withdrawal."""
    subject_id, purpose, network = (str(entry.facts[name]) for name in ("subject", "purpose", "network"))
    consent.take_turn(work.session, subject_id)
    query = select(Consent.decided_at).where(
        Consent.subject_id == subject_id,
        Consent.purpose == purpose,
        Consent.network == network,
        Consent.ended_at.is_(None),
    )
    decided = work.session.scalar(query)
    if decided is not None and decided <= entry.at:
        withdraw(work, subject_id, Purpose(purpose), network)


def _object(work: Work, entry: Entry) -> None:
    """Puts an account on the stop list again."""
    index = bytes.fromhex(entry.facts["account"])
    said = entry.facts.get("until")
    until = datetime.fromisoformat(said) if said else None
    row = Objection(network=entry.facts["network"], account_index=index, made_at=entry.at, until=until)
    upsert(work.session, row, newest="made_at")


def _unhear(work: Work, entry: Entry) -> None:
    """Takes out again what an account on the stop list gave to one participant."""
    subject_id, network, actor = (str(entry.facts[name]) for name in ("subject", "network", "actor"))
    consent.take_turn(work.session, subject_id)
    if work.session.get(Subject, subject_id) is not None:
        drop_pseudonym(work, subject_id, network, actor)


def _restrict(work: Work, entry: Entry) -> None:
    """Restricts the use of somebody's data again, or lets it go on; what happened last counts, and is told again.

    The database may have an older word on it that waits to be sent.
    """
    subject_id = str(entry.facts["subject"])
    consent.take_turn(work.session, subject_id)
    subject = work.session.get(Subject, subject_id)
    if subject is not None:
        subject.frozen_at = entry.at if entry.facts["on"] else None
        acts = recipient.Act
        tell(work, subject_id, acts.RESTRICTION if entry.facts["on"] else acts.RESTRICTION_LIFTED)


def _dispute(work: Work, entry: Entry) -> None:
    """Leaves out again what is disputed, or lets in again what was decided."""
    consent.take_turn(work.session, str(entry.facts["dispute"]["subject_id"]))
    remembered(work, entry.facts)


def _strike(work: Work, entry: Entry) -> None:
    """Lets an organisation ask no more that was named before."""
    subject_id, recipient_id = str(entry.facts["subject"]), str(entry.facts["recipient"])
    there = work.session.get(Release, (subject_id, recipient_id))
    if there is not None and there.made_at <= entry.at:
        strike(work, subject_id, recipient_id)


def _erase_part(work: Work, entry: Entry) -> None:
    """Erases the signals of a post or a day again, and keeps them out."""
    said = entry.facts
    rows = [Forgotten(**journal.values(row)) for row in said["rows"]]
    day = date.fromisoformat(said["day"]) if said["day"] else None
    erase_part_again(work, str(said["subject"]), said["post"], day, rows)


def _end_hold(work: Work, entry: Entry) -> None:
    """Ends a hold again that ended before its day."""
    hold.drop(work.session, str(entry.facts["hold"]))


_ACTS: dict[str, Act] = {
    consent.WITHDRAWAL: _withdraw,
    OBJECTION: _object,
    RESTRICTION: _restrict,
    UNHEARD: _unhear,
    DISPUTE: _dispute,
    STRUCK: _strike,
    PART_ERASED: _erase_part,
    hold.HOLD_ENDED: _end_hold,
}
