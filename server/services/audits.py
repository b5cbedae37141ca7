"""The auditor's room: drawing a sample, looking at drawn explanations, asking for checks. Labels only (R39)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import new_id
from privacy.keyring import KeyRing
from privacy.vocabulary import Purpose
from server.services.bundles import Bundle, hand_out
from server.services.explanations import explain_day
from server.services.looks import Viewer, Why, note_look
from server.services.missing import MissingError
from workers.audit import draw, root
from workers.models import Dispute, Draw, Sample, Score, ScoreRoot
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.scoring.explain import Explanation

LARGEST = 20
#: Decided disputes on the page.
DECIDED = 50
PROOF = "klarwert-score-proof/1"
#: A check that did not end is sent again by the schedule after so long.
_WAIT = timedelta(minutes=2)


class DrawnAlreadyError(ValueError):
    """One draw a day: otherwise numbers could be tried until the wanted person comes."""


class NoScoresError(LookupError):
    """No day of scores has been published yet."""


@dataclass(frozen=True)
class Shown:
    """One drawn score as its auditor sees it."""

    id: str
    """Of the sample; it says nothing about the person."""
    label: str
    place: int
    score: float | None
    """None where the person has withdrawn or is being erased."""
    verdict: dict[str, Any] | None
    recount: dict[str, Any] | None
    computing: bool
    counting: bool
    open: bool
    """Can its explanation still be shown? Only that of the newest published day can."""


@dataclass(frozen=True)
class Room:
    """What an auditor has before them."""

    day: date | None
    """Newest published day of scores."""
    root: str
    people: int
    draws: list[tuple[Draw, list[Shown]]]
    """Newest first."""

    @property
    def drawn(self) -> bool:
        """Was a sample of the newest day drawn already?"""
        return any(one.day == self.day for one, _ in self.draws)


def room(session: Session, viewer: Viewer) -> Room:
    """The newest day and everything that this auditor drew."""
    top = root.newest(session)
    draws = session.scalars(select(Draw).where(Draw.subject_id == viewer.subject_id).order_by(Draw.day.desc())).all()
    return Room(
        day=top.day if top else None,
        root=top.root if top else "",
        people=top.people if top else 0,
        draws=[(one, _shown(session, one, top)) for one in draws],
    )


def label(ring: KeyRing, day: date, auditor: str, subject_id: str) -> str:
    """What an auditor calls a person on a day: nobody can link it to another day's or another auditor's."""
    return ring.blind("audit.label", f"{day.isoformat()}\0{auditor}\0{subject_id}").hex()[:8]


def draw_sample(work: Work, viewer: Viewer, number: str, size: int) -> Draw:
    """Draws `size` scores of the newest day by the auditor's number; fewer where fewer agree to be scored.

    Raises `NoScoresError`, `DrawnAlreadyError`.
    """
    # Two clicks at once: the second one waits here and then finds the draw.
    consent.take_turn(work.session, viewer.subject_id)
    top = root.newest(work.session)
    if top is None:
        raise NoScoresError("no scores of any day yet")
    known = select(Draw.id).where(Draw.subject_id == viewer.subject_id, Draw.day == top.day)
    if work.session.scalar(known) is not None:
        raise DrawnAlreadyError("a sample of this day was drawn")
    made = Draw(
        id=new_id(), subject_id=viewer.subject_id, day=top.day, root=top.root, number=number, people=top.people,
        size=size, drawn_at=work.now,
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    for place, subject_id in sorted(islice(_lots(work.session, top, number), size), key=lambda one: one[1]):
        if not _agrees(work, subject_id):
            continue
        sample = Sample(
            id=new_id(), subject_id=subject_id, auditor_id=viewer.subject_id, draw_id=made.id, place=place,
            label=label(work.ring, top.day, viewer.subject_id, subject_id), drawn_at=work.now,
        )  # fmt: skip
        work.session.add(sample)
        note_look(work, viewer, subject_id, Why.DRAWN, top.day)
    return made


def _lots(session: Session, top: ScoreRoot, number: str) -> Any:
    """Places in the order of the lots with whose score stands there, without those who withdrew or are gone."""
    standing = root.Places(session, top.day)
    for place in draw.places(top.day.isoformat(), top.root, number, top.people):
        subject_id = standing.subject_id(place)
        if subject_id is not None and consent.networks(session, subject_id):
            yield place, subject_id


def _agrees(work: Work, subject_id: str) -> bool:
    """Does the person agree to be scored? Held until the transaction ends."""
    networks = consent.networks(work.session, subject_id)
    return any(consent.agreed(work.session, subject_id, Purpose.SCORING, one, hold=True) for one in networks)


def _shown(session: Session, drawn: Draw, top: ScoreRoot | None) -> list[Shown]:
    samples = session.scalars(select(Sample).where(Sample.draw_id == drawn.id).order_by(Sample.label))
    return [_one(session, drawn, sample, top) for sample in samples]


def _one(session: Session, drawn: Draw, sample: Sample, top: ScoreRoot | None) -> Shown:
    score = session.get(Score, (sample.subject_id, drawn.day))
    there = score is not None and bool(consent.networks(session, sample.subject_id))
    return Shown(
        id=sample.id,
        label=sample.label,
        place=sample.place,
        score=score.score if score is not None and there else None,
        verdict=sample.verdict,
        recount=sample.recount,
        computing=sample.recompute_due_at is not None,
        counting=sample.recount_due_at is not None,
        open=there and top is not None and drawn.day == top.day,
    )


def look(work: Work, viewer: Viewer, sample_id: str, why: Why) -> tuple[Draw, Sample]:
    """Lets an auditor look at a drawn score of the newest day, and notes the look.

    Raises `MissingError` for another auditor's, for an older day's, and where the person does not agree any more.
    """
    sample = work.session.get(Sample, sample_id)
    if sample is None or sample.auditor_id != viewer.subject_id:
        raise MissingError("no such sample")
    top, drawn = root.newest(work.session), work.session.get_one(Draw, sample.draw_id)
    if top is None or drawn.day != top.day or not _agrees(work, sample.subject_id):
        raise MissingError("this score cannot be shown any more")
    if work.session.get(Score, (sample.subject_id, drawn.day)) is None:
        raise MissingError("this score is gone")
    note_look(work, viewer, sample.subject_id, why, drawn.day)
    return drawn, sample


def shown(session: Session, viewer: Viewer, sample_id: str) -> tuple[Draw, Shown]:
    """A drawn score with what the checks found. Raises `MissingError`."""
    sample = session.get(Sample, sample_id)
    if sample is None or sample.auditor_id != viewer.subject_id:
        raise MissingError("no such sample")
    drawn = session.get_one(Draw, sample.draw_id)
    return drawn, _one(session, drawn, sample, root.newest(session))


def explanation(session: Session, viewer: Viewer, sample_id: str) -> Explanation:
    """The explanation of a drawn score. What it calls posts are ids: pages show their rank instead.

    Only after `look`. Raises `MissingError`.
    """
    drawn, _ = shown(session, viewer, sample_id)
    return explain_day(session, session.get_one(Sample, sample_id).subject_id, drawn.day)


def ask(work: Work, viewer: Viewer, sample_id: str, job: str) -> None:
    """Has a drawn score computed (`recompute`) or its posts counted (`recount`) anew. Raises `MissingError`."""
    _, sample = look(work, viewer, sample_id, Why.RECOMPUTED if job == "recompute" else Why.RECOUNTED)
    setattr(sample, f"{job}_due_at", work.now + _WAIT)
    work.later(job, sample.id)


def file(process: Process, viewer: Viewer, sample_id: str, name: str) -> Bundle:
    """The signed explanation of a drawn score with labels, for the auditor; `name` is the organisation's."""
    with process.working() as work:
        _, sample = look(work, viewer, sample_id, Why.FILE)
    with process.reading() as session:
        told = explanation(session, viewer, sample_id)
    return hand_out(process, sample.subject_id, told, name, None)


def score_proof(work: Work, viewer: Viewer, sample_id: str) -> tuple[dict[str, Any], str]:
    """The way of a drawn score to the root of its day, and the id of the root's entry in the log."""
    drawn, sample = look(work, viewer, sample_id, Why.PROOF)
    found = root.proof(work.session, work.session.get_one(Score, (sample.subject_id, drawn.day)))
    if found is None:
        raise MissingError("this score has no proof any more")
    told = {"format": PROOF, **asdict(found), "day": drawn.day.isoformat()}
    return told, work.session.get_one(ScoreRoot, drawn.day).entry_id


@dataclass(frozen=True)
class Decided:
    """A dispute that was decided, as an auditor sees it: no words of anybody, and no person."""

    label: str
    day: date
    target: str
    network: str
    outcome: str
    by: str
    """Role of the human who decided."""


def decided(session: Session, ring: KeyRing, viewer: Viewer) -> list[Decided]:
    """The newest disputes that a human decided, newest first."""
    query = select(Dispute).where(Dispute.decided_at.is_not(None), Dispute.decided_by.is_not(None))
    rows = session.scalars(query.order_by(Dispute.decided_at.desc(), Dispute.id).limit(DECIDED))
    return [
        Decided(
            label=label(ring, row.decided_at.date(), viewer.subject_id, row.id),
            day=row.decided_at.date(),
            target=row.target,
            network=row.network,
            outcome=row.outcome,
            by=row.decided_by or "",
        )
        for row in rows
        if row.decided_at is not None
    ]


def numbers(drawn: Draw, samples: Sequence[Shown]) -> list[int]:
    """The first places that the lots name, as far as a sample goes: for whoever draws them anew.

    Where the sample is smaller than was asked for, as many more as people may have left.
    """
    order = draw.places(drawn.day.isoformat(), drawn.root, drawn.number, drawn.people)
    missing = {one.place for one in samples}
    some = drawn.size if len(samples) < drawn.size else 0
    first: list[int] = []
    for place in order:
        if not missing and len(first) >= some:
            break
        missing.discard(place)
        first.append(place)
    return first
