"""The schedule: looks every few seconds at what is due in the database and sends it; one leader at a time.

Whatever a killed process left undone is due again, so nothing depends on a job's surviving.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from privacy import request
from privacy.base import Subject
from privacy.request import Request
from workers import buckets, comparing, logbook, tallies, use
from workers.models import Archive, Connection, DayScored, Mail, Sample, ScoreCheck
from workers.models.connection import State
from workers.runtime.marks import expired_on
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.webmentions import due

log = logging.getLogger(__name__)

Chore = Callable[[Work], None]

EVERY_SECONDS = 5.0
#: A job that was sent is not sent again before.
PATIENCE = timedelta(minutes=10)
_JOBS = {State.PROVEN: "collect", State.LOOKING: "look_up", State.CHECKING: "prove"}
_LOOKS = {
    request.State.LOOKING.value: "look_up_request",
    request.State.CHECKING.value: "prove_request",
    request.State.OPEN.value: "carry_out_request",
}
_AT_ONCE = 500
_LEADER = "klarwert:schedule:leader"
_LEADER_SECONDS = 30
_SENT = "klarwert:schedule:sent"
#: Jobs without a due time of their own to push forward, and for how long a mark says that they were sent.
_SENT_SECONDS = {
    "erase": 120,
    "score_day": 600,
    "fold": 60,
    "expire": 600,
    "check_day": 600,
    "count": 600,
    "compare": 600,
}


def send_due(process: Process, chores: Sequence[Chore] = ()) -> None:
    """Sends everything that is due now; `chores` are what other floors want done now and then."""
    with process.working() as work:
        _connections(work)
        _mails(work)
        _checks(work)
        _archives(work)
        _requests(work)
        use.keep(work, process.redis)
        _webmentions(work)
        due = (
            *_erasures(work),
            *_yesterday(work),
            *_folds(work),
            *_check(work),
            *_retention(work, process.redis),
            *_counts(work),
            *_comparison(work),
        )
        for job, id_ in due:
            if process.redis.set(mark(work, job, id_), "sent", nx=True, ex=_SENT_SECONDS[job]):
                work.later(job, id_)
    logbook.append(process)
    with process.reading() as session:
        process.journal.settle(session, process.clock())
    for chore in chores:
        with process.working() as work:
            chore(work)


def mark(work: Work, job: str, id_: str) -> str:
    """Where it stands that a job was sent: by fingerprint, since it outlives the person whose erasure it is about."""
    return f"{_SENT}:{job}:{work.ring.blind('schedule.sent', id_).hex()[:32]}"


def run(process: Process, stop: threading.Event, every: float = EVERY_SECONDS, chores: Sequence[Chore] = ()) -> None:
    """Looks again and again until told to stop. Without the leader's lock it only waits for its turn."""
    token = os.urandom(16).hex()
    while not stop.wait(every):
        try:
            if _leads(process.redis, token):
                send_due(process, chores)
        except Exception:  # A database that restarts must not end the schedule; the next look may succeed.
            log.exception("a look at the schedule failed")
    with suppress(RedisError):
        _resign(process.redis, token)


def runs(process: Process) -> bool:
    """Does a schedule run somewhere on this installation?"""
    try:
        return process.redis.exists(_LEADER) == 1
    except RedisError:  # the embedded server runs only as long as everything does
        return False


def _leads(redis: Redis, token: str) -> bool:
    if redis.set(_LEADER, token, nx=True, ex=_LEADER_SECONDS):
        return True
    if redis.get(_LEADER) != token.encode():
        return False
    redis.expire(_LEADER, _LEADER_SECONDS)
    return True


def _resign(redis: Redis, token: str) -> None:
    """Lets another one lead at once."""
    if redis.get(_LEADER) == token.encode():
        redis.delete(_LEADER)


def _connections(work: Work) -> None:
    due = (
        select(Connection)
        .join(Subject, Subject.id == Connection.subject_id)
        .where(Connection.due_at <= work.now, Connection.state.in_(list(_JOBS)), Subject.frozen_at.is_(None))
        .limit(_AT_ONCE)
        .with_for_update(of=Connection, skip_locked=True)
    )
    for connection in work.session.scalars(due):
        connection.due_at = work.now + PATIENCE
        work.later(_JOBS[State(connection.state)], connection.id)


def _mails(work: Work) -> None:
    """Mails whose job got lost or failed; each try makes the next one wait longer."""
    due = select(Mail).where(Mail.due_at <= work.now).limit(_AT_ONCE)
    for mail in work.session.scalars(due.with_for_update(skip_locked=True)):
        mail.due_at = work.now + PATIENCE
        work.later("send_mail", mail.id)


def _checks(work: Work) -> None:
    """Checks of auditors whose job got lost."""
    for column, job in ((Sample.recompute_due_at, "recompute"), (Sample.recount_due_at, "recount")):
        query = select(Sample).where(column <= work.now).limit(_AT_ONCE).with_for_update(skip_locked=True)
        for sample in work.session.scalars(query):
            setattr(sample, column.key, work.now + PATIENCE)
            work.later(job, sample.id)


def _requests(work: Work) -> None:
    """Requests whose account or proof has to be looked for (again)."""
    waiting = select(Request).where(Request.due_at <= work.now, Request.state.in_(list(_LOOKS))).limit(_AT_ONCE)
    for row in work.session.scalars(waiting.with_for_update(skip_locked=True)):
        row.due_at = work.now + PATIENCE
        work.later(_LOOKS[row.state], row.id)


def _archives(work: Work) -> None:
    """Archives whose reading got lost: it tries again a few times, and then destroys the file."""
    due = select(Archive).where(Archive.due_at <= work.now).limit(_AT_ONCE)
    for archive in work.session.scalars(due.with_for_update(skip_locked=True)):
        archive.due_at = work.now + PATIENCE
        work.later("read_archive", archive.id)


def _webmentions(work: Work) -> None:
    """Webmentions whose job got lost, or whose source could not be asked."""
    for row in due(work.session, work.now, _AT_ONCE):
        row.due_at = work.now + PATIENCE
        work.later("verify_webmention", row.id)


def _erasures(work: Work) -> list[tuple[str, str]]:
    """People who asked for erasure, and those whose erasure was killed when nothing but the key was left of them."""
    asked = work.session.scalars(select(Subject.id).where(Subject.erasing_at <= work.now))
    return [("erase", subject_id) for subject_id in sorted({*asked, *work.ring.going()})]


def _yesterday(work: Work) -> list[tuple[str, str]]:
    """The day that has just ended, unless everybody was scored for it already."""
    day = work.today - timedelta(days=1)
    return [] if work.session.get(DayScored, day) else [("score_day", day.isoformat())]


def _folds(work: Work) -> list[tuple[str, str]]:
    """Buckets from whose files something is to go at once, and those whose fold was killed."""
    return [("fold", str(number)) for number in buckets.pending(work)]


def _check(work: Work) -> list[tuple[str, str]]:
    """The check of the day that has just ended, once everybody was scored for it."""
    day = work.today - timedelta(days=1)
    due = work.session.get(DayScored, day) is not None and work.session.get(ScoreCheck, day) is None
    return [("check_day", day.isoformat())] if due else []


def _retention(work: Work, redis: Redis) -> list[tuple[str, str]]:
    """What is overdue goes once a day, whatever becomes of the scores."""
    day = work.today.isoformat()
    return [] if expired_on(redis, day) else [("expire", day)]


def _counts(work: Work) -> list[tuple[str, str]]:
    """What pages show of everybody, counted every hour."""
    return [("count", name) for name in tallies.due(work)]


def _comparison(work: Work) -> list[tuple[str, str]]:
    """The comparison of the day that has just ended, where its job got lost."""
    day = comparing.due(work)
    return [("compare", day.isoformat())] if day else []
