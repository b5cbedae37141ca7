"""Takes one person's signals out of the store, as the columns that scoring and explanations are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from workers.models import Connection, Post
from workers.scoring.changes import Known
from workers.scoring.signals import BoolArray, Signals
from workers.signals.columns import Columns, Ints
from workers.signals.disputes import dropped
from workers.signals.inbox import known
from workers.signals.standing import lent


@dataclass(frozen=True)
class Taken:
    """What a score of one person on one day is made of."""

    signals: Signals
    """`post` is the post's id, `account` the connection's label."""
    yesterday: dict[str, float]
    """Pseudonym to the last published score of the participant behind it who lends their standing."""
    disputed: BoolArray
    """Signals that the person disputes: they are stored and do not count."""

    def known(self, day: date) -> Known:
        """The same as what the score of a day is made of."""
        return Known(day, self.signals, self.yesterday, self.disputed)


def take(session: Session, subject_id: str, day: date, topics: Mapping[str, Sequence[str]] | None = None) -> Taken:
    """The stored signals of the networks that a person agrees to, and who lends their standing on that day.

    `topics` are those of each post by its id (`workers.signals.topics`); a score needs none. Raises `KeyGoneError`,
    `workers.signals.vault.BrokenFileError`.
    """
    mine = known(session, subject_id)
    agreed = set(consent.networks(session, subject_id, frozen=True))
    signals = signals_of(session, mine, agreed, topics or {})
    return Taken(signals, lent(session, subject_id, day), dropped(session, subject_id, signals))


def signals_of(session: Session, mine: Columns, agreed: set[str], topics: Mapping[str, Sequence[str]]) -> Signals:
    """The columns of one person as signals with their labels, of the agreed networks, oldest first."""
    subject_id = mine.subjects[0]
    rows = session.execute(
        select(Connection.id, Connection.network, Connection.label).where(Connection.subject_id == subject_id)
    )
    about = {row.id: row for row in rows}
    networks, network = _coded([about[one].network for one in mine.connections])
    accounts, account = _coded([about[one].label or None for one in mine.connections])
    posts, post = _coded(_post_ids(session, mine))
    wanted = np.array([about[one].network in agreed for one in mine.connections], dtype=np.bool_)
    order = np.flatnonzero(wanted[mine.target_connection][mine.target])
    order = order[np.argsort(mine.day[order], kind="stable")]
    target, speaker = mine.target[order], mine.speaker[order]
    connection = mine.target_connection[target]
    topic_labels, topic, topic_row = _topics(posts, post[target], topics)
    return Signals(
        network=network[connection],
        networks=networks,
        kind=mine.kind[order],
        day=mine.day[order],
        actor=speaker - 1,  # the first speaker is nobody in particular
        actors=tuple(f"{pseudonym:016x}" for pseudonym in mine.pseudonym[1:].tolist()),
        count=mine.count[order],
        account=account[connection],
        accounts=accounts,
        post=post[target],
        posts=posts,
        topic=topic,
        topic_row=topic_row,
        topics=topic_labels,
    )


def post_ids(session: Session, subject_id: str) -> dict[tuple[str, int], str]:
    """The ids of a person's posts by connection and number."""
    query = select(Post.connection_id, Post.number, Post.id).where(Post.subject_id == subject_id)
    return {(connection, number): id_ for connection, number, id_ in session.execute(query)}


def _post_ids(session: Session, mine: Columns) -> list[str | None]:
    """The id of each target's post; None for what belongs to no post."""
    ids = post_ids(session, mine.subjects[0])
    pairs = zip(mine.target_connection.tolist(), mine.target_post.tolist(), strict=True)
    return [ids.get((mine.connections[connection], number)) for connection, number in pairs]


def _coded(labels: Sequence[str | None]) -> tuple[tuple[str, ...], Ints]:
    """The different labels, and the code of each; -1 where there is none."""
    codes: dict[str, int] = {}
    numbers = [-1 if label is None else codes.setdefault(label, len(codes)) for label in labels]
    return tuple(codes), np.array(numbers, dtype=np.int64)


def _topics(
    posts: Sequence[str], post: Ints, topics: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], Ints, Ints]:
    """Labels, codes and rows of the topics of signals, by the post that each belongs to."""
    of_post = [list(dict.fromkeys(topics.get(one, ()))) for one in posts]
    labels, codes = _coded([topic for some in of_post for topic in some])
    first = np.cumsum([0, *map(len, of_post)])
    sizes = np.append(np.diff(first), 0)[post]  # the last entry serves the code -1
    row = np.repeat(np.arange(len(post)), sizes)
    place = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return labels, codes[np.append(first[:-1], 0)[post][row] + place], row
