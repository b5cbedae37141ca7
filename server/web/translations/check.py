"""Keeps the catalogues complete: `python -m server.web.translations.check [--update]`.

English texts are the message ids. The check extracts them anew and fails for a text that a catalogue lacks or does not
translate, one that nobody uses any more, and placeholders that differ.
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from server.services.words import CATALOGUES, LANGUAGES

_ROOT = Path(__file__).parents[3]
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]")


def extract() -> Catalog:
    """All texts of the product."""
    found = Catalog(project="klarwert", charset="utf-8")
    for filename, _line, message, comments, context in extract_from_dir(
        str(_ROOT), [("server/**.py", "python"), ("**/templates/**.html", "jinja2")], keywords=_KEYWORDS
    ):
        if filename.startswith("server/"):
            found.add(message, None, [(filename, 1)], auto_comments=comments, context=context)
    return found


_KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "N_": None,
}


def faults(language: str, wanted: Catalog) -> list[str]:
    """What is wrong with one catalogue, a line each."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return [f"{language}: no catalogue"]
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    there = {message.id for message in catalogue if message.id}
    needed = {message.id for message in wanted if message.id}
    found = [f"{language}: nobody uses {id_!r}" for id_ in there - needed]
    for message in wanted:
        if message.id:
            found += _fault(language, message, catalogue.get(message.id))
    return sorted(found)


def _fault(language: str, wanted: Message, given: Message | None) -> list[str]:
    if given is None or not all(_texts(given.string)) or given.fuzzy:
        return [f"{language}: not translated: {wanted.id!r}"]
    expected = set(_PLACEHOLDER.findall(str(_texts(wanted.id)[-1])))
    differs = any(set(_PLACEHOLDER.findall(text)) - expected for text in _texts(given.string))
    return [f"{language}: other placeholders: {wanted.id!r}"] if differs else []


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list | tuple) else [str(value or "")]


def update(language: str, wanted: Catalog) -> None:
    """Writes a catalogue anew: new texts are added (English translates itself), unused ones go."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = Catalog(locale=language, project="klarwert")
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
    # A fuzzy catalogue would not be compiled.
    made = Catalog(
        locale=language, project="klarwert", charset="utf-8", header_comment="# Texts of Klarwert.", fuzzy=False
    )
    for message in wanted:
        if message.id:
            old = catalogue.get(message.id)
            string = message.id if language == "en" else (old.string if old else None)
            made.add(message.id, string, flags=message.flags - {"fuzzy"})
    with path.open("wb") as file:
        write_po(file, made, sort_output=True, omit_header=False, no_location=True, width=120)


def main() -> int:
    """0 if every catalogue is complete."""
    wanted = extract()
    if "--update" in sys.argv:
        for language in LANGUAGES:
            update(language, wanted)
    found = [fault for language in LANGUAGES for fault in faults(language, wanted)]
    print("\n".join(found))  # noqa: T201 - a command line of its own
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
