"""Where signals rest: put what was read, drop what may not stay; what is one signal: `score-model.md`, section 1.

What was read is compared with what is known, and only the difference is said (`workers.signals.block`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy.base import new_id
from privacy.keyring import KeyRing, PersonKey
from privacy.sealed import seal, unseal
from workers.models import Connection, Inbox, Post, Run, StandingLink
from workers.networks.shape import Reaction, Reading
from workers.runtime.process import process_of
from workers.runtime.work import Work
from workers.scoring.model import KLARWERT_1
from workers.scoring.signals import AUDIENCE_CODE, EPOCH, KIND_CODES, KINDS
from workers.signals import forgotten
from workers.signals.block import DROP_ALL, DROP_POST, ONCE, Statement
from workers.signals.columns import Columns, Ints
from workers.signals.forgotten import without_forgotten
from workers.signals.inbox import known, say
from workers.signals.vault import BrokenFileError

#: What makes signals of one kind and post one: the actor (None of a count), and the day of kinds that may come again.
_Identity = tuple[str | None, date | None]
_CHUNK = 500


@dataclass(frozen=True)
class _Known:
    """A signal that is stored already."""

    actor: str | None
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
    said: list[Statement] = field(default_factory=list)
    """What is to be said about the post."""

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

    def say(self, kind: str, actor: str | None, day: date, count: int) -> None:
        """States a signal; with 0 that it is not there."""
        self.said.append(Statement(KIND_CODES[kind], self.post.number, actor, number_of(day), count))


def put(work: Work, key: PersonKey, connection: Connection, *readings: Reading) -> int:
    """Stores the reactions of a page of posts as one block; how many were read, or stand as they were read before.

    Kinds that were read to their end replace what was stored (so what was taken back goes); others only add.
    """
    readings = tuple(without_forgotten(work, key, connection, readings))
    said: list[Statement] = []
    stand = 0
    mine: Columns | None = None
    done: set[int] = set()
    for reading in readings:
        place = _place(work, key, connection, reading)
        if place.post.number in done:  # a page that has a post twice: the second time it is known
            say(work.session, key, connection.subject_id, connection.id, said)
            said, mine, done = [], None, set()
        if mine is None:
            mine = known(work.session, connection.subject_id, key)
        stored = _stored(mine, connection.id, place.post.number)
        stand += sum(len(stored[kind]) for kind in reading.same & stored.keys())
        _put_post(place, reading, stored)
        said += place.said
        done.add(place.post.number)
    say(work.session, key, connection.subject_id, connection.id, said)
    return stand + sum(len(reading.reactions) for reading in readings)


def put_anew(work: Work, key: PersonKey, connection: Connection, reading: Reading) -> None:
    """Makes the signals of a post what a reading says, which is all of them, where nobody can read what is stored.

    Its topics go with them; they come again with the next reading.
    """
    for left in without_forgotten(work, key, connection, [reading]):
        place = _place(work, key, connection, left)
        place.said.append(Statement(DROP_POST, place.post.number))
        _put_post(place, left, {})
        say(work.session, key, connection.subject_id, connection.id, place.said)


def _put_post(place: _Place, reading: Reading, stored: Mapping[str, dict[_Identity, _Known]]) -> None:
    by_kind: dict[str, list[Reaction]] = defaultdict(list)
    for reaction in reading.reactions:
        by_kind[reaction.kind].append(reaction)
    for kind in sorted(by_kind.keys() | reading.complete):
        reactions, known_, complete = by_kind.get(kind, []), stored.get(kind, {}), kind in reading.complete
        _put_actors(place, kind, reactions, known_, complete)
        counts = [reaction.count for reaction in reactions if reaction.actor_id is None]
        if counts or complete:
            _put_count(place, kind, sum(counts), known_)


def put_audience(work: Work, connection: Connection, followers: int) -> None:
    """Stores the follower count of today, one a day and connection: the last one read."""
    if work.today in forgotten.days(work.session, connection.subject_id):
        return
    statement = Statement(AUDIENCE_CODE, day=number_of(work.today), count=max(followers, 0))
    key = work.ring.person(connection.subject_id)
    say(work.session, key, connection.subject_id, connection.id, [statement])


def unseen(session: Session, connection: Connection, since: datetime) -> list[Post]:
    """Posts of a connection that no reading has seen in public since a moment (R13)."""
    return list(session.scalars(select(Post).where(Post.connection_id == connection.id, Post.read_at < since)))


def found(work: Work, connection: Connection, addresses: Iterable[str]) -> list[Post]:
    """The stored posts of a connection with these addresses."""
    indexes = [post_index(work.ring, connection.id, address) for address in addresses]
    query = select(Post).where(Post.connection_id == connection.id, Post.address_index.in_(indexes))
    return list(work.session.scalars(query))


def take_back(
    work: Work, key: PersonKey, connection: Connection, address: str, kind: str, actor_id: str, day: date
) -> None:
    """Takes one reaction away that its author took back; of several on one `day` one stays less. Unknown: nothing."""
    actor = key.pseudonym(connection.network, actor_id)
    for post in found(work, connection, [address]):
        stored = _stored(known(work.session, connection.subject_id, key), connection.id, post.number)
        one = stored.get(kind, {}).get(_identity(kind, actor, day))
        if one is not None:
            less = Statement(KIND_CODES[kind], post.number, actor, number_of(one.day), one.count - 1)
            say(work.session, key, connection.subject_id, connection.id, [less])


def drop_posts(session: Session, posts: Iterable[Post]) -> None:
    """Erases posts and their signals: they are gone at their source."""
    gone: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for post in posts:
        gone[post.subject_id, post.connection_id].append(Statement(DROP_POST, post.number))
        session.delete(post)
    session.flush()
    for (subject_id, connection_id), said in gone.items():
        say(session, process_of(session).ring.person(subject_id), subject_id, connection_id, said)


def see_again(work: Work, connection: Connection, since: date) -> int:
    """Notes that all posts from a day on are still there; how many they are."""
    theirs = list(work.session.scalars(select(Post).where(Post.connection_id == connection.id, Post.day >= since)))
    for post in theirs:
        post.read_at = work.now
    return len(theirs)


def drop_silent(session: Session, connection: Connection, since: date) -> None:
    """Erases posts before a day on which no stored reaction rests any more."""
    heard = set(_posts(known(session, connection.subject_id), connection.id).tolist())
    old = session.scalars(select(Post).where(Post.connection_id == connection.id, Post.day < since))
    for post in old:
        if post.number not in heard:
            session.delete(post)
    session.flush()


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
    """Erases the signals and posts of a connection: at once for every reader, and soon in the files."""
    for table in (Inbox, Post):
        session.execute(delete(table).where(table.connection_id == connection.id))
    connection.marks = None  # "nothing has changed" would be no answer to who has forgotten it
    key = process_of(session).ring.person(connection.subject_id)
    say(session, key, connection.subject_id, connection.id, [Statement(DROP_ALL)], urgent=True)
    drop_unheard(session, connection.subject_id)


def has_signals(session: Session, connection: Connection) -> bool:
    """Does anything rest that was read through a connection?"""
    return len(_posts(known(session, connection.subject_id), connection.id)) > 0


def drop_unheard(session: Session, subject_id: str) -> None:
    """Erases standing links of those who are no longer among a person's signals, as far as these can be read."""
    linked = session.scalars(select(StandingLink.actor).where(StandingLink.subject_id == subject_id)).all()
    if not linked:
        return
    try:
        heard = set(known(session, subject_id).pseudonym.tolist())
    except BrokenFileError:  # each reading looks again
        return
    gone = [actor for actor in linked if int(actor, 16) not in heard]
    for start in range(0, len(gone), _CHUNK):
        some = StandingLink.actor.in_(gone[start : start + _CHUNK])
        session.execute(delete(StandingLink).where(StandingLink.subject_id == subject_id, some))


def drop_connections(session: Session, connections: Iterable[Connection]) -> None:
    """Erases connections with everything that was read through them."""
    for connection in connections:
        drop_read(session, connection)
        session.execute(delete(Inbox).where(Inbox.connection_id == connection.id))
        session.delete(connection)
        session.flush()
        # No reader knows the connection any more; this has its bytes go from the file, too.
        key = process_of(session).ring.person(connection.subject_id)
        say(session, key, connection.subject_id, None, [], urgent=True)


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
            id=new_id(), subject_id=connection.subject_id, connection_id=connection.id,
            number=next_number(connection), address_index=index, day=reading.post.day, first_read_at=work.now,
            read_at=work.now,
        )  # fmt: skip
        seal(post, key, address=reading.post.address)
        work.session.add(post)
    post.read_at = work.now
    work.session.flush()
    return _Place(connection, post, first, key, work.today)


def next_number(connection: Connection) -> int:
    """The number of a new post of a connection; none is given twice."""
    connection.last_post += 1
    return connection.last_post


def _posts(mine: Columns, connection_id: str) -> Ints:
    """Numbers of the posts of a connection that have signals, 0 for signals without a post."""
    if connection_id not in mine.connections:
        return mine.target_post[:0]
    numbers: Ints = mine.target_post[mine.target_connection == mine.connections.index(connection_id)]
    return numbers


def _stored(mine: Columns, connection_id: str, number: int) -> dict[str, dict[_Identity, _Known]]:
    """The stored signals of a post, by kind and by what makes them one."""
    stored: dict[str, dict[_Identity, _Known]] = defaultdict(dict)
    here = np.array([one == connection_id for one in mine.connections], dtype=np.bool_)
    wanted = here[mine.target_connection] & (mine.target_post == number)
    rows = np.flatnonzero(wanted[mine.target])
    columns = (
        mine.kind[rows],
        mine.speaker[rows],
        mine.pseudonym[mine.speaker[rows]],
        mine.day[rows],
        mine.count[rows],
    )
    for code, speaker, pseudonym, day, count in zip(*(column.tolist() for column in columns), strict=True):
        actor = f"{pseudonym:016x}" if speaker else None
        one = _Known(actor, day_of(day), count)
        stored[KINDS[code]][_identity(KINDS[code], actor, one.day)] = one
    return stored


def _identity(kind: str, actor: str | None, day: date) -> _Identity:
    return (actor, None) if actor is not None and kind in ONCE else (actor, day)


def _put_actors(
    place: _Place, kind: str, reactions: list[Reaction], stored: dict[_Identity, _Known], complete: bool
) -> None:
    """Stores reactions of known actors: a complete list replaces what is stored, another one only adds."""
    mine = {identity: one for identity, one in stored.items() if identity[0] is not None}
    wanted = _by_actor(place, kind, reactions, mine)
    for identity, one in mine.items():
        if complete and identity not in wanted:
            place.say(kind, one.actor, one.day, 0)
    for identity, (day, seen) in wanted.items():
        before = mine.get(identity)
        count = seen if complete or before is None else max(seen, before.count)
        if day < place.oldest:
            # What has left the window by itself goes with its time: it is known until then.
            if before and before.day != day:
                place.say(kind, before.actor, before.day, 0)
        elif before is None or (before.day, before.count) != (day, count):
            place.say(kind, identity[0], day, count)


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


def _put_count(place: _Place, kind: str, count: int, stored: dict[_Identity, _Known]) -> None:
    """Counts come as increments: growth on the day it is seen, and where a count falls the newest shrink first."""
    increments = sorted((one for one in stored.values() if one.actor is None), key=lambda one: one.day, reverse=True)
    excess = sum(one.count for one in increments) - count
    if excess < 0:
        _grow(place, kind, -excess, increments)
    for one in increments:
        if excess <= 0:
            break
        left = max(one.count - excess, 0)
        excess -= one.count - left
        place.say(kind, None, one.day, left)


def _grow(place: _Place, kind: str, growth: int, increments: list[_Known]) -> None:
    day = place.unsaid
    same = sum(one.count for one in increments if one.day == day)
    if same or day >= place.oldest:
        place.say(kind, None, day, same + growth)


def number_of(day: date) -> int:
    """A day as columns have it: days since 1970-01-01."""
    return day.toordinal() - EPOCH


def day_of(number: int) -> date:
    """A day of columns as a date."""
    return date.fromordinal(number + EPOCH)
