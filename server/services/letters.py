"""The mails that people get: short, plain, in their language, saying who writes and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date

from server.services import figures
from server.services.words import LANGUAGES, catalogue, change_words, locale_of, role_name
from workers.runtime.settings import Organisation


@dataclass(frozen=True)
class Letter:
    """A mail's subject and text."""

    title: str
    body: str


@dataclass(frozen=True)
class Week:
    """What a week did to a score."""

    day: date
    score: float
    since: date | None
    """The day of the score before; None where there was none."""
    points: float
    """The difference to it."""
    parts: dict[str, float]
    """What the difference is made of; empty where that is not known."""


#: A letter that is nothing but a way to a page: made from a language and a link.
Linked = Callable[[str, str], Letter]


def plain(title: str, *paragraphs: str) -> Letter:
    """A letter of these paragraphs."""
    return Letter(title, "\n\n".join(paragraphs) + "\n")


def signature(organisation: Organisation, public_url: str) -> str:
    """Who writes: the organisation, how a human is reached, and where the pages are."""
    return f"\n-- \n{', '.join(part for part in (organisation.name, organisation.contact, public_url) if part)}\n"


def confirm(language: str, link: str) -> Letter:
    """Asks a new person to follow the link."""
    _ = catalogue(language).gettext
    return plain(
        _("Please confirm your e-mail address"),
        _("Hello,"),
        _("somebody, probably you, has signed up for Klarwert with this address. Follow this link to confirm it:"),
        link,
        _("The link works for two days. If it was not you, do nothing: then everything is deleted by itself."),
    )


def already_here(language: str, link: str) -> Letter:
    """Tells somebody who signs up a second time that they have an account; the page does not."""
    _ = catalogue(language).gettext
    return plain(
        _("You already have an account"),
        _("Hello,"),
        _("somebody, probably you, wanted to sign up for Klarwert with this address. You already have an account:"),
        link,
        _("If it was not you, you need not do anything."),
    )


def address_wanted(language: str) -> Letter:
    """Tells somebody that another account asked for their address; nothing comes of it."""
    _ = catalogue(language).gettext
    return plain(
        _("Somebody wanted to use your address"),
        _("Hello,"),
        _("somebody wanted to use this address for another account at Klarwert. Nothing has changed."),
        _("You need not do anything."),
    )


def reset(language: str, link: str) -> Letter:
    """Gives a link to choose a new password."""
    _ = catalogue(language).gettext
    return plain(
        _("Choose a new password"),
        _("Hello,"),
        _("follow this link to choose a new password:"),
        link,
        _("The link works for one hour. If you did not ask for it, do nothing: your password stays as it is."),
    )


def change_email(language: str, link: str) -> Letter:
    """Asks the new address to confirm that it wants to be the one."""
    _ = catalogue(language).gettext
    return plain(
        _("Please confirm your new e-mail address"),
        _("Hello,"),
        _("follow this link to use this address for Klarwert from now on:"),
        link,
        _("The link works for one day. If you did not ask for it, do nothing."),
    )


def email_changed(language: str) -> Letter:
    """Tells the old address that it is not used any more."""
    _ = catalogue(language).gettext
    return plain(
        _("Your e-mail address was changed"),
        _("Hello,"),
        _("your account at Klarwert now uses another e-mail address. This one is not stored any more."),
        _("If this was not you, please write to the organisation that runs this Klarwert."),
    )


def password_changed(language: str) -> Letter:
    """Tells somebody that their password is a new one."""
    _ = catalogue(language).gettext
    return plain(
        _("Your password was changed"),
        _("Hello,"),
        _("the password of your account at Klarwert was changed. All browsers were signed out."),
        _("If this was not you, choose a new password now and write to the organisation that runs this Klarwert."),
    )


def dispute_made(language: str, link: str) -> Letter:
    """Tells somebody that their dispute has arrived; what it is about stands on the page only."""
    _ = catalogue(language).gettext
    return plain(
        _("Your dispute has arrived"),
        _("Hello,"),
        _(
            "you disputed something in your score. It does not count any more, from now on. A human of the "
            "organisation will decide, and you will get a mail. Here you see how it stands:"
        ),
        link,
    )


def dispute_decided(language: str, link: str) -> Letter:
    """Tells somebody that a human decided on their dispute."""
    _ = catalogue(language).gettext
    return plain(
        _("Your dispute was decided"),
        _("Hello,"),
        _("a human of the organisation has decided on your dispute. The decision and its reasons stand here:"),
        link,
        _("If you do not agree, you can complain to the supervisory authority. It is named on the same page."),
    )


def dispute_waits(language: str, link: str) -> Letter:
    """Tells somebody of the organisation that a dispute waits for a decision; names nobody."""
    _ = catalogue(language).gettext
    return plain(
        _("A dispute waits for a decision"),
        _("Hello,"),
        _("somebody who takes part disputes something in their score. Please look at it and decide, with reasons:"),
        link,
    )


def dispute_done(language: str, link: str) -> Letter:
    """Tells somebody of the organisation that a dispute was decided; names nobody."""
    _ = catalogue(language).gettext
    return plain(
        _("A dispute was decided"),
        _("Hello,"),
        _("a human of your organisation has decided on a dispute. The decision stands here:"),
        link,
    )


def model_announced(language: str, starts: str, link: str) -> Letter:
    """Announces another version of the score model; `starts` is a day as the language writes it."""
    _ = catalogue(language).gettext
    return plain(
        _("Scores will be computed in another way from %(day)s on") % {"day": starts},
        _("Hello,"),
        _(
            "from %(day)s on, scores at Klarwert are computed with another version of the model. You can see now what "
            "it would make of your own reactions, beside the score as it is:"
        )
        % {"day": starts},
        link,
        _("You need not do anything. Explanation files that you have stay valid and can be checked as before."),
    )


def invitation(link: str, role: str) -> Letter:
    """Invites to a role, in every language: which one somebody reads who is new here is not known."""
    titles, texts = [], []
    for language in LANGUAGES:
        _ = catalogue(language).gettext
        titles.append(_("You are invited to Klarwert"))
        name = role_name(language, role)
        texts += [
            _("Hello,"),
            _("you are invited to a role at this Klarwert: %(role)s. Follow this link to accept it:") % {"role": name},
            link,
            _("The link works once, for seven days. If you do not want this, do nothing; then it is deleted."),
        ]
    return plain(" / ".join(titles), *texts)


def role_changed(language: str, role: str) -> Letter:
    """Tells somebody that their role is another one."""
    _ = catalogue(language).gettext
    return plain(
        _("Your role was changed"),
        _("Hello,"),
        _("an administrator of this Klarwert has changed your role. It is now: %(role)s")
        % {"role": role_name(language, role)},
        _("If you think that this is a mistake, please write to the organisation that runs this Klarwert."),
    )


def factor_added(language: str) -> Letter:
    """Tells somebody that signing in wants a code from now on."""
    _ = catalogue(language).gettext
    return _security(
        language, _("A second factor was added"), _("your account at Klarwert now asks for a code of your app, too.")
    )


def factor_removed(language: str) -> Letter:
    """Tells somebody that signing in wants no code any more."""
    _ = catalogue(language).gettext
    return _security(
        language, _("The second factor was removed"), _("your account at Klarwert does not ask for a code any more.")
    )


def codes_renewed(language: str) -> Letter:
    """Tells somebody that their recovery codes are new ones."""
    _ = catalogue(language).gettext
    return _security(
        language,
        _("You have new recovery codes"),
        _("new recovery codes were made for your account. The old ones are void."),
    )


def recovery_used(language: str, left: int) -> Letter:
    """Tells somebody that a recovery code was used, and how many are left."""
    words = catalogue(language)
    _ = words.gettext
    used = words.ngettext(
        "somebody signed in to your account with a recovery code. %(left)d code is left.",
        "somebody signed in to your account with a recovery code. %(left)d codes are left.",
        left,
    ) % {"left": left}
    return _security(language, _("A recovery code was used"), used)


def passkey_added(language: str, device: str) -> Letter:
    """Tells somebody that a passkey signs in to their account from now on."""
    _ = catalogue(language).gettext
    said = _("a new passkey signs in to your account at Klarwert. It was made with: %(device)s.")
    return _security(language, _("A passkey was added"), said % {"device": device or "?"})


def passkey_removed(language: str) -> Letter:
    """Tells somebody that a passkey does not sign in any more."""
    _ = catalogue(language).gettext
    return _security(
        language, _("A passkey was removed"), _("a passkey of your account at Klarwert does not sign in any more.")
    )


def _security(language: str, title: str, said: str) -> Letter:
    _ = catalogue(language).gettext
    return plain(
        title,
        _("Hello,"),
        said,
        _("If this was not you, choose a new password now and write to the organisation that runs this Klarwert."),
    )


def requests_due(language: str, number: int, link: str) -> Letter:
    """Reminds whoever answers requests that some are due; it says how many and nothing of them."""
    texts = catalogue(language)
    _ = texts.gettext
    count = texts.ngettext(
        "%(num)s request is due soon or overdue.", "%(num)s requests are due soon or overdue.", number
    )
    return plain(
        _("Requests are due"),
        _("Hello,"),
        count % {"num": number},
        _("The law gives one month for an answer (Art. 12(3) GDPR). Here they are:"),
        link,
    )


def erasing(language: str, link: str, begins: datetime | None) -> Letter:
    """The last mail: the link to the certificate, and where the erasure waits the way back."""
    _ = catalogue(language).gettext
    when = (
        _("your data at Klarwert is being deleted now. This usually takes seconds, at most 24 hours.")
        if begins is None
        else _("your data at Klarwert will be deleted on %(day)s. Until then the link below takes it back.")
        % {"day": _day(language, begins)}
    )
    return plain(
        _("Your data will be deleted") if begins else _("Your data is being deleted"),
        _("Hello,"),
        when,
        link,
        _(
            "Afterwards the same link has a certificate of the deletion for you. Keep the link: nobody else has it, "
            "and it is all that binds the certificate to you. We will not write to you again."
        ),
    )


def week(language: str, told: Week, link: str, leave: str) -> Letter:
    """The weekly mail: the score, what changed it, and a link that ends these mails."""
    _ = catalogue(language).gettext
    score = _("your score on %(day)s: %(score)s points of 100.") % {
        "day": _day(language, told.day), "score": figures.score(told.score, locale_of(language)),
    }  # fmt: skip
    return plain(
        _("Your week at Klarwert"),
        _("Hello,"),
        " ".join(filter(None, [score, _difference(language, told)])),
        *_reasons(language, told),
        _("Scores go up and down by themselves; you need not do anything. Every point is explained here:"),
        link,
        _("You get this mail once a week because you agreed to it. This link ends it:"),
        leave,
    )


def _difference(language: str, told: Week) -> str:
    _ = catalogue(language).gettext
    if told.since is None:
        return ""
    points = _points(language, abs(told.points))
    if points == _points(language, 0.0):
        said = _("On %(day)s it was the same.")
    elif told.points > 0:
        said = _("That is %(points)s points more than on %(day)s.")
    else:
        said = _("That is %(points)s points less than on %(day)s.")
    return said % {"points": points, "day": _day(language, told.since)}


def _reasons(language: str, told: Week) -> list[str]:
    """What the difference is made of, in the words of the page; parts of nothing are left out. The numbers add up."""
    _ = catalogue(language).gettext
    words, parts = change_words(language), {name: figures.cents(points) for name, points in told.parts.items()}
    lines = [
        f"{words[name][0]}: {_signed(language, points)}. {_capital(words[name][1])}"
        for name, points in parts.items()
        if points
    ]
    rest = figures.cents(told.points) - sum(parts.values())
    if lines and rest:
        lines.append(f"{_('Remainder of rounding')}: {_signed(language, rest)}.")
    return [_("What changed it, in points:"), *lines] if lines else []


def _signed(language: str, points: Decimal) -> str:
    return f"{'+' if points > 0 else '−'}{figures.points(abs(points), locale_of(language))}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _points(language: str, value: float) -> str:
    return figures.points(value, locale_of(language))


def _day(language: str, day: date) -> str:
    return format_date(day, "long", locale=locale_of(language))
