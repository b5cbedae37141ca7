"""What the participant of the demo lets others see: a public page, an organisation that asked once, and an offer."""

from datetime import timedelta

from privacy import consent
from privacy.recipient import Channel
from privacy.vocabulary import Purpose
from server.services import accounts, lookups, offers, profiles, recipients
from server.services.consents import notice_for
from server.services.organisations import DEMO, DEMO_LOGIN
from workers.runtime.process import Process

_NAMED = ("Buchhandlung Beispiel", "post@buchhandlung.example", "Einladungen zu Lesungen und Gartentagen")
_OTHER = ("Messe Beispiel", "post@messe.example", "Freikarten für Leute, die über Gärten schreiben")


def ask(process: Process) -> None:
    """Opens the page; registers two organisations with programs, of which the participant named one; makes an offer."""
    with process.working() as work:
        known = accounts.by_email(work.session, work.ring, DEMO_LOGIN["participant"])
        if known is None:
            raise LookupError("the demo has no participant")
        for purpose in (Purpose.PROFILE, Purpose.LOOKUP, Purpose.PERKS):
            shown = notice_for(purpose, "", known.language, DEMO)
            consent.decide(work.session, known.subject_id, shown, granted=True, now=work.now)
        profiles.open_page(work, known.subject_id, "Mira vom Balkon")
        tokens = {}
        for name, address, aim in (_OTHER, _NAMED):
            made = recipients.register(work, name=name, channel=Channel.MAIL, address=address, language="de")
            tokens[made.id] = lookups.open_token(work, made.id, "lookup", aim)
        lookups.answer(work, tokens[made.id], lookups.name(work, known.subject_id, made.id).reference)
        offers.make(
            work, "campaign", title="Saatgut zum Ausprobieren", topic="", from_score=20, places=25,
            text="Ein Tütchen alter Tomatensorten, frei Haus. Niemand muss darüber schreiben.",
            until=work.today + timedelta(days=60),
        )  # fmt: skip
