"""Checks that auditors ask for: computing a drawn score anew, and collecting some of its posts anew."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from privacy import consent
from privacy.vocabulary import Purpose
from workers.audit import draw
from workers.audit.recompute import check
from workers.jobs.asking import client, held, network, remote_id
from workers.jobs.job import job
from workers.models import Draw, Post, Sample
from workers.models.connection import State
from workers.networks.shape import Failure, Reading
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.scoring.signals import KINDS
from workers.signals.objections import without_objectors
from workers.signals.store import address_of
from workers.signals.take import take

#: So many posts are drawn among the newest so many: a whole account is not read again for a check.
POSTS = 5
AMONG = 20


@dataclass(frozen=True)
class Wanted:
    """One post that is to be counted anew."""

    number: int
    """Its number in this check, from 1."""
    day: date
    address: str
    then: Mapping[str, int]
    """Reactions that count, by kind."""


@dataclass(frozen=True)
class Account:
    """The posts of one account."""

    connection_id: str
    network: str
    remote_id: str
    posts: tuple[Wanted, ...]


@job
def recompute(process: Process, sample_id: str) -> None:
    """Computes a drawn score anew and keeps the verdict, while its person agrees to be scored."""
    with process.working() as work:
        sample = _allowed(work, sample_id)
    if sample is None or sample.recompute_due_at is None:
        return
    verdict = check(process, sample)
    with process.working() as work:
        still = _allowed(work, sample_id)
        if still is not None:
            still.verdict, still.recompute_due_at = verdict.json(), None


@job
def recount(process: Process, sample_id: str) -> None:
    """Collects some drawn posts anew, by the same door as always, and keeps the counts of then and now."""
    with process.working() as work:
        sample = _allowed(work, sample_id)
        if sample is None or sample.recount_due_at is None:
            return
        accounts = _accounts(work, sample)
    posts = [told for account in accounts for told in _ask(process, account)]
    with process.working() as work:
        still = _allowed(work, sample_id)
        if still is not None:
            at = f"{work.now:%Y-%m-%dT%H:%M:%SZ}"
            still.recount, still.recount_due_at = {"at": at, "posts": posts}, None


def _allowed(work: Work, sample_id: str) -> Sample | None:
    """The sample, while its person agrees: held until the transaction ends. Without a yes nothing is due any more."""
    sample = work.session.get(Sample, sample_id)
    if sample is None:
        return None
    agreed = consent.networks(work.session, sample.subject_id)
    if not any(consent.agreed(work.session, sample.subject_id, Purpose.SCORING, one, hold=True) for one in agreed):
        sample.recompute_due_at = sample.recount_due_at = None
        return None
    return sample


def _accounts(work: Work, sample: Sample) -> list[Account]:
    """The posts to be counted: some of the newest that count, drawn by the auditor's number, by account."""
    drawn = work.session.get_one(Draw, sample.draw_id)
    then = _counts(work, sample.subject_id, drawn.day)
    key = work.ring.person(sample.subject_id)
    query = select(Post).where(Post.subject_id == sample.subject_id).order_by(Post.day.desc(), Post.id)
    newest = [post for post in work.session.scalars(query) if post.id in then][:AMONG]
    lots = draw.places(drawn.day.isoformat(), drawn.root, f"{drawn.number}/{sample.label}", len(newest))
    chosen = [newest[place] for place, _ in zip(lots, range(POSTS), strict=False)]
    found: dict[str, list[Wanted]] = {}
    for number, post in enumerate(chosen, start=1):
        found.setdefault(post.connection_id, []).append(Wanted(number, post.day, address_of(post, key), then[post.id]))
    made = []
    for connection_id, posts in found.items():
        connection = held(work, connection_id)
        if connection is not None and connection.state == State.PROVEN:
            made.append(Account(connection_id, connection.network, remote_id(work, connection), tuple(posts)))
    return made


def _counts(work: Work, subject_id: str, day: date) -> dict[str, dict[str, int]]:
    """The reactions that count for each post on a day, by kind."""
    signals = take(work.session, subject_id, day).signals
    counts: dict[str, Counter[str]] = {}
    for post, kind, number in zip(signals.post.tolist(), signals.kind.tolist(), signals.count.tolist(), strict=True):
        if post >= 0:
            counts.setdefault(signals.posts[post], Counter())[KINDS[kind]] += number
    return {post: dict(kinds) for post, kinds in counts.items()}


def _ask(process: Process, account: Account) -> list[dict[str, object]]:
    """What the network says now of the posts of one account; a failure of the network stands in its place."""
    addresses = {post.address for post in account.posts}
    try:
        with client(process) as asking:
            source = network(process, account.network)
            gone = source.check(asking, account.remote_id, sorted(addresses))
            since = min(post.day for post in account.posts)
            seen: dict[str, Reading] = {}
            for page in source.collect(asking, account.remote_id, since):
                seen |= {one.post.address: one for one in page.readings if one.post.address in addresses}
                if seen.keys() >= addresses - gone:
                    break
    except Failure as failure:
        return [_told(account, post, None, str(failure.reason)) for post in account.posts]
    counts = {address: _now(process, account, reading) for address, reading in seen.items()}
    return [
        _told(account, post, counts.get(post.address), "gone" if post.address in gone else "") for post in account.posts
    ]


def _now(process: Process, account: Account, reading: Reading) -> dict[str, int]:
    """The reactions of a fresh reading by kind, without those of people who objected."""
    counts: Counter[str] = Counter()
    with process.working() as work:
        for one in without_objectors(work, account.network, (reading,)):
            for reaction in one.reactions:
                counts[reaction.kind] += reaction.count
    return dict(counts)


def _told(account: Account, post: Wanted, now: dict[str, int] | None, failure: str) -> dict[str, object]:
    return {
        "post": post.number,
        "network": account.network,
        "day": post.day.isoformat(),
        "then": dict(post.then),
        "now": now,
        "failure": failure or ("" if now is not None else "not_listed"),
    }
