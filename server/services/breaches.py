"""The register of breaches: enter one, tell who has to be told, close it with a reason (Art. 33, 34)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.base import new_id
from privacy.breach import Breach, Risk, affected
from privacy.documents.page import Document
from privacy.documents.write import DRAFTS, draft
from privacy.ledger import note
from server.services import documents
from server.services.figures import clock
from server.services.missing import MissingError
from server.services.words import locale_of
from workers.runtime.process import Process
from workers.runtime.settings import Organisation
from workers.runtime.work import Work


class NotYetError(ValueError):
    """It cannot be closed: `missing` says who has to be told first."""

    def __init__(self, missing: str) -> None:
        self.missing = missing
        super().__init__(f"not told yet: {missing}")


def everything(session: Session) -> list[Breach]:
    """All breaches: those that are open first, then the newest."""
    found = session.scalars(select(Breach).order_by(Breach.known_at.desc())).all()
    return sorted(found, key=lambda one: one.closed_at is not None)


def one(session: Session, breach_id: str, *, lock: bool = False) -> Breach:
    """One breach. Raises `MissingError`."""
    found = session.get(Breach, breach_id, with_for_update=lock or None)
    if found is None:
        raise MissingError("no such breach")
    return found


def enter(
    work: Work, known_at: datetime, *, what: str, consequences: str, measures: str, risk: Risk, kinds: Sequence[str]
) -> Breach:  # fmt: skip
    """Enters a breach, with the number of people whose data it is now."""
    made = Breach(
        id=new_id(), known_at=known_at, what=what, consequences=consequences, measures=measures, risk=risk.value,
        kinds=list(kinds), people=affected(work.session, kinds), authority_told_at=None, people_told_at=None,
        closed_at=None, closing=None,
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    note(work.session, work.now, "breach", None, breach=made.id, risk=made.risk, people=made.people)
    return made


def told(work: Work, breach_id: str, whom: str) -> None:
    """Notes that the authority or the people were told now. Raises `MissingError`."""
    found = one(work.session, breach_id, lock=True)
    if whom == "authority":
        found.authority_told_at = found.authority_told_at or work.now
    elif whom == "people":
        found.people_told_at = found.people_told_at or work.now
    else:
        raise MissingError("nobody of this name is told")


def close(work: Work, breach_id: str, reason: str) -> None:
    """Closes it with the reason. Raises `NotYetError`, `MissingError`."""
    found = one(work.session, breach_id, lock=True)
    if missing := found.missing():
        raise NotYetError(missing)
    if found.closed_at is None:
        found.closed_at, found.closing = work.now, reason
        note(work.session, work.now, "breach closed", None, breach=found.id)


def drafted(process: Process, who: Organisation, breach: Breach, name: str, language: str) -> Document:
    """The text to the authority or to the people. Raises `MissingError`."""
    if name not in DRAFTS:
        raise MissingError("no such draft")
    facts = documents.facts(process, who, language, process.clock().date())
    titles = [facts.words.kinds[kind].title for kind in breach.kinds if kind in facts.words.kinds]
    return draft(name, facts, {
        "known": clock(breach.known_at, locale_of(language), "medium"), "what": breach.what,
        "consequences": breach.consequences, "measures": breach.measures, "people": str(breach.people),
        "kinds": ", ".join(titles),
    })  # fmt: skip
