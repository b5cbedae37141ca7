"""Looks of auditors at somebody's score: recorded with every look, in the log too, before anything is shown."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from privacy.disclosure import Reason, record
from server.models import Role
from server.services.members import label
from workers.runtime.work import Work


class Why(StrEnum):
    """What an auditor looked at; `server.web.sentences` has the words."""

    DRAWN = "drawn"
    """Drawn at random to be checked: label and score of the day."""
    EXPLANATION = "explanation"
    """The whole explanation, with labels."""
    SIGNALS = "signals"
    """The signals of one post, with labels."""
    FILE = "file"
    """The signed explanation with labels was downloaded."""
    PROOF = "proof"
    """The proof that the score stands under the root of its day was downloaded."""
    RECOMPUTED = "recomputed"
    """The score was computed anew."""
    RECOUNTED = "recounted"
    """Some posts were collected anew to compare the counts."""


@dataclass(frozen=True)
class Viewer:
    """Who looks: an account in a role."""

    account_id: str
    subject_id: str
    role: Role


def note_look(work: Work, viewer: Viewer, subject_id: str, why: Why, day: date) -> None:
    """Records a look at a score of a day. Whoever calls it has made sure that it is allowed.

    The person reads a number in place of a name: the organisation knows whose it is.
    """
    record(
        work.session, work.ring, subject_id, work.now, recipient=label(work.ring, viewer.account_id),
        role=viewer.role.value, viewer_id=viewer.account_id, purpose=Reason.AUDIT.value, what=why.value, day=day,
    )  # fmt: skip
