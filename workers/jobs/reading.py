"""Reading a connected account: its public posts of 13 weeks with their public reactions, page by page, resumable."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select

from privacy.base import new_id
from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from privacy.sealed import seal, unseal
from workers.jobs.asking import PATIENCE, client, held, key_of, network, page_address, remote_id, retry_at
from workers.jobs.connecting import PASSING
from workers.jobs.job import job
from workers.jobs.remembering import recall, remember
from workers.models import Connection, Run
from workers.models.connection import FRESH, State
from workers.networks.client import Client
from workers.networks.proof import find_proof
from workers.networks.shape import Failure, Network, Page, Reason
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.scoring.model import KLARWERT_1
from workers.signals.objections import without_objectors
from workers.signals.standing import link, unlink
from workers.signals.store import (
    address_of,
    drop_posts,
    drop_signals,
    drop_silent,
    drop_unheard,
    found,
    put,
    put_audience,
    see_again,
    unseen,
)
from workers.signals.topics import give_topics
from workers.topics.taxonomy import in_force

#: Version of the collectors, kept with every run (R14).
COLLECTOR = "1"
#: A reading that gives no sign of life for so long was killed; somebody else may go on. Longer than any one request
#: may take with all its waiting.
LEASE = timedelta(minutes=5)
#: Within a post that takes many requests a sign of life is given after so long.
SIGN = timedelta(minutes=1)
EVERY = timedelta(days=1)
PROOF_LIFE = timedelta(days=90)
#: Posts out of the window, whose reactions still count, are looked up again after so long: within seven days (R13).
LOOK_AGAIN = timedelta(days=6)
#: So many posts are looked up before the outcome is written down.
_AT_ONCE = 25
#: The proof was not found again after 90 days.
LAPSED = "proof_lapsed"
#: The process that read was killed.
INTERRUPTED = "interrupted"
#: Something broke here; the log says what.
BROKEN = "broken"
#: After these nothing of the account is public, as far as it was not seen in public for so long (R13).
NOT_PUBLIC = {Reason.GONE: timedelta(0), Reason.OPTED_OUT: timedelta(0), Reason.LOGIN_REQUIRED: timedelta(days=7)}


class LostLeaseError(RuntimeError):
    """Somebody else reads this connection now, or it is not to be read any more."""


@job
def collect(process: Process, connection_id: str) -> None:
    """Reads one account to its end, or as far as the network lets us; the schedule goes on from there."""
    run_id = _begin(process, connection_id)
    if run_id is None:
        return
    try:
        _Reading(process, connection_id, run_id).read()
    except Failure as failure:
        _end(process, connection_id, run_id, failure)
    except LostLeaseError:
        return
    except (NoConsentError, KeyGoneError):
        raise
    except Exception:  # Whatever it is, the person sees that it broke, and the lease does not wait for its end.
        _end(process, connection_id, run_id, None)
        raise


def _begin(process: Process, connection_id: str) -> str | None:
    """Takes the lease and opens a run; None if there is nothing to read or somebody else is reading."""
    with process.working() as work:
        connection = held(work, connection_id)
        if connection is None or connection.state != State.PROVEN:
            return None
        if connection.leased_until is not None and connection.leased_until > work.now:
            return None
        if connection.read_at is not None and work.now - connection.read_at < FRESH:
            return None
        _end_older(work, connection)
        run = Run(
            id=new_id(), subject_id=connection.subject_id, connection_id=connection.id, collector=COLLECTOR,
            started_at=work.now, seen_at=work.now, posts=0, reactions=0, unlisted=0,
        )  # fmt: skip
        work.session.add(run)
        _alive(connection, run, work.now)
        return run.id


def _end_older(work: Work, connection: Connection) -> None:
    """Ends the run of a process that was killed; should it be alive and slow, it finds out at its next step."""
    older = select(Run).where(Run.connection_id == connection.id, Run.ended_at.is_(None))
    for run in work.session.scalars(older):
        run.ended_at, run.failure = run.seen_at, INTERRUPTED


class _Reading:
    """One run over one connection. Every write asks consent and the lease again."""

    def __init__(self, process: Process, connection_id: str, run_id: str) -> None:
        self._process = process
        self._connection_id = connection_id
        self._run_id = run_id
        self._seen = process.clock()
        self._asking: Client
        self._changes_since: date

    def read(self) -> None:
        """Profile, posts with reactions, then a look for what is gone at its source. Raises `Failure`."""
        with client(self._process, self._still_alive) as self._asking:
            self._read()

    def _still_alive(self) -> None:
        """Before each request, so that one post with very many reactions does not outlast the lease."""
        if self._process.clock() - self._seen < SIGN:
            return
        with self._process.working() as work:
            _alive(*self._mine(work), work.now)
            self._seen = work.now

    def _read(self) -> None:
        with self._process.working() as work:
            connection, run = self._mine(work)
            name, account = connection.network, remote_id(work, connection)
            resume = unseal(connection, key_of(work, connection), "resume") or None
            self._asking.marks, self._changes_since = recall(work, key_of(work, connection), connection)
            stale = work.now - (connection.proven_at or run.started_at) > PROOF_LIFE
            since = work.today - timedelta(days=KLARWERT_1.window_days - 1)
        source = network(self._process, name)
        if stale:
            self._prove_again(source, account)
        self._count_followers(source.profile(self._asking, account).followers)
        for page in source.collect(self._asking, account, since, resume):
            self._keep(page, since)
        for some in self._doubtful(since):
            self._look_up(source, account, some)
        self._done(since)

    def _prove_again(self, source: Network, account: str) -> None:
        with self._process.working() as work:
            connection, _ = self._mine(work)
            code, before = unseal(connection, key_of(work, connection), "code"), connection.proof
        page = page_address(self._process.settings.public_url, code)
        proof = find_proof(source, self._asking, account, code, page, before)
        with self._process.working() as work:
            connection, run = self._mine(work)
            if proof is not None:
                connection.proof, connection.proven_at = proof, work.now
                return
            connection.state, connection.failure, connection.due_at = State.LAPSED, LAPSED, None
            connection.idle_since = work.now
            unlink(work.session, connection.subject_id)
            connection.leased_until, run.ended_at, run.failure = None, work.now, LAPSED
        raise LostLeaseError("the proof has lapsed")

    def _count_followers(self, followers: int | None) -> None:
        with self._process.working() as work:
            connection, run = self._mine(work)
            if followers is not None:
                put_audience(work, connection, followers)
            _alive(connection, run, work.now)

    def _keep(self, page: Page, since: date) -> None:
        with self._process.working() as work:
            connection, run = self._mine(work)
            key = key_of(work, connection)
            readings = without_objectors(work, connection.network, page.readings)
            run.posts += len(readings)
            run.reactions += put(work, key, connection, *readings)
            run.unlisted += sum(reading.unlisted for reading in readings)
            if page.unchanged:
                run.posts += see_again(work, connection, since)
            texts = {reading.post.address: reading.post.text for reading in page.readings}
            give_topics(work, key, connection, texts, lambda: in_force(self._process.settings.topics_table))
            actors = [r.actor_id for reading in readings for r in reading.reactions if r.actor_id is not None]
            link(work, key, connection, actors)
            seal(connection, key, resume=page.resume)
            _alive(connection, run, work.now)

    def _doubtful(self, since: date) -> Iterator[list[str]]:
        """Addresses of posts that this reading did not list: gone at the source means gone here (R13).

        Posts before `since` are not listed any more; while their reactions count they are looked up every week.
        """
        with self._process.working() as work:
            connection, _ = self._mine(work)
            key = key_of(work, connection)
            posts = unseen(work.session, connection, self._first_started(work, connection))
            last_week = work.now - LOOK_AGAIN
            doubtful = [address_of(post, key) for post in posts if post.day >= since or post.read_at <= last_week]
        return (doubtful[start : start + _AT_ONCE] for start in range(0, len(doubtful), _AT_ONCE))

    def _first_started(self, work: Work, connection: Connection) -> datetime:
        """When the first of the runs began that together are this reading: interrupted ones go on where they were."""
        runs = select(func.min(Run.started_at)).where(Run.connection_id == connection.id)
        if connection.read_at is not None:
            runs = runs.where(or_(Run.started_at > connection.read_at, Run.id == self._run_id))
        return work.session.scalars(runs).one()

    def _look_up(self, source: Network, account: str, addresses: list[str]) -> None:
        gone = source.check(self._asking, account, addresses)
        with self._process.working() as work:
            connection, run = self._mine(work)
            drop_posts(work.session, found(work, connection, gone))
            for post in found(work, connection, set(addresses) - gone):
                post.read_at = work.now
            _alive(connection, run, work.now)

    def _done(self, since: date) -> None:
        with self._process.working() as work:
            connection, run = self._mine(work)
            drop_silent(work.session, connection, since)
            drop_unheard(work.session, connection.subject_id)
            connection.read_at = run.ended_at = work.now
            connection.failure = connection.leased_until = connection.resume = None
            remember(key_of(work, connection), connection, self._asking.marks, self._changes_since)
            connection.due_at = work.now + EVERY
            work.later("score", connection.subject_id)

    def _mine(self, work: Work) -> tuple[Connection, Run]:
        """The connection and the run, locked. Raises `LostLeaseError`, `NoConsentError`."""
        connection = held(work, self._connection_id)
        run = work.session.get(Run, self._run_id)
        if connection is None or run is None or run.ended_at is not None or connection.state != State.PROVEN:
            raise LostLeaseError("this reading is not the one that counts")
        return connection, run


def _alive(connection: Connection, run: Run, now: datetime) -> None:
    """A sign of life. Should the process die, the schedule has it read again once the lease is over."""
    run.seen_at = now
    connection.leased_until = connection.due_at = now + LEASE


def _end(process: Process, connection_id: str, run_id: str, failure: Failure | None) -> None:
    """Ends a run that failed: what was read stays and counts while it is public, and the schedule tries again.

    Without a failure of the network something broke here.
    """
    with process.working() as work:
        connection = held(work, connection_id)
        run = work.session.get(Run, run_id)
        if connection is None or run is None or run.ended_at is not None:
            return
        reason = failure.reason if failure else BROKEN
        run.ended_at, run.failure = work.now, reason
        connection.failure, connection.leased_until = reason, None
        connection.due_at = work.now + EVERY
        if failure is None:
            connection.due_at = work.now + PATIENCE
        elif failure.reason in PASSING:
            connection.due_at = retry_at(failure, work.now)
        if run.posts == 0 and reason != Reason.RATE_LIMITED:
            # Perhaps the network does not know the place any more at which the reading was to go on.
            connection.resume = None
        if failure and failure.reason in NOT_PUBLIC:
            _drop_closed(work, connection, NOT_PUBLIC[failure.reason])
        work.later("score", connection.subject_id)


def _drop_closed(work: Work, connection: Connection, grace: timedelta) -> None:
    """The account is not public any more: what was read does not outlive that."""
    seen = connection.read_at or connection.proven_at
    if seen is None or seen <= work.now - grace:
        drop_signals(work.session, connection)
