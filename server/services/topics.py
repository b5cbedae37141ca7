"""Topics as their person sees them: points by topic, the posts each rests on, and what was rejected."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from privacy.keyring import KeyRing, PersonKey
from server.services.explanations import ShownPost, posts
from server.services.missing import MissingError
from workers.results import newest
from workers.runtime.work import Work
from workers.scoring import versions
from workers.scoring.explain import Explanation, Part, explain
from workers.signals import topics as kept
from workers.signals.take import take
from workers.topics.table import Topic


@dataclass(frozen=True)
class ShownTopic:
    """One topic with what it gave."""

    slug: str
    name: str
    part: Part
    posts: list[ShownPost]
    """The posts that it rests on, as far as they gave points, the most first."""


@dataclass(frozen=True)
class Topics:
    """All topics of one person."""

    told: Explanation
    shown: list[ShownTopic]
    """The most points first."""
    points: float
    """Of all topics together; posts without a topic gave the rest."""
    rejected: list[tuple[str, str]]
    """Slug and name, by name."""


def overview(
    session: Session, ring: KeyRing, subject_id: str, names: Mapping[str, Topic], language: str
) -> Topics | None:
    """Points by topic of the newest scored day, recomputed from the signals; None before the first score."""
    stored = newest(session, subject_id)
    if stored is None:
        return None
    key = ring.person(subject_id)
    by_post = kept.topics_by_post(session, key, subject_id)
    taken = take(session, subject_id, stored.day, by_post)
    told = explain(taken.signals, stored.day, taken.yesterday, taken.disputed, versions.PUBLISHED.on(stored.day))
    all_posts = posts(session, ring, subject_id, told, 0, len(told.posts)) if told.topics else []
    shown = [
        ShownTopic(
            slug=part.label,
            name=name_of(part.label, names, language),
            part=part,
            posts=[post for post in all_posts if part.label in by_post.get(post.id, ())],
        )
        for part in told.topics
    ]
    return Topics(
        told, shown, sum(part.points for part in told.topics), _rejected(session, key, subject_id, names, language)
    )


def reject(work: Work, subject_id: str, topic: str) -> None:
    """Rejects a topic that a post of the person has. Raises `MissingError`, `NoConsentError`."""
    key = work.ring.person(subject_id)
    there = kept.topics_by_post(work.session, key, subject_id).values()
    if not any(topic in topics for topics in there) and topic not in kept.rejected(work.session, key, subject_id):
        raise MissingError("no post has this topic")
    kept.reject(work, key, subject_id, topic)


def take_back(work: Work, subject_id: str, topic: str) -> None:
    """Forgets that a topic was rejected. Raises `NoConsentError`."""
    kept.take_back(work, work.ring.person(subject_id), subject_id, topic)


def name_of(slug: str, names: Mapping[str, Topic], language: str) -> str:
    """The name of a topic; its slug where the taxonomy in force does not know it any more."""
    return names[slug].name(language) if slug in names else slug


def _rejected(
    session: Session, key: PersonKey, subject_id: str, names: Mapping[str, Topic], language: str
) -> list[tuple[str, str]]:
    slugs = kept.rejected(session, key, subject_id)
    return sorted(((slug, name_of(slug, names, language)) for slug in slugs), key=lambda pair: pair[1].casefold())
