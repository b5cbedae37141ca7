"""A score taken apart for its person: sums that add up, weeks, posts, and every signal down to the last factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.keyring import KeyRing
from server.services.figures import cents
from server.services.missing import MissingError
from workers.models import Connection, Post, Run, Score
from workers.models.connection import State
from workers.results import newest
from workers.scoring import versions
from workers.scoring.explain import Explanation, Part, explain
from workers.scoring.model import KLARWERT_1, Model
from workers.scoring.score import fading, in_window, weights
from workers.scoring.signals import EPOCH, KINDS, IntArray
from workers.scoring.versions import Version
from workers.scoring.without import Groups, leave_one_out
from workers.signals.store import address_of
from workers.signals.take import take
from workers.signals.vault import BrokenFileError

POSTS_A_PAGE = 20
SIGNALS_A_PAGE = 100
#: From so much on the stored score is shown to be another one than what the signals give now.
_SAME = 0.005


@dataclass(frozen=True)
class Addition:
    """A sum as it stands on the page: rounded terms, what rounding leaves over, and the rounded total."""

    terms: tuple[Decimal, ...]
    remainder: Decimal
    total: Decimal


@dataclass(frozen=True)
class Explained:
    """The newest score and its explanation."""

    stored: Score
    told: Explanation

    @property
    def moved(self) -> bool:
        """Were signals added or taken away since the score was stored? Then it is being made anew."""
        return abs(self.stored.score - self.told.total.score) > _SAME


@dataclass(frozen=True)
class Coming:
    """Another version of the model that is announced, and the same day scored with it."""

    version: Version
    told: Explanation


@dataclass(frozen=True)
class Basis:
    """What data a score rests on."""

    signals: int
    """Signals in the window, counted ones as one."""
    posts: int
    since: date
    """First day of the window."""


@dataclass(frozen=True)
class ShownWeek:
    """One of the 13 weeks."""

    number: int
    """0 for the newest."""
    first: date
    last: date
    reactions: int
    """Signals that are reactions; without one the week is empty."""
    part: Part


@dataclass(frozen=True)
class ShownPost:
    """A post with what it gave."""

    id: str
    network: str
    address: str
    day: date
    part: Part


@dataclass(frozen=True)
class ShownSignal:
    """One signal, down to the last factor."""

    network: str
    kind: str
    day: date
    age: int
    """Days."""
    count: int
    weight: float
    fading: float
    """Factor for its age: halved every 30 days; 1 for followers."""
    value: float
    """Weight times count times fading."""
    voice: int | None
    """Number of who reacted, which holds on this page only; None where only a count is public."""
    actor: str | None
    """Pseudonym of who reacted, which is shown to nobody."""
    lent: bool
    """Does who reacted take part and lend their standing?"""
    standing: float
    voice_value: float
    """S of its voice: the values of all its reactions to whatever post, added up."""
    loudness: float
    """C of its voice: standing times the root of `voice_value`."""
    points: float
    without: float
    """The score without it."""
    row: int
    """Its place among the signals of the explanation."""


@dataclass(frozen=True)
class SignalPage:
    """A page of signals of one post, or of those without a post."""

    shown: list[ShownSignal]
    page: int
    """From 1."""
    pages: int
    signals: int
    """On all pages."""
    points: float
    """Of all pages."""


def explained(session: Session, subject_id: str) -> Explained | None:
    """The explanation of the newest score; None before the first. Raises `BrokenFileError`."""
    stored = newest(session, subject_id)
    return Explained(stored, explain_day(session, subject_id, stored.day)) if stored else None


def explain_day(session: Session, subject_id: str, day: date) -> Explanation:
    """The explanation of a day, recomputed from the stored signals."""
    return _explain(session, subject_id, day, versions.PUBLISHED.on(day))


def coming(session: Session, subject_id: str, day: date, today: date) -> Coming | None:
    """What an announced version of the model would make of a day, before it applies (R18)."""
    version = versions.PUBLISHED.coming(today)
    return Coming(version, _explain(session, subject_id, day, version.model)) if version else None


def _explain(session: Session, subject_id: str, day: date, model: Model) -> Explanation:
    taken = take(session, subject_id, day)
    if not len(taken.signals) and _given_up(session, subject_id):
        raise BrokenFileError("what was read is lost, and not read again yet")
    return explain(taken.signals, day, taken.yesterday, taken.disputed, model)


def _given_up(session: Session, subject_id: str) -> bool:
    """Was an account read to its end before `workers.losses.give_up`, and is to be read anew?"""
    mine = (Connection.subject_id == subject_id, Connection.state == State.PROVEN, Connection.read_at.is_(None))
    before = select(Run.id).join(Connection, Connection.id == Run.connection_id).where(*mine, Run.ended_at.is_not(None))
    return session.scalar(before.where(Run.failure.is_(None)).limit(1)) is not None


def disputed(told: Explanation) -> int:
    """How many signals would count, were they not disputed."""
    return int(np.count_nonzero(told.frame.disputed & in_window(told.frame.age, told.model)))


def basis(told: Explanation) -> Basis:
    """What data an explanation rests on."""
    return Basis(
        signals=int(np.count_nonzero(told.tally.value)),
        posts=len(told.posts),
        since=told.day - timedelta(days=told.model.window_days - 1),
    )


def counted(told: Explanation) -> dict[str, int]:
    """How many signals count of each network and kind, by label; older numbers of followers do not count any more."""
    rows = told.tally.value > 0
    signals = told.frame.signals
    return {
        label: number
        for codes, labels in ((signals.network, signals.networks), (signals.kind, KINDS))
        for label, number in zip(labels, np.bincount(codes[rows], minlength=len(labels)).tolist(), strict=True)
    }


def last_reading(session: Session, subject_id: str) -> Run | None:
    """The newest reading that came to its end: when the networks were asked last, and by which collector."""
    query = select(Run).where(Run.subject_id == subject_id, Run.ended_at.is_not(None))
    return session.scalar(query.order_by(Run.ended_at.desc()).limit(1))


def add_up(score: float, points: Sequence[float]) -> Addition:
    """1 and the points, each rounded to two decimals, against the rounded score: the difference is said, not hidden."""
    terms = tuple(cents(value) for value in (KLARWERT_1.lowest, *points))
    total = cents(score)
    return Addition(terms, total - sum(terms, Decimal(0)), total)


def weeks(told: Explanation) -> list[ShownWeek]:
    """The 13 weeks, the newest first."""
    counts = told.tally.week_counts.tolist()
    return [
        ShownWeek(
            number=number,
            first=told.day - timedelta(days=7 * number + 6),
            last=told.day - timedelta(days=7 * number),
            reactions=counts[number],
            part=part,
        )
        for number, part in enumerate(told.weeks)
    ]


def posts(
    session: Session, ring: KeyRing, subject_id: str, told: Explanation, start: int, count: int = POSTS_A_PAGE
) -> list[ShownPost]:
    """Posts that gave points, the most first, `count` of them from place `start` (0 is the first)."""
    parts = {part.label: part for part in told.posts[start : start + count]}
    key = ring.person(subject_id)
    query = (
        select(Post, Connection.network)
        .join(Connection, Connection.id == Post.connection_id)
        .where(Post.subject_id == subject_id, Post.id.in_(parts))
    )
    rows = session.execute(query).all()
    shown = [ShownPost(row.id, network, address_of(row, key), row.day, parts[row.id]) for row, network in rows]
    return sorted(shown, key=lambda post: post.part.rank)


def one_post(session: Session, ring: KeyRing, subject_id: str, told: Explanation, post_id: str) -> ShownPost:
    """One post that gave points. Raises `MissingError` for another person's, and for one without signals."""
    for place, part in enumerate(told.posts):
        if part.label == post_id:
            found = posts(session, ring, subject_id, told, place, 1)
            if found:
                return found[0]
    raise MissingError("no such post among those that count")


def postless(told: Explanation) -> tuple[int, float]:
    """How many signals belong to no post (followers, mentions), and their points."""
    rows = _rows(told, None)
    return len(rows), float(told.total.points[rows].sum())


def signals_of(told: Explanation, post_id: str | None, page: int = 1) -> SignalPage:
    """Signals of one post, or those without a post, a hundred a page, the most points first.

    Only what is on the page is looked at one by one. Raises `MissingError` for a page that is not there.
    """
    rows = _rows(told, post_id)
    pages = max(1, -(-len(rows) // SIGNALS_A_PAGE))
    if not 1 <= page <= pages:
        raise MissingError("no such page")
    part = slice((page - 1) * SIGNALS_A_PAGE, page * SIGNALS_A_PAGE)
    return SignalPage(
        shown=_show(told, rows[part], _numbers(told, rows)[part]),
        page=page,
        pages=pages,
        signals=len(rows),
        points=float(told.total.points[rows].sum()),
    )


def _rows(told: Explanation, post_id: str | None) -> IntArray:
    """Rows of the signals that count for a post, or for none: most points first, then the newest."""
    signals = told.frame.signals
    wanted = signals.posts.index(post_id) if post_id is not None else -1
    rows = np.flatnonzero((signals.post == wanted) & (told.tally.value > 0))
    order = np.lexsort((rows, told.frame.age[rows], -np.round(told.total.points[rows], 9)))
    return np.asarray(rows[order])


def _numbers(told: Explanation, rows: IntArray) -> IntArray:
    """Numbers those who reacted 1, 2, … in the order in which they appear; 0 where only a count is public."""
    known = told.frame.signals.actor[rows] >= 0
    _, first, inverse = np.unique(told.frame.voice[rows][known], return_index=True, return_inverse=True)
    numbers = np.zeros(len(rows), dtype=np.int64)
    numbers[known] = np.argsort(np.argsort(first))[inverse] + 1
    return numbers


def _show(told: Explanation, rows: IntArray, numbers: IntArray) -> list[ShownSignal]:
    signals, frame, tally = told.frame.signals, told.frame, told.tally
    without = leave_one_out(frame, tally, Groups(rows, np.arange(len(rows)), len(rows)))
    weight, fades = weights(told.model), fading(told.model)
    return [
        ShownSignal(
            network=signals.networks[signals.network[row]],
            kind=KINDS[signals.kind[row]],
            day=date.fromordinal(int(signals.day[row]) + EPOCH),
            age=int(frame.age[row]),
            count=int(signals.count[row]),
            weight=float(weight[signals.kind[row]]),
            fading=1.0 if frame.audience[row] else float(fades[frame.age[row]]),
            value=float(tally.value[row]),
            voice=number or None,
            actor=signals.actors[signals.actor[row]] if signals.actor[row] >= 0 else None,
            lent=bool(frame.lender[row]),
            standing=float(frame.standing[frame.voice[row]]),
            voice_value=float(tally.sums[frame.voice[row]]),
            loudness=float(tally.loudness[frame.voice[row]]),
            points=float(told.total.points[row]),
            without=float(alone),
            row=row,
        )
        for row, number, alone in zip(rows.tolist(), numbers.tolist(), without.tolist(), strict=True)
    ]
