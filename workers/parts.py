"""Erasing a part: all signals of one post, or of one day. It is gone from every score to come, and not read again."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy import consent, journal
from privacy.base import Subject, new_id
from privacy.ledger import note
from privacy.recipient import Act
from privacy.sealed import seal
from workers.models import Connection, Forgotten, Post, Webmention
from workers.results import drop_preliminary
from workers.runtime.work import Work
from workers.scoring.signals import KINDS
from workers.signals import basis
from workers.signals.block import Statement
from workers.signals.columns import Columns, Ints, Marks
from workers.signals.disputes import forget_post
from workers.signals.forgotten import Traces, address_index, mark
from workers.signals.inbox import known, say
from workers.signals.store import address_of, drop_posts, drop_unheard, number_of
from workers.telling import tell

#: An act in the journal.
PART_ERASED = "part erased"


class NothingThereError(LookupError):
    """There is no such post of the person."""


@dataclass(frozen=True)
class Part:
    """A post or a day of one person, with how many signals of each kind there are."""

    post: Post | None
    day: date | None
    kinds: Mapping[str, int]

    @property
    def signals(self) -> int:
        """How many signals there are."""
        return sum(self.kinds.values())


def part(session: Session, subject_id: str, post_id: str | None, day: date | None) -> Part:
    """What would be erased; a post or a day is named. Raises `NothingThereError`, `KeyGoneError`."""
    post = session.get(Post, post_id) if post_id else None
    if post_id and (post is None or post.subject_id != subject_id):
        raise NothingThereError("no such post")
    mine = known(session, subject_id)
    kinds = Counter(KINDS[kind] for kind in mine.kind[_rows(mine, post, day)].tolist())
    return Part(post, day, kinds)


def erase_part(work: Work, subject_id: str, post_id: str | None, day: date | None) -> Part:
    """Erases all signals of one post, or of one day, and remembers as little as it takes not to read them again.

    Raises `NothingThereError`, `KeyGoneError`.
    """
    _wait(work, subject_id)
    found = part(work.session, subject_id, post_id, day)
    rows = _remembered(work, subject_id, found)
    work.session.add_all(rows)
    work.session.flush()
    _drop(work, subject_id, found)
    said = {"signals": found.signals, "what": "post" if found.post else "day"}
    note(work.session, work.now, PART_ERASED, subject_id, **said)
    facts = {"post": post_id, "day": day.isoformat() if day else None, "rows": [journal.columns(row) for row in rows]}
    journal.note(work.session, work.now, PART_ERASED, subject=subject_id, **facts)
    tell(work, subject_id, Act.RECTIFICATION)
    return found


def erase_part_again(work: Work, subject_id: str, post_id: str | None, day: date | None, rows: list[Forgotten]) -> None:
    """The same on a database from before it."""
    _wait(work, subject_id)
    if work.session.get(Subject, subject_id) is None:
        return
    for row in rows:
        work.session.merge(row)
    work.session.flush()
    post = work.session.get(Post, post_id) if post_id else None
    if post is not None or day is not None:
        _drop(work, subject_id, Part(post, day, {}))


def _wait(work: Work, subject_id: str) -> None:
    """For readings that are storing a page and have not seen the list; later ones see it."""
    consent.take_turn(work.session, subject_id)
    mine = select(Connection.id).where(Connection.subject_id == subject_id).order_by(Connection.id)
    work.session.execute(mine.with_for_update()).all()


def _drop(work: Work, subject_id: str, found: Part) -> None:
    session, key = work.session, work.ring.person(subject_id)
    if found.post is not None:
        forget_post(work, subject_id, found.post.id)
        connection_id = found.post.connection_id
        drop_posts(session, [found.post])
        say(session, key, subject_id, connection_id, [], urgent=True)
    if found.day is not None:
        session.execute(delete(Webmention).where(Webmention.subject_id == subject_id, Webmention.day == found.day))
        for connection_id, said in _zeros(known(session, subject_id), found.day).items():
            say(session, key, subject_id, connection_id, said, urgent=True)
    drop_unheard(session, subject_id)
    basis.drop(session, subject_id)
    # The days that have ended stay what they were; the running one is made of what is left.
    drop_preliminary(session, subject_id)
    work.later("score", subject_id)


def _rows(mine: Columns, post: Post | None, day: date | None) -> Ints:
    marked: Marks = mine.count > 0
    if post is not None:
        here = np.array([one == post.connection_id for one in mine.connections], dtype=np.bool_)
        marked = marked & (here[mine.target_connection] & (mine.target_post == post.number))[mine.target]
    if day is not None:
        marked = marked & (mine.day == number_of(day))
    return np.flatnonzero(marked)


def _zeros(mine: Columns, day: date) -> dict[str, list[Statement]]:
    """That there is no signal of the day, by connection."""
    said: dict[str, list[Statement]] = defaultdict(list)
    for row in _rows(mine, None, day).tolist():
        connection, number, actor = _of(mine, row)
        said[connection].append(Statement(int(mine.kind[row]), number, actor, int(mine.day[row]), 0))
    return said


def _of(mine: Columns, row: int) -> tuple[str, int, str | None]:
    """Connection and number of the post of a signal, and the pseudonym behind it where one is known."""
    target, speaker = int(mine.target[row]), int(mine.speaker[row])
    actor = f"{int(mine.pseudonym[speaker]):016x}" if speaker else None
    return mine.connections[int(mine.target_connection[target])], int(mine.target_post[target]), actor


def _remembered(work: Work, subject_id: str, found: Part) -> list[Forgotten]:
    """Rows of the list: of a post its fingerprint; of a day the day, and of each post what is recognised."""
    key = work.ring.person(subject_id)
    if found.post is not None:
        return [_row(work, subject_id, found.post, None)]
    rows = [Forgotten(id=new_id(), subject_id=subject_id, network="", day=found.day, made_at=work.now)]
    mine = known(work.session, subject_id)
    actors: dict[tuple[str, int], set[str]] = defaultdict(set)
    counts: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for row in _rows(mine, None, found.day).tolist():
        connection, number, actor = _of(mine, row)
        kind = KINDS[int(mine.kind[row])]
        if actor is None:
            counts[connection, number][kind] += int(mine.count[row])
        else:
            actors[connection, number].add(mark(key, kind, actor))
    posts = work.session.scalars(select(Post).where(Post.subject_id == subject_id))
    for post in posts.all():
        place = post.connection_id, post.number
        if place in actors or place in counts:
            made = _row(work, subject_id, post, found.day)
            traces = Traces(frozenset(actors.get(place, ())), counts.get(place, {}))
            seal(made, key, block=traces.block)
            rows.append(made)
    return rows


def _row(work: Work, subject_id: str, post: Post, day: date | None) -> Forgotten:
    network = work.session.get_one(Connection, post.connection_id).network
    index = address_index(work.ring, subject_id, network, address_of(post, work.ring.person(subject_id)))
    return Forgotten(
        id=new_id(), subject_id=subject_id, network=network, address_index=index, day=day, made_at=work.now
    )  # fmt: skip
