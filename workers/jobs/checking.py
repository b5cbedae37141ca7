"""The nightly check: a random sample of the scores of a day is recomputed by the stand-alone verifier."""

import json
import logging
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy.keyring import KeyGoneError
from workers.jobs.job import job
from workers.models import Score, ScoreCheck
from workers.runtime.process import Process
from workers.runtime.upsert import upsert
from workers.scoring import versions
from workers.scoring.bundle import Instance, envelope, payload
from workers.scoring.explain import explain
from workers.scoring.standalone_verifier import NEAR, DoesNotHoldError, verify
from workers.signals import basis
from workers.signals.vault import BrokenFileError

log = logging.getLogger(__name__)

#: So many scores of a day are drawn, another sample every day.
SAMPLE = 25


@job
def check_day(process: Process, day: str) -> None:
    """Checks a sample of the final scores of a day (ISO) against what they were made of, and notes how it ended.

    A difference is an alarm: an error in the log with the subject's id, and a row that the organisation's page shows.
    """
    wanted = date.fromisoformat(day)
    with process.reading() as session:
        final = Score.day == wanted, ~Score.preliminary
        drawn = session.scalars(select(Score.subject_id).where(*final).order_by(func.random()).limit(SAMPLE)).all()
    found = {subject_id: _check(process, subject_id, wanted) for subject_id in drawn}
    wrong = [subject_id for subject_id, held in found.items() if held is False]
    for subject_id in wrong:
        log.error("ALARM: the stored score of %s is not what its signals give", subject_id)
    with process.working() as work:
        checked = sum(held is not None for held in found.values())
        upsert(
            work.session, ScoreCheck(day=wanted, done_at=work.now, checked=checked, wrong=len(wrong)), newest="done_at"
        )


def _check(process: Process, subject_id: str, day: date) -> bool | None:
    """Is the stored score what its signals give? None where what it was made of is gone or lost, or its person."""
    try:
        with process.reading() as session:
            stored = session.get(Score, (subject_id, day))
            file = _file(process, session, subject_id, day)
    except (KeyGoneError, BrokenFileError):
        return None
    if stored is None or file is None:
        return None
    try:
        verify(file.encode(), process.ring.public_key())
    except DoesNotHoldError:
        return False
    told = json.loads(json.loads(file)["payload"])
    near = abs(told["score"] - stored.score) <= NEAR and abs(told["impact"] - stored.impact) <= NEAR * told["impact"]
    return near and (told["weeks"], told["model"]["id"]) == (stored.weeks, stored.model)


def _file(process: Process, session: Session, subject_id: str, day: date) -> str | None:
    """The signed explanation of what the score of the day was made of."""
    known = basis.kept(session, process.ring.person(subject_id), subject_id)
    if known is None or known.day != day:
        return None
    told = explain(known.signals, day, known.yesterday, known.disputed, versions.PUBLISHED.on(day))
    signed = payload(told, Instance("", process.ring.public_key()), None)
    return envelope(signed, process.ring.sign(signed))
