"""Verifying a webmention: fetch its source once, see whether it links to the post and as what, forget its address."""

from datetime import date, timedelta

from privacy.sealed import seal, unseal
from workers.jobs.asking import client, held, key_of, retry_at
from workers.jobs.connecting import PASSING
from workers.jobs.job import job
from workers.models import Connection, Webmention
from workers.models.connection import State
from workers.networks.door import plausible_day, reaction_day
from workers.networks.mention import Mention, read_mention
from workers.networks.shape import Failure, Post, Reaction, Reading
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals import webmentions
from workers.signals.objections import without_objectors
from workers.signals.store import found

#: A source that cannot be asked, or a post that no reading has seen yet, is waited for so long.
WAITED_FOR = timedelta(days=1)
ACCEPTED, REFUSED, GONE = "accepted", "refused", "gone"


@job
def verify_webmention(process: Process, webmention_id: str) -> None:
    """Looks at the source of one webmention; an update and a deletion are the same look (Webmention, 3.2.4)."""
    with process.working() as work:
        held_pair = _held(work, webmention_id)
        if held_pair is None:
            return
        row, connection = held_pair
        key = key_of(work, connection)
        source, target, told = unseal(row, key, "source"), unseal(row, key, "page"), row.source
    try:
        with client(process) as asking:
            mention = read_mention(asking, source, target)
    except Failure as failure:
        _failed(process, webmention_id, told, failure)
        return
    with process.working() as work:
        held_pair = _held(work, webmention_id, told)
        if held_pair is not None:
            _settle(work, *held_pair, mention, target)


def _held(work: Work, webmention_id: str, told: bytes | None = None) -> tuple[Webmention, Connection] | None:
    """The row and its connection, locked in this order: consent, connection, row. Raises `NoConsentError`.

    None where nothing is to be looked at, or not any more by who began with `told`: it was told again since, perhaps
    of what the source has become after it was fetched, and the look that was sent with that is the one that counts.
    """
    known = work.session.get(Webmention, webmention_id)
    connection = held(work, known.connection_id) if known is not None else None
    if connection is None or connection.state != State.PROVEN:
        return None
    row = work.session.get(Webmention, webmention_id, with_for_update=True, populate_existing=True)
    if row is None or row.due_at is None or told not in (None, row.source):  # sealed anew whenever it is told
        return None
    return row, connection


def _failed(process: Process, webmention_id: str, told: bytes | None, failure: Failure) -> None:
    with process.working() as work:
        held_pair = _held(work, webmention_id, told)
        if held_pair is None:
            return
        row, connection = held_pair
        if failure.reason in PASSING and work.now - row.received_at < WAITED_FOR:
            row.due_at = retry_at(failure, work.now)
        else:
            _close(work, row, connection, REFUSED)


def _settle(work: Work, row: Webmention, connection: Connection, mention: Mention | None, target: str) -> None:
    if mention is None:
        _close(work, row, connection, GONE if row.kind else REFUSED)
        return
    post = next(iter(found(work, connection, [target])), None)
    if post is None:
        _wait_for_post(work, row, connection)
        return
    day = reaction_day(mention.moment, post.day, work.today) if mention.moment else None
    day = plausible_day(work.now, work.today) if day is None else day
    if day is None or not _may_count(work, connection, mention, day):
        _close(work, row, connection, REFUSED)
        return
    key = key_of(work, connection)
    row.post_id, row.kind, row.actor = post.id, mention.kind, webmentions.actor_of(key, mention.host)
    row.day = day if row.day is None or mention.moment else row.day
    _done(work, row, ACCEPTED)
    webmentions.count(work, key, connection, post)


def _wait_for_post(work: Work, row: Webmention, connection: Connection) -> None:
    """A post that is newer than the last reading is read first; what is no post of the blog never turns up."""
    if work.now - row.received_at >= WAITED_FOR:
        _close(work, row, connection, REFUSED)
        return
    row.due_at = work.now + timedelta(hours=1)
    work.later("collect", connection.id)


def _may_count(work: Work, connection: Connection, mention: Mention, day: date) -> bool:
    """Whether it is another's website, and one whose owner did not object."""
    own = webmentions.host_of(work.ring, connection)
    reading = Reading(Post("", day), (Reaction(mention.kind, mention.host, day),), frozenset())
    return mention.host != own and bool(without_objectors(work, connection.network, [reading])[0].reactions)


def _close(work: Work, row: Webmention, connection: Connection, outcome: str) -> None:
    """It does not count, or not any more."""
    post_id, counted = row.post_id, row.kind is not None
    row.post_id = row.kind = row.actor = row.day = None
    _done(work, row, outcome)
    if counted and post_id is not None:
        webmentions.count_again(work, connection, post_id)


def _done(work: Work, row: Webmention, outcome: str) -> None:
    """The addresses are not needed any more."""
    row.outcome, row.due_at, row.seen_at = outcome, None, work.now
    seal(row, work.ring.person(row.subject_id), source=None, page=None)
    work.session.flush()
