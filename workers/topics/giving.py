"""Gives a text 0 to 3 topics; unsure means none, and a text on a matter that gets no topic looks like any other."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workers.topics.lexicon import Hit, Lexicon
from workers.topics.table import Topic
from workers.topics.words import cut

#: At most so many topics a post.
MOST = 3
#: What speaks of more things than this is a list, not a post about them.
LIST = 5
#: So much must speak for a topic: one clear word, or two weak ones, or a weak one among others of its area.
ENOUGH = 2
#: So much must speak for a topic of another area than the first: what is only mentioned in passing is no topic.
SURE = 4
_CLEAR = 2
_WEAK = 1


@dataclass
class _Case:
    """What speaks for one topic: the places of the text that do, by how clearly."""

    tagged: set[int] = field(default_factory=set)
    """Clear hashtags: said on purpose, so they count twice."""
    clear: set[int] = field(default_factory=set)
    weak: set[int] = field(default_factory=set)

    @property
    def places(self) -> set[int]:
        return self.tagged | self.clear | self.weak

    @property
    def weight(self) -> int:
        return 2 * _CLEAR * len(self.tagged) + _CLEAR * len(self.clear) + _WEAK * len(self.weak - self.clear)


class Giver:
    """Gives topics of one taxonomy; it is made once and remembers no text."""

    def __init__(self, topics: Sequence[Topic], excluded: Iterable[str], lookalikes: Iterable[str]) -> None:
        self.names = {topic.slug: topic for topic in topics}
        self._area = {topic.slug: topic.parent or topic.slug for topic in topics}
        words = [(topic.slug, word) for topic in topics for word in topic.words]
        tags = [(topic.slug, tag) for topic in topics for tag in topic.hashtags]
        self._lexicon = Lexicon([*words, *tags])
        self._excluded = Lexicon(("", word) for word in excluded)
        self._lookalikes = Lexicon(("", phrase) for phrase in lookalikes)

    def give(self, text: str) -> tuple[str, ...]:
        """Slugs of the topics of a text, what speaks most for first; most texts have none."""
        words = cut(text)
        if _is_told(self._excluded.find(words)):
            return ()
        cases: dict[str, _Case] = defaultdict(_Case)
        rest = self._lookalikes.strip(words)
        for hit in self._lexicon.find(rest):
            case = cases[hit.owner]
            (case.weak if hit.weak else case.clear if hit.place < len(rest.words) else case.tagged).add(hit.place)
        return self._choose(cases)

    def touches_excluded(self, words: str) -> bool:
        """Do words (a name, an alias) speak of a matter that gets no topic?"""
        return _is_told(self._excluded.find(cut(words)))

    def _choose(self, cases: dict[str, _Case]) -> tuple[str, ...]:
        weights = {slug: self._weight(slug, cases) for slug in cases}
        told = {slug: weight for slug, weight in weights.items() if weight >= ENOUGH}
        areas = {self._area[slug] for slug in told if self._area[slug] != slug}
        ranked = sorted(told.keys() - areas, key=lambda slug: (-told[slug], min(cases[slug].places), slug))
        if not ranked or len(ranked) > LIST:
            return ()
        first, *others = ranked
        needed = {self._area[first]: ENOUGH}
        return (first, *(slug for slug in others if cases[slug].weight >= needed.get(self._area[slug], SURE)))[:MOST]

    def _weight(self, slug: str, cases: dict[str, _Case]) -> int:
        """What speaks for a topic, and one more if another word of the text is of its area."""
        case = cases[slug]
        if self._area[slug] == slug:
            return case.weight
        near = (cases[other].places for other in cases if other != slug and self._area[other] == self._area[slug])
        return case.weight + any(places - case.places for places in near)


def _is_told(hits: list[Hit]) -> bool:
    weak = {hit.place for hit in hits if hit.weak}
    return len(weak) > 1 or any(not hit.weak for hit in hits)
