"""Texts in a person's language outside of pages (mails, files): from the same catalogues as the pages."""

import gettext
from functools import cache
from pathlib import Path

from babel import Locale

CATALOGUES = Path(__file__).parent.parent / "web" / "translations"
_FIRST = "de"
#: A language is a catalogue: adding one is adding its folder. The first one is that of whoever wishes none of them.
LANGUAGES = (_FIRST, *sorted({place.parents[1].name for place in CATALOGUES.glob("*/LC_MESSAGES/*.po")} - {_FIRST}))


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


def autonyms() -> dict[str, str]:
    """Every language by what it calls itself."""
    names = {language: str(Locale.parse(language).get_display_name(language)) for language in LANGUAGES}
    return {language: name[:1].upper() + name[1:] for language, name in names.items()}


def locale_of(language: str) -> str:
    """How dates and numbers are written: English as in Europe, the day before the month."""
    return {"en": "en_GB"}.get(language, language)


def change_words(language: str) -> dict[str, tuple[str, str]]:
    """Parts of what changed since an earlier score: what each is called, and what it says."""
    _ = catalogue(language).gettext
    return {
        "model": (_("The model"), _("another version of it applies now.")),
        "gone": (_("Gone"), _("reactions that were taken back, or whose post is not public any more.")),
        "new": (_("New"), _("reactions and followers that came.")),
        "aged": (_("Aged"), _("older reactions count for less, and after 13 weeks not at all.")),
        "standing": (_("Others who take part"), _("their reactions now count for more or less.")),
        "steadiness": (_("Steadiness"), _("more or fewer weeks in which somebody reacted.")),
        "disputed": (_("Disputed"), _("what you disputed, or what was decided on it.")),
    }
