"""Recipients outside the organisation: register them, hand something over to them, see what they were told."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from babel.dates import format_date
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject, new_id
from privacy.disclosure import Reason, hand_over
from privacy.ledger import note
from privacy.recipient import Act, Recipient, reference
from privacy.vocabulary import Purpose
from server.services import letters
from server.services.missing import MissingError
from server.services.words import catalogue, locale_of
from workers import tallies
from workers.models import Release, Told
from workers.models.told import Stand
from workers.runtime.settings import Settings
from workers.runtime.work import Work
from workers.tallies import Counted

#: What an officer may hand something over for, with the consent that it needs.
REASONS: Mapping[Reason, Purpose | None] = {
    Reason.SUPPORT: None,
    Reason.AUDIT: None,
    Reason.LOOKUP: Purpose.LOOKUP,
    Reason.CAMPAIGN: Purpose.PERKS,
}
#: What can be handed over.
WHAT = ("score", "explanation")


class NotAllowedError(PermissionError):
    """The person has not agreed to this, or has restricted the use of their data."""


def everything(session: Session) -> list[tuple[Recipient, int]]:
    """All recipients by name, and how much news they did not take yet."""
    waiting = select(func.count()).where(Told.recipient_id == Recipient.id, Told.state != Stand.TAKEN.value)
    query = select(Recipient, waiting.scalar_subquery())
    return [(row[0], row[1]) for row in session.execute(query.order_by(Recipient.name, Recipient.id))]


def people(session: Session) -> Counted | None:
    """Id of a recipient to how many people they got something of, as it was last counted."""
    return tallies.last(session, "recipients")


def one(session: Session, recipient_id: str) -> Recipient:
    """One recipient, removed or not. Raises `MissingError`."""
    found = session.get(Recipient, recipient_id)
    if found is None:
        raise MissingError("no such recipient")
    return found


def active(session: Session, recipient_id: str) -> Recipient:
    """One recipient that can get something. Raises `MissingError`."""
    found = one(session, recipient_id)
    if found.removed_at is not None:
        raise MissingError("removed")
    return found


def register(work: Work, *, name: str, channel: str, address: str, language: str) -> Recipient:
    """Registers one."""
    made = Recipient(
        id=new_id(), name=name, channel=channel, address=address, language=language, made_at=work.now
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    note(work.session, work.now, "recipient", None, recipient=made.id, channel=made.channel)
    return made


def change(work: Work, recipient_id: str, *, name: str, channel: str, address: str, language: str) -> None:
    """Changes how one is told; what waits goes to the new address. Raises `MissingError`."""
    found = active(work.session, recipient_id)
    found.name, found.channel, found.address, found.language = name, channel, address, language
    note(work.session, work.now, "recipient", None, recipient=found.id, channel=found.channel)


def can_be_asked(settings: Settings, address: str) -> bool:
    """Is it an address that a request may go to, as far as its text says? Where it leads is looked at with each one."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    origin = f"{parts.scheme}://{parts.netloc}"
    return (parts.scheme == "https" and bool(parts.hostname)) or origin in settings.allowed_origins


def give(work: Work, recipient_id: str, subject_id: str, reason: Reason, what: str) -> str:
    """Records what a recipient gets of a person, before they get it; the reference that goes with it.

    Raises `MissingError`, `NotAllowedError`.
    """
    recipient, needed = active(work.session, recipient_id), REASONS[reason]
    consent.take_turn(work.session, subject_id)
    subject = work.session.get(Subject, subject_id, populate_existing=True)
    if subject is None or subject.erasing_at is not None or subject.frozen_at is not None:
        raise NotAllowedError("restricted, or going")
    if needed is not None and not consent.agreed(work.session, subject_id, needed):
        raise NotAllowedError("no consent")
    if reason is Reason.LOOKUP and work.session.get(Release, (subject_id, recipient.id)) is None:
        raise NotAllowedError("not named")
    hand_over(work.session, work.ring, subject_id, work.now, recipient, purpose=reason.value, what=what)
    return reference(work.ring, recipient.id, subject_id)


def letter(news: Told, recipient: Recipient) -> tuple[str, str]:
    """The mail to a recipient: what happened, about whom by their reference, what the law asks of them."""
    _ = catalogue(recipient.language).gettext
    act = Act(news.act)
    titles = {
        Act.ERASURE: _("Please delete what you got of a person"),
        Act.RECTIFICATION: _("What you got of a person is not right any more"),
        Act.RESTRICTION: _("Please do not use what you got of a person for now"),
        Act.RESTRICTION_LIFTED: _("You may use again what you got of a person"),
    }
    asked = {
        Act.ERASURE: _("The data was deleted here. Please delete it, too, with all copies and links to it."),
        Act.RECTIFICATION: _(
            "The data was corrected here, or a part of it was deleted. Please do not use the old one."
        ),
        Act.RESTRICTION: _("The person has restricted its use. Please keep it and do not use it until we write again."),
        Act.RESTRICTION_LIFTED: _("The person has ended the restriction that we told you of."),
    }
    law = _(
        "We tell you this because the law wants everybody to know who got the data (Art. 19 GDPR). Who the person is "
        "you know by this reference only; please do not send us their name."
    )
    day = format_date(news.made_at, "long", locale=locale_of(recipient.language))
    facts = _("Reference: %(reference)s") % {"reference": news.reference} + "\n" + _("Day: %(day)s") % {"day": day}
    made = letters.plain(titles[act], _("Hello,"), asked[act], facts, law)
    return made.title, made.body
