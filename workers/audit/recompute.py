"""Checks one published score from end to end: under its day's root, in the log, and computed anew by the other program.

The stand-alone verifier knows nothing of the engine; what it is given is the file that the auditor could download.
"""

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from privacy.keyring import KeyRing
from workers.audit import root
from workers.models import Draw, Sample, Score
from workers.runtime.process import Process
from workers.scoring import standalone_verifier, versions
from workers.scoring.bundle import Instance, envelope, payload
from workers.scoring.explain import explain
from workers.scoring.standalone_verifier import DoesNotHoldError
from workers.signals import basis
from workers.signals.take import take

#: Two computations of a score agree within this.
NEAR = 1e-9


class Outcome(StrEnum):
    """How a check ended."""

    HOLDS = "holds"
    GONE = "gone"
    """There is no such score any more: withdrawn or erased."""
    CHANGED = "changed"
    """The stored score is not the one under the root of its day."""
    NOT_IN_LOG = "not_in_log"
    """The root of its day is not what the log has."""
    WRONG_FILE = "wrong_file"
    """The stand-alone verifier does not accept what the engine says."""
    DIFFERS = "differs"
    """What the score was made of gives another one."""
    MOVED = "moved"
    """What it was made of is not kept any more, and the signals of now give another score."""


@dataclass(frozen=True)
class Verdict:
    """What a check found."""

    outcome: Outcome
    at: str
    """ISO 8601, UTC."""
    published: float | None = None
    recomputed: float | None = None
    signals: int | None = None
    """Signals that count."""
    said: str = ""
    """What the verifier said where it refused."""

    def json(self) -> dict[str, Any]:
        """As it is stored with the sample."""
        return asdict(self)


def check(process: Process, sample: Sample) -> Verdict:
    """Checks the score of a sample, of the day of its draw."""
    at = f"{process.clock():%Y-%m-%dT%H:%M:%SZ}"
    with process.reading() as session:
        drawn = session.get_one(Draw, sample.draw_id)
        score = session.get(Score, (sample.subject_id, drawn.day))
        if score is None or score.preliminary:
            return Verdict(Outcome.GONE, at)
        way = root.proof(session, score)
        if way is None or way.place != sample.place or way.root != drawn.root or not root.holds(way):
            return Verdict(Outcome.CHANGED, at, score.score)
        text, signals, exact = _file(session, process.ring, sample.subject_id, drawn.day)
    if not root.in_log(process, drawn.day, drawn.root):
        return Verdict(Outcome.NOT_IN_LOG, at, score.score)
    try:
        standalone_verifier.verify(text.encode(), process.ring.public_key())
    except DoesNotHoldError as error:
        return Verdict(Outcome.WRONG_FILE, at, score.score, said=str(error))
    found = standalone_verifier.parse(standalone_verifier.parse(text, "")["payload"], "")["score"]
    outcome = Outcome.HOLDS
    if abs(found - score.score) > NEAR:
        outcome = Outcome.DIFFERS if exact else Outcome.MOVED
    return Verdict(outcome, at, score.score, found, signals)


def _file(session: Session, ring: KeyRing, subject_id: str, day: date) -> tuple[str, int, bool]:
    """The signed file of the day with labels, how many signals count in it, and is it of what the score was made of?

    If not, of the signals of now.
    """
    known = basis.kept(session, ring.person(subject_id), subject_id)
    exact = known is not None and known.day == day
    if known is None or not exact:
        known = take(session, subject_id, day).known(day)
    told = explain(known.signals, day, known.yesterday, known.disputed, versions.PUBLISHED.on(day))
    signed = payload(told, Instance("", ring.public_key()), None)
    return envelope(signed, ring.sign(signed)), int((told.tally.value > 0).sum()), exact
