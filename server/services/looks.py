"""Who looked at whose score: noted with every look, in the log too, and shown to the person."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy.base import new_id
from privacy.ledger import note
from server.models import Look, Role, Why
from server.services.members import label
from workers.runtime.work import Work

SHOWN = 200


@dataclass(frozen=True)
class Viewer:
    """Who looks: an account in a role."""

    account_id: str
    subject_id: str
    role: Role


def note_look(work: Work, viewer: Viewer, subject_id: str, why: Why) -> None:
    """Notes a look, before anything is shown. Whoever calls it has made sure that it is allowed."""
    who = label(work.ring, viewer.account_id)
    work.session.add(
        Look(id=new_id(), subject_id=subject_id, role=viewer.role.value, viewer=who, why=why.value, looked_at=work.now)
    )
    work.session.flush()
    note(work.session, work.now, "look", subject_id, role=viewer.role.value, by=who, reason=why.value)


def looks(session: Session, subject_id: str) -> tuple[list[Look], int]:
    """The newest looks at a person's score, and how many there are in all."""
    mine = select(Look).where(Look.subject_id == subject_id)
    newest = session.scalars(mine.order_by(Look.looked_at.desc(), Look.id).limit(SHOWN))
    return list(newest), session.scalar(select(func.count()).select_from(mine.subquery())) or 0
