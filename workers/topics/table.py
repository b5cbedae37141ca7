"""The table of a taxonomy (tab-separated: slug, names, aliases, hashtags, parent): read, checked, and thinned (R11)."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: A table must have these; `aliases` and `hashtags` may be missing.
NEEDED = ("slug", "name_en", "name_de", "parent")
#: What other tables call the column `parent`: several parents of which the first counts, and areas above them.
_PARENTS = ("parent", "parent_slugs", "super_slugs")
COLUMNS = ("slug", "name_en", "name_de", "aliases", "hashtags", "parent")
_NO_SLUG = re.compile(r"[^a-z0-9]+")


class BadTableError(ValueError):
    """The text is no table of topics; the sentence names line and reason."""


@dataclass(frozen=True)
class Topic:
    """One row. `parent` is the slug of its area, empty for an area; names in parentheses explain and are no alias."""

    slug: str
    name_en: str
    name_de: str
    aliases: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    parent: str = ""
    also: tuple[str, ...] = ()
    """Further parents that a table names: what lies below an excluded one is excluded, by whichever way (R11)."""

    def name(self, language: str) -> str:
        """The name that people read; English for any language but German."""
        return self.name_de if language == "de" else self.name_en

    @property
    def words(self) -> tuple[str, ...]:
        """All aliases: the given ones, then the names themselves as far as nothing is written about them."""
        written = {alias.lstrip("~!").strip("*").casefold() for alias in self.aliases}
        names = (name for full in (self.name_en, self.name_de) for name in _plain_names(full))
        return (*self.aliases, *(name for name in dict.fromkeys(names) if name.casefold() not in written))


def read_table(text: str) -> list[Topic]:
    """The topics of a table. A name that is missing in one language is taken from the other.

    A table may name several parents (`parent_slugs`, parted by commas) and the areas above them (`super_slugs`).
    Raises `BadTableError` for missing columns, slugs and names.
    """
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        there = set(rows.fieldnames or ())
        missing = [column for column in NEEDED if not there & ({*_PARENTS} if column == "parent" else {column})]
        if missing:
            raise BadTableError(f"line 1: these columns are missing: {', '.join(missing)}")
        return [_topic(row, line) for line, row in enumerate(rows, 2)]
    except csv.Error:
        raise BadTableError(f"line {rows.line_num + 1}: a field is too long") from None


def faults(topics: Sequence[Topic]) -> list[str]:
    """What is wrong with a taxonomy as a whole, a sentence each: doubles, unknown parents, more than two levels."""
    return [*_doubles(topics), *_parents(topics)]


def write_table(topics: Iterable[Topic]) -> str:
    """The table of topics as text."""
    lines = ["\t".join(COLUMNS)]
    for topic in topics:
        fields = (topic.slug, topic.name_en, topic.name_de, ", ".join(topic.aliases), ", ".join(topic.hashtags))
        lines.append("\t".join((*fields, topic.parent)))
    return "\n".join(lines) + "\n"


def _topic(row: dict[str, str | None], line: int) -> Topic:
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    if not _slug(values["slug"]):
        raise BadTableError(f"line {line}: a topic needs a slug of letters or digits")
    if not values["name_en"] and not values["name_de"]:
        raise BadTableError(f"line {line}: a topic needs a name")
    slug = _slug(values["slug"])
    parents = [_slug(each) for column in _PARENTS for each in _listed(row.get(column) or "")]
    above = tuple(dict.fromkeys(each for each in parents if each not in ("", slug)))
    return Topic(
        slug=slug,
        name_en=values["name_en"] or values["name_de"],
        name_de=values["name_de"] or values["name_en"],
        aliases=_listed(values["aliases"]),
        hashtags=tuple(tag.removeprefix("#") for tag in _listed(values["hashtags"])),
        parent=above[0] if above else "",
        also=above[1:],
    )


def _slug(text: str) -> str:
    """Small letters, digits and hyphens, as addresses and databases like them."""
    return _NO_SLUG.sub("-", text.lower()).strip("-")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def _plain_names(name: str) -> list[str]:
    """The names inside a name: `Bakeries and bread` is nobody's word, so only single ones count."""
    return [name] if not re.search(r"[(),&]| and | und |\d{4}", name) else []


def _doubles(topics: Sequence[Topic]) -> Iterator[str]:
    slugs = Counter(topic.slug for topic in topics)
    yield from (f"the slug {slug} stands {count} times" for slug, count in slugs.items() if count > 1)
    for language in ("en", "de"):
        names = Counter(topic.name(language).casefold() for topic in topics)
        yield from (f"the name {name!r} ({language}) stands {n} times" for name, n in names.items() if n > 1)
    for topic in topics:
        aliases = Counter(alias.casefold().lstrip("~") for alias in topic.aliases)
        yield from (f"{topic.slug}: the alias {alias!r} stands twice" for alias, n in aliases.items() if n > 1)


def _parents(topics: Sequence[Topic]) -> Iterator[str]:
    areas = {topic.slug for topic in topics if not topic.parent}
    for topic in topics:
        if topic.parent and topic.parent not in areas:
            yield f"{topic.slug}: its parent {topic.parent!r} is no area (there are two levels)"
