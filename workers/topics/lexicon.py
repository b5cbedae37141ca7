"""A lexicon of aliases: says which of its owners a text speaks of, by words, phrases, compounds and hashtags.

An alias is written so that a person can read and correct it:

    word         the word in any of its forms; with spaces a phrase
    word*        every word that begins so: German compounds such as `fahrrad*`
    *word        every word that ends so, in any of its forms: `*kuchen`
    ~word        weak: it may mean this, and says so only together with other words
    =word        in this form only, however it is inflected elsewhere: `=roma` is not `Roman`
    !word        never: not to be taken for a compound of the same owner (`!kindergarten`); `!word*` as well
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from workers.topics.words import Words, forms, spellings

#: Compounds are told apart by so many letters at their beginning or end, then compared.
_HEAD = 3


class BadAliasError(ValueError):
    """An alias that nobody could mean; the sentence names it."""


class Hit(NamedTuple):
    """An owner was spoken of at a place of the text (hashtags come after the words)."""

    owner: str
    weak: bool
    place: int


class _Entry(NamedTuple):
    owner: str
    weak: bool


class _Phrase(NamedTuple):
    rest: tuple[frozenset[str], ...]
    entry: _Entry


class _Compound(NamedTuple):
    part: str
    entry: _Entry


class Lexicon:
    """Aliases of many owners, made ready once; looking up a post costs about as many look-ups as it has words."""

    def __init__(self, aliases: Iterable[tuple[str, str]]) -> None:
        """Takes pairs of owner and alias. Raises `BadAliasError`."""
        self._words: dict[str, tuple[_Entry, ...]] = {}
        self._tags: dict[str, tuple[_Entry, ...]] = {}
        self._phrases: dict[str, list[_Phrase]] = defaultdict(list)
        self._begins: dict[str, list[_Compound]] = defaultdict(list)
        self._ends: dict[str, list[_Compound]] = defaultdict(list)
        self._never: dict[str, set[str]] = defaultdict(set)
        self._never_begins: dict[str, tuple[str, ...]] = {}
        for owner, alias in aliases:
            self._learn(owner, alias.strip())
        for compounds in (*self._begins.values(), *self._ends.values()):
            compounds.sort(key=lambda compound: -len(compound.part))

    def find(self, text: Words) -> list[Hit]:
        """Every mention in a text; a phrase hides the words that it is made of."""
        hits: list[Hit] = []
        words = text.words
        hidden = 0
        for place, word in enumerate(words):
            if word in self._phrases and (length := self._phrase(words, place, hits)):
                hidden = max(hidden, place + length)
            if place < hidden:
                continue
            self._word(word, place, hits)
            if "-" in word:
                for part in word.split("-"):
                    self._word(part, place, hits)
        for place, tag in enumerate(text.tags, len(words)):
            if tag in self._tags:
                hits.extend(Hit(entry.owner, entry.weak, place) for entry in self._tags[tag])
            else:
                self._word(tag, place, hits)
        return hits

    def strip(self, text: Words) -> Words:
        """The text without the phrases of this lexicon."""
        left: list[str] = []
        skip = 0
        for place, word in enumerate(text.words):
            if word in self._phrases:
                skip = max(skip, place + self._phrase(text.words, place, []))
            if place >= skip:
                left.append(word)
        return Words(left, text.tags)

    def _word(self, word: str, place: int, hits: list[Hit]) -> None:
        exact = self._words.get(word)
        if exact is not None:
            hits.extend(Hit(entry.owner, entry.weak, place) for entry in exact)
        known = {entry.owner for entry in exact} if exact else frozenset[str]()
        for compound in self._begins.get(word[:_HEAD], ()):
            if word.startswith(compound.part) and compound.entry.owner not in known:
                self._compound(compound, word, place, hits)
        for compound in self._ends.get(word[-_HEAD:], ()):
            if word.endswith(compound.part) and compound.entry.owner not in known:
                self._compound(compound, word, place, hits)

    def _compound(self, compound: _Compound, word: str, place: int, hits: list[Hit]) -> None:
        owner = compound.entry.owner
        if word not in self._never.get(owner, ()) and not word.startswith(self._never_begins.get(owner, ("\0",))):
            hits.append(Hit(owner, compound.entry.weak, place))

    def _phrase(self, words: list[str], place: int, hits: list[Hit]) -> int:
        """Adds hits of the phrases that begin here; how many words the longest is made of, 0 if there is none."""
        longest = 0
        for phrase in self._phrases[words[place]]:
            following = words[place + 1 : place + 1 + len(phrase.rest)]
            if len(following) == len(phrase.rest) and all(map(_is_in, following, phrase.rest)):
                hits.append(Hit(phrase.entry.owner, phrase.entry.weak, place))
                longest = max(longest, 1 + len(phrase.rest))
        return longest

    def _learn(self, owner: str, alias: str) -> None:
        word = alias.lstrip("~!=")
        if not word.strip("*") or len(alias) - len(word) > 1:
            raise BadAliasError(f"{owner}: the alias {alias!r} says nothing")
        entry = _Entry(owner, alias.startswith("~"))
        if alias.startswith("!"):
            self._learn_never(owner, word)
        elif word.endswith("*") or word.startswith("*"):
            self._learn_compound(entry, word)
        else:
            self._learn_word(entry, word, spellings if alias.startswith("=") else forms)

    def _learn_never(self, owner: str, word: str) -> None:
        if word.endswith("*"):
            self._never_begins[owner] = (*self._never_begins.get(owner, ()), *spellings(word[:-1]))
        else:
            self._never[owner] |= forms(word)

    def _learn_compound(self, entry: _Entry, word: str) -> None:
        part = word.strip("*")
        if len(part) < _HEAD:
            raise BadAliasError(f"{entry.owner}: {word!r} is too short for compounds")
        if word.endswith("*"):
            for spelling in spellings(part):
                self._begins[spelling[:_HEAD]].append(_Compound(spelling, entry))
        if word.startswith("*"):
            for form in forms(part):
                self._ends[form[-_HEAD:]].append(_Compound(form, entry))

    def _learn_word(self, entry: _Entry, word: str, forms_of: Callable[[str], set[str]]) -> None:
        first, *rest = (part.strip("'") for part in word.split())
        for tag in forms_of("".join(word.replace("-", " ").replace("'", " ").split())):
            self._tags[tag] = _with(self._tags.get(tag, ()), entry)
        for form in forms_of(first):
            if rest:
                self._phrases[form].append(_Phrase(tuple(frozenset(forms_of(part)) for part in rest), entry))
            else:
                self._words[form] = _with(self._words.get(form, ()), entry)


def _is_in(word: str, known: frozenset[str]) -> bool:
    return word in known


def _with(entries: tuple[_Entry, ...], entry: _Entry) -> tuple[_Entry, ...]:
    """An owner has a form once; said outright it beats a weak mention."""
    others = tuple(known for known in entries if known.owner != entry.owner)
    weak = entry.weak and all(known.weak for known in entries if known.owner == entry.owner)
    return (*others, _Entry(entry.owner, weak))
