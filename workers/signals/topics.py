"""Topics of a person's posts: given while a text is in memory, kept sealed, gone with the consent (R10, R12)."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject, new_id
from privacy.keyring import KeyRing, PersonKey
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from workers.models import Connection, Post, RejectedTopic, Score, Topic
from workers.runtime.process import process_of
from workers.runtime.work import Work
from workers.signals.block import DROP_TOPICS, TOPIC, Statement
from workers.signals.columns import Columns
from workers.signals.disputes import follow_topics
from workers.signals.inbox import known, say
from workers.signals.store import found
from workers.topics.giving import Giver

_PLACE = "topic/slug"


def give_topics(
    work: Work, key: PersonKey, connection: Connection, texts: Mapping[str, str], giver: Callable[[], Giver]
) -> None:
    """Gives stored posts (by address) the topics of their texts, where the person agreed; else does nothing (R12).

    The giver is asked for only then: its words take up to a second to load, in every job anew.
    """
    if not consent.agreed(work.session, connection.subject_id, Purpose.TOPICS, hold=True):
        return
    unwanted = rejected(work.session, key, connection.subject_id).keys()
    give = giver().give
    given: dict[str, list[str]] = {}
    for address, text in texts.items():
        topics = [slug for slug in give(text) if slug not in unwanted]
        for post in found(work, connection, [address]):
            seal(post, key, topics=json.dumps(topics) if topics else None)
            given[post.id] = topics
            follow_topics(work, key, connection.subject_id, connection.network, post.id, topics)
    posts = {post.number: given[post.id] for post in found(work, connection, texts) if post.id in given}
    _say(work.session, key, connection.subject_id, connection.id, posts)


def topics_by_post(session: Session, key: PersonKey, subject_id: str) -> Mapping[str, tuple[str, ...]]:
    """Id of the post to slugs of its topics, of posts that have some; empty without a consent."""
    if not consent.granted(session, subject_id, Purpose.TOPICS):
        return {}
    posts = session.scalars(select(Post).where(Post.subject_id == subject_id, Post.topics.is_not(None)))
    return {post.id: tuple(json.loads(unseal(post, key, "topics"))) for post in posts}


def rejected(session: Session, key: PersonKey, subject_id: str) -> Mapping[str, str]:
    """Slug of every topic that a person rejected, to the id of its row."""
    rows = session.scalars(select(RejectedTopic).where(RejectedTopic.subject_id == subject_id))
    return {unseal(row, key, "topic"): row.id for row in rows}


def reject(work: Work, key: PersonKey, subject_id: str, topic: str) -> None:
    """Takes a topic from all posts of a person and remembers that they do not want it. Raises `NoConsentError`."""
    # Waits for a reading that has asked already what is unwanted: it could give the topic behind this.
    work.session.execute(select(Subject.id).where(Subject.id == subject_id).with_for_update(key_share=True))
    consent.require(work.session, subject_id, Purpose.TOPICS)
    if topic in rejected(work.session, key, subject_id):
        return
    row = RejectedTopic(id=new_id(), subject_id=subject_id, rejected_at=work.now)
    seal(row, key, topic=topic)
    work.session.add(row)
    left: dict[str, dict[int, list[str]]] = defaultdict(dict)
    for post_id, topics in topics_by_post(work.session, key, subject_id).items():
        if topic in topics:
            post = work.session.get_one(Post, post_id)
            kept = [slug for slug in topics if slug != topic]
            seal(post, key, topics=json.dumps(kept) if kept else None)
            left[post.connection_id][post.number] = kept
    for connection_id, posts in left.items():
        _say(work.session, key, subject_id, connection_id, posts)


def take_back(work: Work, key: PersonKey, subject_id: str, topic: str) -> None:
    """Forgets that a topic was rejected; the next reading may give it again. Raises `NoConsentError`."""
    consent.require(work.session, subject_id, Purpose.TOPICS)
    row_id = rejected(work.session, key, subject_id).get(topic)
    work.session.execute(delete(RejectedTopic).where(RejectedTopic.id == row_id))


def drop_topics(session: Session, subject_id: str) -> None:
    """Erases every topic of a person, rejected ones included."""
    session.execute(update(Post).where(Post.subject_id == subject_id).values(topics=None))
    session.execute(delete(RejectedTopic).where(RejectedTopic.subject_id == subject_id))
    session.execute(update(Score).where(Score.subject_id == subject_id).values(by_topic=None))
    key = process_of(session).ring.person(subject_id)
    say(session, key, subject_id, None, [Statement(DROP_TOPICS)], urgent=True)


def numbers_of(session: Session, slugs: Iterable[str]) -> dict[str, int]:
    """The number of each topic; new ones get theirs."""
    ring, wanted = process_of(session).ring, set(slugs)
    numbers = _numbers(session, wanted)
    for slug in sorted(wanted - numbers.keys()):
        with suppress(IntegrityError), session.begin_nested():  # somebody else may give it the first number now
            session.execute(insert(Topic).values(slug_index=_index(ring, slug), slug=ring.own().seal(_PLACE, slug)))
    return numbers if wanted <= numbers.keys() else _numbers(session, wanted)


def slugs(session: Session) -> dict[int, str]:
    """The topic of each number."""
    key = process_of(session).ring.own()
    return {row.number: key.open(_PLACE, row.slug) for row in session.execute(select(Topic.number, Topic.slug))}


def _numbers(session: Session, wanted: set[str]) -> dict[str, int]:
    indexes = {_index(process_of(session).ring, slug): slug for slug in wanted}
    rows = session.execute(select(Topic.slug_index, Topic.number).where(Topic.slug_index.in_(indexes)))
    return {indexes[row.slug_index]: row.number for row in rows}


def _index(ring: KeyRing, slug: str) -> bytes:
    return ring.blind("topic", slug)


def _say(
    session: Session, key: PersonKey, subject_id: str, connection_id: str, posts: Mapping[int, Sequence[str]]
) -> None:
    """Tells the columns the topics of posts (by number) that have signals, where they have changed."""
    numbers = numbers_of(session, {slug for topics in posts.values() for slug in topics})
    mine = _known(known(session, subject_id, key), connection_id)
    said: list[Statement] = []
    for post, topics in posts.items():
        wanted = {numbers[slug] for slug in topics}
        if post in mine and mine[post] != wanted:
            said.append(Statement(DROP_TOPICS, post))
            said += [Statement(TOPIC, post, count=number) for number in sorted(wanted)]
    say(session, key, subject_id, connection_id, said)


def _known(mine: Columns, connection_id: str) -> dict[int, set[int]]:
    """The topics that the columns have, of each post of a connection with signals."""
    there = {
        place: (post, set[int]())
        for place, (connection, post) in enumerate(
            zip(mine.target_connection.tolist(), mine.target_post.tolist(), strict=True)
        )
        if mine.connections[connection] == connection_id
    }
    for target, topic in zip(mine.topic_target.tolist(), mine.topic.tolist(), strict=True):
        if target in there:
            there[target][1].add(topic)
    return dict(there.values())
