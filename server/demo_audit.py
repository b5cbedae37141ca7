"""What an auditor has done in the demo: a sample of yesterday, checks, a finding with its answer. All invented."""

from datetime import date, timedelta
from itertools import count, islice

from sqlalchemy import select

from server.models import Account, Role
from server.services import accounts, audits, findings, log_checks
from server.services.looks import Viewer, Why
from server.services.organisations import DEMO_LOGIN
from workers import logbook
from workers.audit import draw, figures, root
from workers.audit.recompute import check
from workers.models import Sample, Score, ScoreRoot
from workers.runtime.process import Process
from workers.runtime.work import Work

_FIRST = 4711
_SIZE = 5
_CHECKED = 3
#: Invented counts of posts, then and now.
_RECOUNTS = (
    (1, {"like": 21, "repost": 4, "reply": 2}, {"like": 22, "repost": 4, "reply": 2}),
    (2, {"like": 9, "reply": 1}, {"like": 9, "reply": 1}),
    (3, {"like": 33, "repost": 7, "quote": 1}, {"like": 35, "repost": 7, "quote": 1}),
)
_FOUND = (
    "Bei zwei Beiträgen sind es heute ein paar Likes mehr als im Punktestand. Wann werden die mitgezählt?",
    "Sobald das Konto das nächste Mal gelesen wird, also innerhalb eines Tages. Die Nacht darauf zählt sie mit.",
)
_OPEN = "Die Seite zur Methodik nennt die Regel für Konten, die jünger als 30 Tage sind. Wo kann ich sie nachprüfen?"


def join(work: Work, hashed: str) -> None:
    """Makes the accounts of auditor and data protection officer."""
    for role in (Role.DPO, Role.AUDITOR):
        accounts.create(work, DEMO_LOGIN[role.value], hashed, "de", role, confirmed=True)


def audit(process: Process) -> None:
    """Publishes yesterday's scores and does what an auditor does with them."""
    with process.working() as work:
        yesterday = work.today - timedelta(days=1)
        root.publish(work, yesterday)
        figures.make(work, yesterday)
        viewer = _viewer(work)
        audits.draw_sample(work, viewer, _number(work, yesterday), _SIZE)
    logbook.append(process)
    log_checks.check(process, viewer.subject_id)
    with process.reading() as session:
        samples = session.scalars(select(Sample).order_by(Sample.label)).all()
    for sample in samples[:_CHECKED]:
        _check(process, viewer, sample)
    with process.working() as work:
        first = findings.write(work, viewer.subject_id, _FOUND[0], samples[0].label)
        findings.answer(work, first, _FOUND[1])
        findings.write(work, viewer.subject_id, _OPEN)
    logbook.append(process)


def _number(work: Work, day: date) -> str:
    """The first number whose lots name the participant whom visitors sign in as: so that they see who looked."""
    known = accounts.by_email(work.session, work.ring, DEMO_LOGIN["participant"])
    score = work.session.get(Score, (known.subject_id, day)) if known else None
    way = root.proof(work.session, score) if score else None
    top = work.session.get_one(ScoreRoot, day)
    lots = ((str(number), draw.places(day.isoformat(), top.root, str(number), top.people)) for number in count(_FIRST))
    return next(number for number, order in lots if way is None or way.place in islice(order, _SIZE))


def _check(process: Process, viewer: Viewer, sample: Sample) -> None:
    """The score is really computed anew; what a network would say is invented."""
    verdict = check(process, sample).json()
    with process.working() as work:
        for why in (Why.EXPLANATION, Why.RECOMPUTED, Why.RECOUNTED):
            audits.look(work, viewer, sample.id, why)
        at = f"{work.now:%Y-%m-%dT%H:%M:%SZ}"
        told = [
            {"post": number, "network": "mastodon", "day": "", "then": then, "now": now, "failure": ""}
            for number, then, now in _RECOUNTS
        ]
        row = work.session.get_one(Sample, sample.id)
        row.verdict, row.recount = verdict, {"at": at, "posts": told}


def _viewer(work: Work) -> Viewer:
    found = work.session.scalars(select(Account).where(Account.role == Role.AUDITOR.value)).one()
    return Viewer(found.id, found.subject_id, Role.AUDITOR)
