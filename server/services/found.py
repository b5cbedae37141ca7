"""What the system found and did for somebody without an account, in words for their page and their letter (Art. 12)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date

from privacy.request import Kind
from server.services.stored import values
from server.services.words import catalogue, locale_of


def sentences(kind: Kind, found: Mapping[str, Any], language: str) -> tuple[str, ...]:
    """Paragraphs; none where nothing was looked for, as in requests that a human answers."""
    if not found:
        return ()
    return _access(found, language) if kind is Kind.ACCESS else _left_out(found, language)


def _access(found: Mapping[str, Any], language: str) -> tuple[str, ...]:
    _ = catalogue(language).gettext
    kept = _(
        "Each stands there as a code word, another one with each of these people, that leads back to nobody, and for "
        "91 days at most. Under whose posts it was we do not say: that is data about them (Art. 15(4) GDPR)."
    )
    request = _(
        "Of your request we keep what you wrote, when, and what was found, encrypted, for three years after today, to "
        "prove that you got your answer (Art. 6(1)(c) GDPR). Nobody outside gets any of it."
    )
    nothing = _("No reaction of your account is stored here.")
    return (_listed(found, language), kept, request) if found["kinds"] else (nothing, request)


def _left_out(found: Mapping[str, Any], language: str) -> tuple[str, ...]:
    texts = catalogue(language)
    _ = texts.gettext
    gone = _(
        "They are deleted: they count in no score from now on, and the encrypted file that they stood in is written "
        "anew without them, usually within minutes."
    )
    nothing = _("No reaction of your account was stored here, so nothing had to be deleted.")
    stays = _(
        "No new ones are taken either. So that it stays so, a fingerprint of your account stays on a list that every "
        "reading asks; it contains no name and is used for nothing else (Art. 21 GDPR)."
    )
    counts = _("Where a network tells only a number, such as “12 likes”, nobody knows which one is yours.")
    closed = _(
        "A part of what is stored cannot be read at the moment. What it has of you is deleted as soon as it can be "
        "read again, before it counts."
    )
    unread = (closed,) if found.get("unread") else ()
    told = (_listed(found, language), gone, *unread) if found["kinds"] else unread or (nothing,)
    return (*told, stays, counts)


def _listed(found: Mapping[str, Any], language: str) -> str:
    texts, names = catalogue(language), values(language)["kind"]
    days = [
        format_date(date.fromisoformat(found[name]), "long", locale=locale_of(language)) for name in ("first", "last")
    ]
    kinds = ", ".join(f"{names.get(kind, kind)}: {number}" for kind, number in found["kinds"].items())
    said = texts.ngettext(
        "Found under the posts of %(num)d person who takes part, from %(first)s to %(last)s: %(kinds)s.",
        "Found under the posts of %(num)d people who take part, from %(first)s to %(last)s: %(kinds)s.",
        found["participants"],
    )
    return said % {"num": found["participants"], "first": days[0], "last": days[1], "kinds": kinds}
