"""Texts in a person's language outside of pages (mails, files): from the same catalogues as the pages."""

import gettext
from functools import cache
from pathlib import Path

LANGUAGES = ("de", "en")
CATALOGUES = Path(__file__).parent.parent / "web" / "translations"


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of a language. Raises `FileNotFoundError` where it was not compiled (`bin/setup` does)."""
    return gettext.translation("messages", CATALOGUES, [language])


def known(language: str | None) -> str:
    """The language if there is a catalogue of it, else German."""
    return language if language in LANGUAGES else LANGUAGES[0]


def role_name(language: str, role: str) -> str:
    """What a role is called; empty for one that there is not."""
    _ = catalogue(language).gettext
    names = {
        "participant": _("Takes part"),
        "admin": _("Administration"),
        "dpo": _("Data protection officer"),
        "staff": _("Staff"),
        "auditor": _("Auditor"),
    }
    return names.get(role, "")


def locale_of(language: str) -> str:
    """How dates and numbers are written: English as in Europe, the day before the month."""
    return {"en": "en_GB"}.get(language, language)
