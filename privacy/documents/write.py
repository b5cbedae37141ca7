"""Writes a document: its prose in the wished language with the organisation's facts, and its tables."""

from collections.abc import Mapping
from importlib.resources import files
from string import Template

from privacy.documents.entries import Facts
from privacy.documents.page import Document, parts, titled
from privacy.documents.tables import TABLES

#: Every document by its name on the command line; those in `PUBLIC` are for everybody.
DOCUMENTS = ("inventory", "ropa", "retention", "notice", "notice14", "dpia", "measures", "processor")
PUBLIC = ("retention", "notice", "notice14")
#: Drafts that speak of one breach.
DRAFTS = ("breach_authority", "breach_people")
#: What stands where the organisation has not said a fact yet.
_UNSAID = {"de": "[noch nicht angegeben]", "en": "[not said yet]"}


def write(name: str, facts: Facts) -> Document:
    """The document of this name. Raises `KeyError` for a name that there is not."""
    if name not in DOCUMENTS:
        raise KeyError(name)
    title, text = titled(filled_in(name, facts.language, facts.names))
    found = tuple(parts(text, lambda table: TABLES[table](facts)))
    return Document(name, title, facts.language, facts.made_on, found)


def draft(name: str, facts: Facts, names: Mapping[str, str]) -> Document:
    """A draft that speaks of one case, told by `names`; whatever was typed stays inside its paragraph."""
    said = {**facts.names, **{key: " ".join(value.split()) for key, value in names.items()}}
    title, text = titled(filled_in(name, facts.language, said))
    return Document(name, title, facts.language, facts.made_on, tuple(parts(text, lambda _table: ())))


def filled_in(name: str, language: str, names: Mapping[str, str]) -> str:
    """The prose with its names, in English where there is none. Raises `KeyError` for a name that nobody gave."""
    place = files(__package__).joinpath("texts", f"{name}.{language}.txt")
    if not place.is_file():
        return filled_in(name, "en", names)
    said = {key: value or _UNSAID.get(language, _UNSAID["en"]) for key, value in names.items()}
    text = place.read_text(encoding="utf-8")
    return Template(text).substitute(said)
