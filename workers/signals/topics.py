"""Topics of a person's posts: given while a text is in memory, kept sealed, gone with the consent (R10, R12)."""

import json
from collections.abc import Callable, Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject, new_id
from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from workers.models import Connection, Post, RejectedTopic
from workers.runtime.work import Work
from workers.signals.disputes import follow_topics
from workers.signals.store import found
from workers.topics.giving import Giver


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
    for address, text in texts.items():
        topics = [slug for slug in give(text) if slug not in unwanted]
        for post in found(work, connection, [address]):
            _put(post, key, topics)
            follow_topics(work, key, connection.subject_id, connection.network, post.id, topics)


def topics_by_post(session: Session, key: PersonKey, subject_id: str) -> Mapping[str, tuple[str, ...]]:
    """Id of the post to slugs of its topics, of posts that have some; empty without a consent."""
    if not consent.agreed(session, subject_id, Purpose.TOPICS):
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
    for post_id, topics in topics_by_post(work.session, key, subject_id).items():
        if topic in topics:
            _put(work.session.get_one(Post, post_id), key, [slug for slug in topics if slug != topic])


def take_back(work: Work, key: PersonKey, subject_id: str, topic: str) -> None:
    """Forgets that a topic was rejected; the next reading may give it again. Raises `NoConsentError`."""
    consent.require(work.session, subject_id, Purpose.TOPICS)
    row_id = rejected(work.session, key, subject_id).get(topic)
    work.session.execute(delete(RejectedTopic).where(RejectedTopic.id == row_id))


def drop_topics(session: Session, subject_id: str) -> None:
    """Erases every topic of a person, rejected ones included."""
    session.execute(update(Post).where(Post.subject_id == subject_id).values(topics=None))
    session.execute(delete(RejectedTopic).where(RejectedTopic.subject_id == subject_id))


def _put(post: Post, key: PersonKey, topics: list[str]) -> None:
    seal(post, key, topics=json.dumps(topics) if topics else None)
