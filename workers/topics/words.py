"""Words of German and English posts: cut out of a text, folded, and the forms in which one word may appear."""

import re
import unicodedata
from typing import NamedTuple

#: Nobody needs more of a post to know what it is about, and a hostile text cannot keep the worker busy.
LONGEST_TEXT = 5_000
#: So many hashtags are a pile: they say where a post wants to be found, not what it is about.
PILE = 6
_PIECE = re.compile(
    r"(?P<skip>https?://\S+|www\.\S+|@[\w.@-]+)|#(?P<tag>\w+)|(?P<word>[^\W_]+(?:[-'’.&][^\W_]+|\+\+)*)",
    re.IGNORECASE,
)
_SIGNS = str.maketrans(
    {"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "é": "e", "è": "e", "ê": "e", "á": "a", "à": "a", "ç": "c", "ñ": "n",
     "í": "i", "ó": "o", "ú": "u", "â": "a", "î": "i", "ô": "o", "’": "'"}
)  # fmt: skip
_CAMEL = re.compile(r"(?<=[^\W\d_A-ZÄÖÜ])(?=[A-ZÄÖÜ])")
#: Endings of German nouns and adjectives; after folding, `Gärten` is `garten` and `Bücher` is `bucher`.
_GERMAN = ("e", "en", "er", "ern", "n", "s", "es", "em")
_ENGLISH = ("s", "es", "'s")
#: Shorter words take fewer endings: `rad` must not become `rade`, but `hund` may become `hunde`.
_SHORT = 3


class Words(NamedTuple):
    """What of a text is looked at, folded: its words in order, and its hashtags without their sign."""

    words: list[str]
    tags: list[str]


def fold(text: str) -> str:
    """Small letters without umlauts and accents: `Gärten` gives `garten`, `Straße` gives `strasse`."""
    return unicodedata.normalize("NFC", text).lower().translate(_SIGNS)


def cut(text: str) -> Words:
    """The words and hashtags of a text without addresses and mentions; a pile of hashtags is left out."""
    words: list[str] = []
    tags: list[str] = []
    for piece in _PIECE.finditer(unicodedata.normalize("NFC", text[:LONGEST_TEXT])):
        kind = piece.lastgroup
        if kind == "word":
            words.append(piece.group().lower().translate(_SIGNS))
        elif kind == "tag":
            tags.append(piece.group("tag"))
    if len(tags) >= PILE:
        return Words(words, [])
    for tag in tags:
        if len(parts := _CAMEL.split(tag)) > 1:
            words.extend(fold(part) for part in parts)
    return Words(words, [fold(tag) for tag in tags])


def spellings(word: str) -> set[str]:
    """A word folded as posts are, with and without `ae` for `ä`."""
    lower = unicodedata.normalize("NFC", word).lower()
    spelt_out = lower.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return {fold(lower), fold(spelt_out)}


def forms(word: str) -> set[str]:
    """The forms in which a word is known again, folded: itself and with German and English endings."""
    return {form for spelling in spellings(word) for form in _inflected(spelling)}


def _inflected(word: str) -> set[str]:
    endings = _ENGLISH if len(word) <= _SHORT else (*_GERMAN, *_ENGLISH)
    found = {word, *(word + ending for ending in endings)} if word[-1].isalpha() else {word}
    if len(word) > _SHORT:
        if word.endswith("y"):
            found.add(word[:-1] + "ies")
        if word.endswith("us"):
            found.add(word[:-2] + "en")
    return found
