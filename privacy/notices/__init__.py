"""The notices people say yes or no to: versioned texts in both languages, filled with who asks whom (R3, R5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from string import Template

from privacy.vocabulary import Purpose

#: Languages that every notice has. Another one may have some; where it has none, the English text is shown.
LANGUAGES = ("de", "en")

#: The version of each notice that counts now. A text is never changed: a new text is a new version and a new file.
VERSIONS: Mapping[Purpose, int] = dict.fromkeys(Purpose, 1) | {Purpose.COMPARISON: 2}


@dataclass(frozen=True)
class Notice:
    """The exact text that a person sees before deciding."""

    purpose: Purpose
    version: int
    language: str
    text: str
    controller: str
    """Who asks, as the text names them."""

    @property
    def digest(self) -> str:
        """SHA-256 of the text in hex: the consent record names it."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def paragraphs(self) -> list[str]:
        """The text as paragraphs, the first being its heading."""
        return [" ".join(part.split()) for part in self.text.split("\n\n") if part.strip()]


def notice(purpose: Purpose, language: str, names: Mapping[str, str]) -> Notice:
    """The notice that counts now, with its names filled in: in the language, or in English where there is none.

    Raises `KeyError` for a name that is missing.
    """
    version = VERSIONS[purpose]
    place = files(__name__).joinpath(f"{purpose}-{version}.{language}.txt")
    if not place.is_file():
        return notice(purpose, "en", names)
    template = place.read_text(encoding="utf-8")
    return Notice(purpose, version, language, Template(template).substitute(names).strip(), names["organisation"])
