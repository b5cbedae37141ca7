"""An operator's own taxonomy: their table checked, and thinned of what must get no topic (R11)."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from workers.topics.giving import Giver
from workers.topics.lexicon import BadAliasError, Lexicon
from workers.topics.table import BadTableError, Topic, faults, read_table


@dataclass(frozen=True)
class Imported:
    """A table after the import."""

    topics: tuple[Topic, ...]
    """What stays, parents first."""
    thinned: tuple[str, ...]
    """Slugs that went because they touch a matter that gets no topic, or lie below one that does."""
    aliases: int
    """How many aliases went for the same reason."""
    doubled: tuple[str, ...]
    """Slugs that went because a topic before them has the same slug or name."""


def import_table(text: str, own: Giver) -> Imported:
    """Checks and thins a table. Raises `BadTableError` with every fault that it finds in what stays."""
    topics = read_table(text)
    gone = _touching(topics, own)
    single, doubled = _once([topic for topic in topics if topic.slug not in gone])
    kept = _two_levels(single)
    thinned = [_thin(topic, own) for topic in kept]
    found = [*faults(thinned), *_bad_aliases(thinned)]
    if found:
        raise BadTableError("\n".join(found))
    ordered = sorted(thinned, key=lambda topic: (topic.parent or topic.slug, bool(topic.parent), topic.slug))
    removed = sum(len(before.aliases) - len(after.aliases) for before, after in zip(kept, thinned, strict=True))
    return Imported(tuple(ordered), tuple(sorted(gone)), removed, doubled)


def _touching(topics: Iterable[Topic], own: Giver) -> frozenset[str]:
    """Slugs of topics that are about an excluded matter by their names, and of everything below them."""
    rows = list(topics)
    gone = {topic.slug for topic in rows if any(own.touches_excluded(name) for name in _names(topic))}
    while below := {topic.slug for topic in rows if gone & {topic.parent, *topic.also}} - gone:
        gone |= below
    return frozenset(gone)


def _once(topics: Iterable[Topic]) -> tuple[list[Topic], tuple[str, ...]]:
    """The topics without those whose slug or name stands before them, and the slugs of those.

    What lies below one of those lies below the one before it.
    """
    seen: dict[str, str] = {}
    kept: list[Topic] = []
    doubled: dict[str, str] = {}
    for topic in topics:
        marks = (f"slug {topic.slug}", f"en {topic.name_en.casefold()}", f"de {topic.name_de.casefold()}")
        before = next((seen[mark] for mark in marks if mark in seen), None)
        if before is not None:
            doubled[topic.slug] = before
        else:
            kept.append(topic)
            seen |= dict.fromkeys(marks, topic.slug)
    slugs = {topic.slug for topic in kept}
    return [_below(topic, doubled, slugs) for topic in kept], tuple(doubled)


def _below(topic: Topic, doubled: Mapping[str, str], slugs: AbstractSet[str]) -> Topic:
    """The topic below the first of its parents that is there."""
    above = (slug if slug in slugs else doubled.get(slug, slug) for slug in (topic.parent, *topic.also))
    return replace(topic, parent=next((slug for slug in above if slug in slugs - {topic.slug}), ""), also=())


def _two_levels(topics: Sequence[Topic]) -> list[Topic]:
    """Hangs what lies deeper on the topmost topic above it."""
    parents = {topic.slug: topic.parent for topic in topics}
    return [replace(topic, parent=_top(topic.slug, parents)) for topic in topics]


def _top(slug: str, parents: Mapping[str, str]) -> str:
    way = [slug]
    while (above := parents[way[-1]]) in parents and above not in way:
        way.append(above)
    return way[-1] if len(way) > 1 else ""


def _names(topic: Topic) -> tuple[str, ...]:
    return (topic.name_en, topic.name_de, topic.slug.replace("-", " "))


def _thin(topic: Topic, own: Giver) -> Topic:
    return replace(
        topic,
        aliases=tuple(alias for alias in topic.aliases if not own.touches_excluded(alias.strip("~!=*"))),
        hashtags=tuple(tag for tag in topic.hashtags if not own.touches_excluded(tag)),
    )


def _bad_aliases(topics: Iterable[Topic]) -> list[str]:
    found = []
    for topic in topics:
        try:
            Lexicon((topic.slug, alias) for alias in topic.aliases)
        except BadAliasError as error:
            found.append(str(error))
    return found
