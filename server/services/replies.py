"""The letters to people who asked for a right: what was decided, why, and how to complain; for paper (Art. 12)."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from privacy.request import Kind, State
from server.services import found
from server.services.requests import Shown
from server.services.words import catalogue, locale_of
from workers.runtime.settings import Organisation


@dataclass(frozen=True)
class Reply:
    """One letter, ready to be printed."""

    language: str
    sender: str
    address: str
    contact: str
    recipient: str
    day: str
    number: str
    subject: str
    paragraphs: tuple[str, ...]
    note: str
    """That it is no legal advice, below the line."""


def kind_words(language: str) -> dict[Kind, str]:
    """What a request is about, as a heading."""
    _ = catalogue(language).gettext
    return {
        Kind.ACCESS: _("Access to data (Art. 15 GDPR)"),
        Kind.RECTIFICATION: _("Correction of data (Art. 16 GDPR)"),
        Kind.ERASURE: _("Erasure of data (Art. 17 GDPR)"),
        Kind.RESTRICTION: _("Restriction of use (Art. 18 GDPR)"),
        Kind.PORTABILITY: _("Data to take along (Art. 20 GDPR)"),
        Kind.OBJECTION: _("Objection (Art. 21 GDPR)"),
    }


def reply(shown: Shown, who: Organisation, today: date, notice: str) -> Reply:
    """The letter for a request as it stands: receipt, extension, answer or refusal, in its language.

    `notice` is the address of the notice to people who react (Art. 14), which says the rest of Art. 15(1).
    """
    _ = catalogue(shown.language).gettext
    received = _day(shown.received_at.date(), shown.language)
    opening = _("on %(day)s we received your request: %(what)s.") % {
        "day": received, "what": kind_words(shown.language)[shown.kind],
    }  # fmt: skip
    number = _("request %(number)s") % {"number": shown.number}
    return Reply(
        language=shown.language, sender=who.name, address=who.address, contact=who.contact,
        recipient=shown.contact, day=_day(today, shown.language), number=shown.number,
        subject=f"{kind_words(shown.language)[shown.kind]}, {number}",
        paragraphs=(
            _("Hello,"), opening, *_decision(shown, who, notice), *_ways_to_complain(shown, who), _closing(shown, who),
        ),
        note=_("This letter was written by the organisation named above. It is no legal advice."),
    )  # fmt: skip


def _decision(shown: Shown, who: Organisation, notice: str) -> tuple[str, ...]:
    _ = catalogue(shown.language).gettext
    due = {"day": _day(shown.clock.due_on, shown.language)}
    if shown.state is State.REFUSED:
        refused = _("We do not comply with it (Art. 12(4) GDPR). The reason is:")
        return (refused, shown.answer)
    if shown.state is State.ANSWERED:
        written = (shown.answer,) if shown.answer else ()
        return (*written, *_found(shown, notice)) or (_("It has been carried out."),)
    if shown.extended_on is not None:
        longer = _("The answer takes longer; you get it by %(day)s (Art. 12(3) GDPR). The reason is:") % due
        return (longer, shown.reason)
    if shown.running:
        stands = (_("Your objection is in force."),) if shown.kind is Kind.OBJECTION and shown.left_out else ()
        return (*stands, _("You get an answer by %(day)s (Art. 12(3) GDPR).") % due)
    return _proof_wanted(shown, who)


def _found(shown: Shown, notice: str) -> tuple[str, ...]:
    _ = catalogue(shown.language).gettext
    said = found.sentences(shown.kind, shown.found, shown.language)
    more = _(
        "What it is for, on which basis, where it comes from, how long it is kept, and your rights to deletion, "
        "restriction, objection and complaint (Art. 15(1) GDPR) stand here: %(notice)s"
    ) % {"notice": notice}
    return (*said, more) if said else ()


def _proof_wanted(shown: Shown, who: Organisation) -> tuple[str, ...]:
    _ = catalogue(shown.language).gettext
    wanted = _(
        "So that nobody asks in your name, please show that the account is yours: put this code into the description "
        "of your profile or into a public post: %(code)s"
    ) % {"code": shown.code}
    reach = _("We need no copy of an identity card. Once the code is there, tell us: %(contact)s")
    told = (wanted, reach % {"contact": who.dpo or who.contact})
    if shown.kind is not Kind.OBJECTION:
        return told
    if shown.left_out and shown.left_out_until is None:
        return (*told, _("Your objection is in force."))
    if shown.left_out_until is not None:
        until = _("Until %(day)s your objection is in force on your word alone. Proven, it stays so for good.")
        return (*told, until % {"day": _day(shown.left_out_until.date(), shown.language)})
    return (*told, _("Your objection is not in force yet. It is as soon as you have shown that the account is yours."))


def _ways_to_complain(shown: Shown, who: Organisation) -> tuple[str, ...]:
    """Wherever somebody does not get what they asked for, or not in time, the letter says what they can do."""
    _ = catalogue(shown.language).gettext
    if shown.state is not State.REFUSED and shown.extended_on is None:
        return ()
    complain = _("You may complain to a supervisory authority (Art. 77 GDPR), such as: %(authority)s")
    court = _("You may also go to court (Art. 79 GDPR).")
    return (complain % {"authority": who.authority}, court)


def _closing(shown: Shown, who: Organisation) -> str:
    _ = catalogue(shown.language).gettext
    return _("Questions? The data protection officer: %(dpo)s") % {"dpo": who.dpo}


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=locale_of(language))
