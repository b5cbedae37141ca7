"""Where signals rest: put what was read, take one person's, drop what may not stay.

One plain table for now, behind these few verbs; what is one signal follows `score-model.md`, section 1.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from privacy.base import new_id
from privacy.keyring import KeyRing, PersonKey
from privacy.sealed import seal, unseal
from workers.models import Connection, Post, Run, Signal, StandingLink
from workers.networks.shape import Reaction, Reading
from workers.runtime.work import Work
from workers.scoring.model import AUDIENCE, KLARWERT_1

#: Kinds that one account gives to one post once: the earliest day stays.
ONCE = frozenset({"like", "repost", "endorsement"})
#: What makes signals of one kind and post one: the actor (None of a count), and the day of kinds that may come again.
_Identity = tuple[str | None, date | None]


@dataclass(frozen=True)
class _Known:
    """A signal that is stored already."""

    id: int
    day: date
    count: int


@dataclass(frozen=True)
class _Place:
    """Where the signals of one reading go."""

    connection: Connection
    post: Post
    first: bool
    """Is the post read for the first time?"""
    key: PersonKey
    today: date

    @property
    def oldest(self) -> date:
        """The first day of the window: what is older is not stored."""
        return self.today - timedelta(days=KLARWERT_1.window_days - 1)

    @property
    def unsaid(self) -> date:
        """The day of what is new and bears none: the one on which it is seen, in a first reading that of the post."""
        return self.post.day if self.first else self.today

    def day(self, reaction: Reaction, known: date | None) -> date:
        """The network's day, else the first one on which it was seen. `known` is the earliest stored day."""
        return min(reaction.day or known or self.unsaid, self.today)


def put(work: Work, key: PersonKey, connection: Connection, reading: Reading) -> int:
    """Stores one post's reactions; how many were read.

    Kinds that were read to their end replace what was stored (so what was taken back goes); others only add.
    """
    place = _place(work, key, connection, reading)
    stored = _stored(work.session, place.post.id)
    by_kind: dict[str, list[Reaction]] = defaultdict(list)
    for reaction in reading.reactions:
        by_kind[reaction.kind].append(reaction)
    for kind in by_kind.keys() | reading.complete:
        reactions, known, complete = by_kind.get(kind, []), stored.get(kind, {}), kind in reading.complete
        _put_actors(work.session, place, kind, reactions, known, complete)
        counts = [reaction.count for reaction in reactions if reaction.actor_id is None]
        if counts or complete:
            _put_count(work.session, place, kind, sum(counts), known)
    return len(reading.reactions)


def put_audience(work: Work, connection: Connection, followers: int) -> None:
    """Stores the follower count of today, one a day and connection: the last one read."""
    mine = (Signal.connection_id == connection.id) & (Signal.kind == AUDIENCE) & (Signal.day == work.today)
    work.session.execute(delete(Signal).where(mine))
    if followers > 0:
        row = _row(connection, None, AUDIENCE, work.today, None, followers)
        work.session.execute(insert(Signal), [row])


def unseen(session: Session, connection: Connection, since: datetime) -> list[Post]:
    """Posts of a connection that no reading has seen in public since a moment (R13)."""
    return list(session.scalars(select(Post).where(Post.connection_id == connection.id, Post.read_at < since)))


def found(work: Work, connection: Connection, addresses: Iterable[str]) -> list[Post]:
    """The stored posts of a connection with these addresses."""
    indexes = [post_index(work.ring, connection.id, address) for address in addresses]
    query = select(Post).where(Post.connection_id == connection.id, Post.address_index.in_(indexes))
    return list(work.session.scalars(query))


def drop_posts(session: Session, posts: Iterable[Post]) -> None:
    """Erases posts and their signals: they are gone at their source."""
    for post in posts:
        session.execute(delete(Signal).where(Signal.post_id == post.id))
        session.delete(post)


def drop_silent(session: Session, connection: Connection, since: date) -> None:
    """Erases posts before a day on which no stored reaction rests any more."""
    heard = exists().where(Signal.post_id == Post.id)
    session.execute(delete(Post).where(Post.connection_id == connection.id, Post.day < since, ~heard))


def drop_read(session: Session, connection: Connection) -> None:
    """Erases everything that was read through a connection, but not the connection.

    A reading that is on its way is waited for, and finds its run gone afterwards.
    """
    session.execute(select(Connection.id).where(Connection.id == connection.id).with_for_update())
    drop_signals(session, connection)
    session.execute(delete(Run).where(Run.connection_id == connection.id))
    # Through which account somebody lends their standing is not kept: the links come back with the next readings.
    session.execute(delete(StandingLink).where(StandingLink.lender_id == connection.subject_id))


def drop_signals(session: Session, connection: Connection) -> None:
    """Erases the signals and posts of a connection."""
    for table in (Signal, Post):
        session.execute(delete(table).where(table.connection_id == connection.id))
    drop_unheard(session, connection.subject_id)


def drop_unheard(session: Session, subject_id: str) -> None:
    """Erases standing links of those who are no longer among a person's signals."""
    heard = exists().where(Signal.subject_id == subject_id, Signal.actor == StandingLink.actor)
    session.execute(delete(StandingLink).where(StandingLink.subject_id == subject_id, ~heard))


def drop_connections(session: Session, connections: Iterable[Connection]) -> None:
    """Erases connections with everything that was read through them."""
    for connection in connections:
        drop_read(session, connection)
        session.delete(connection)
    session.flush()


def address_of(post: Post, key: PersonKey) -> str:
    """The public address of a post."""
    return unseal(post, key, "address")


def post_index(ring: KeyRing, connection_id: str, address: str) -> bytes:
    """How a post is found again by its address."""
    return ring.blind(f"post/{connection_id}", address)


def _place(work: Work, key: PersonKey, connection: Connection, reading: Reading) -> _Place:
    index = post_index(work.ring, connection.id, reading.post.address)
    post = work.session.scalar(select(Post).where(Post.connection_id == connection.id, Post.address_index == index))
    first = post is None
    if post is None:
        post = Post(
            id=new_id(), subject_id=connection.subject_id, connection_id=connection.id, address_index=index,
            day=reading.post.day, first_read_at=work.now, read_at=work.now,
        )  # fmt: skip
        seal(post, key, address=reading.post.address)
        work.session.add(post)
    post.read_at = work.now
    work.session.flush()
    return _Place(connection, post, first, key, work.today)


def _stored(session: Session, post_id: str) -> dict[str, dict[_Identity, _Known]]:
    """The stored signals of a post, by kind and by what makes them one."""
    stored: dict[str, dict[_Identity, _Known]] = defaultdict(dict)
    columns = (Signal.id, Signal.kind, Signal.day, Signal.actor, Signal.count)
    for id_, kind, day, actor, count in session.execute(select(*columns).where(Signal.post_id == post_id)):
        stored[kind][_identity(kind, actor, day)] = _Known(id_, day, count)
    return stored


def _identity(kind: str, actor: str | None, day: date) -> _Identity:
    return (actor, None) if actor is not None and kind in ONCE else (actor, day)


def _put_actors(
    session: Session,
    place: _Place,
    kind: str,
    reactions: list[Reaction],
    stored: dict[_Identity, _Known],
    complete: bool,
) -> None:
    """Stores reactions of known actors: a complete list replaces what is stored, another one only adds."""
    mine = {identity: known for identity, known in stored.items() if identity[0] is not None}
    wanted = _by_actor(place, kind, reactions, mine)
    gone = [known.id for identity, known in mine.items() if identity not in wanted and complete]
    rows = []
    for identity, (day, seen) in wanted.items():
        known = mine.get(identity)
        count = seen if complete or known is None else max(seen, known.count)
        if day < place.oldest:
            # What has left the window by itself goes with its time: it is known until then.
            gone += [known.id] if known and known.day != day else []
        elif known is None:
            rows.append(_row(place.connection, place.post, kind, day, identity[0], count))
        elif (known.day, known.count) != (day, count):
            _change(session, known, day, count)
    _remove(session, gone)
    if rows:
        session.execute(insert(Signal), rows)


def _by_actor(
    place: _Place, kind: str, reactions: list[Reaction], stored: dict[_Identity, _Known]
) -> dict[_Identity, tuple[date, int]]:
    """Reactions of known actors by what makes them one signal: day and count."""
    known: dict[str | None, date] = {}
    for (who, _), signal in stored.items():
        known[who] = min(signal.day, known.get(who, signal.day))
    wanted: dict[_Identity, tuple[date, int]] = {}
    for reaction in reactions:
        if reaction.actor_id is None or reaction.count < 1:
            continue
        actor = place.key.pseudonym(place.connection.network, reaction.actor_id)
        day = place.day(reaction, known.get(actor))
        if kind in ONCE:
            earliest = wanted.get((actor, None), (known.get(actor, day), 1))[0]
            wanted[actor, None] = (min(day, earliest), 1)
        else:
            wanted[actor, day] = (day, wanted.get((actor, day), (day, 0))[1] + reaction.count)
    return wanted


def _put_count(session: Session, place: _Place, kind: str, count: int, stored: dict[_Identity, _Known]) -> None:
    """Counts come as increments: growth on the day it is seen, and where a count falls the newest shrink first."""
    increments = sorted(
        (known for identity, known in stored.items() if identity[0] is None), key=lambda known: known.day, reverse=True
    )
    excess = sum(known.count for known in increments) - count
    if excess < 0:
        _grow(session, place, kind, -excess, increments)
    for known in increments:
        if excess <= 0:
            break
        left = max(known.count - excess, 0)
        excess -= known.count - left
        if left:
            _change(session, known, known.day, left)
        else:
            _remove(session, [known.id])


def _grow(session: Session, place: _Place, kind: str, growth: int, increments: list[_Known]) -> None:
    day = place.unsaid
    same = next((known for known in increments if known.day == day), None)
    if same is not None:
        _change(session, same, day, same.count + growth)
    elif day >= place.oldest:
        session.execute(insert(Signal), [_row(place.connection, place.post, kind, day, None, growth)])


def _change(session: Session, known: _Known, day: date, count: int) -> None:
    session.execute(update(Signal).where(Signal.id == known.id).values(day=day, day_at=end_of(day), count=count))


def _remove(session: Session, ids: list[int]) -> None:
    for start in range(0, len(ids), 500):
        session.execute(delete(Signal).where(Signal.id.in_(ids[start : start + 500])))


def end_of(day: date) -> datetime:
    """The end of a day (UTC), from which the 91 days of its signals count."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def _row(
    connection: Connection, post: Post | None, kind: str, day: date, actor: str | None, count: int
) -> dict[str, object]:
    return {
        "subject_id": connection.subject_id,
        "connection_id": connection.id,
        "post_id": post.id if post else None,
        "network": connection.network,
        "kind": kind,
        "day": day,
        "day_at": end_of(day),
        "actor": actor,
        "count": count,
    }
