"""Consents as a person meets them: the notice to decide on, the decisions so far, receipts, withdrawal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.consent import Consent, NoticeText
from privacy.notices import Notice, notice
from privacy.receipt import receipt_text
from privacy.vocabulary import Purpose
from server.services.missing import MissingError
from server.services.purposes import PurposeWords, purpose_words
from workers import keys
from workers.archives.found import BROUGHT
from workers.catalogue import ALL, NETWORKS
from workers.models import Connection
from workers.models.connection import FRESH, State
from workers.runtime.settings import Organisation
from workers.runtime.work import Work
from workers.withdrawal import withdraw as withdraw_all

#: Purposes that are asked beside scoring: those that something here uses. A feature adds its own line.
OFFERED = (
    Purpose.RECOGNITION,
    Purpose.NAMED,
    Purpose.TOPICS,
    Purpose.COMPARISON,
    Purpose.PROFILE,
    Purpose.LOOKUP,
    Purpose.PERKS,
    Purpose.DIGEST,
)


class UnknownPurposeError(MissingError):
    """There is no such purpose, or no such network."""


@dataclass(frozen=True)
class Topic:
    """One thing to say yes or no to, and what was said."""

    purpose: Purpose
    network: str
    """Name of the network, empty where the purpose names none."""
    granted: bool
    asked: bool
    record: Consent | None
    """The decision that stands."""


@dataclass(frozen=True)
class Past:
    """One decision of the past or present, for the list of receipts."""

    id: str
    purpose: str
    network: str
    granted: bool
    decided_at: datetime
    ended_at: datetime | None
    version: int


def notice_for(purpose: Purpose, network: str, language: str, organisation: Organisation) -> Notice:
    """The text to decide on, with all names in it. Raises `UnknownPurposeError`."""
    if (purpose, network) not in offered():
        raise UnknownPurposeError("no such purpose or network")
    names = {
        "organisation": organisation.name,
        "address": organisation.address_in_a_line,
        "dpo": organisation.dpo,
        "authority": organisation.authority,
    }
    if network:
        facts = ALL[network]
        names |= {"network": facts.title, "operator": facts.operator[language], "country": facts.country[language]}
    return notice(purpose, language, names)


def words(purpose: Purpose, network: str, language: str) -> PurposeWords:
    """What a consent is about, with the name of the network in it."""
    return said(purpose, ALL[network].title if network else "", language)


def said(purpose: Purpose, networks: str, language: str) -> PurposeWords:
    """The same with the names of one network or several, as they are said in a sentence."""
    return PurposeWords(*(text.replace("%(network)s", networks) for text in purpose_words(language)[purpose]))


def purpose_named(name: str) -> Purpose:
    """A purpose by its name. Raises `UnknownPurposeError`."""
    try:
        return Purpose(name)
    except ValueError:
        raise UnknownPurposeError("no such purpose") from None


def decide(work: Work, subject_id: str, shown: Notice, network: str, *, granted: bool) -> None:
    """Records a yes or a no to the text that was shown; a no to what was a yes withdraws it with all it carries."""
    if not granted and withdraw_all(work, subject_id, shown.purpose, network):
        return
    consent.decide(work.session, subject_id, shown, granted=granted, now=work.now, network=network)
    if granted and shown.purpose is Purpose.TOPICS:
        _read_again(work, subject_id)


def _read_again(work: Work, subject_id: str) -> None:
    """Topics come from texts, and texts are not kept: the proven accounts are read once more.

    An account that was read within the hour waits until it is over; the schedule sends it then.
    """
    mine = select(Connection).where(Connection.subject_id == subject_id, Connection.state == State.PROVEN.value)
    for connection in work.session.scalars(mine.order_by(Connection.id)):
        again = max(work.now, connection.read_at + FRESH) if connection.read_at else work.now
        connection.due_at = min(connection.due_at or again, again)


def withdraw(work: Work, subject_id: str, purpose: Purpose, network: str) -> bool:
    """Withdraws a consent and erases what rested on it; False if there was none."""
    return withdraw_all(work, subject_id, purpose, network)


def topics(session: Session, subject_id: str) -> list[Topic]:
    """Everything that can be decided here, with what was said. Of archives only those that a person was asked about."""
    off = [(Purpose.SCORING, name) for name in NETWORKS if not keys.is_on(session, name)]
    brought = [(Purpose.ARCHIVES, name) for name in BROUGHT]
    past, staying = consent.history(session, subject_id), consent.stays(session, subject_id)
    found = [_topic(past, staying, *pair) for pair in sorted(offered(), key=_place)]
    return [one for one in found if one.asked or (one.purpose, one.network) not in (*off, *brought)]


def outdated(session: Session, subject_id: str) -> list[Topic]:
    """What somebody agreed to in a text that has changed since: it rests until they decide anew."""
    said = topics(session, subject_id)
    return [one for one in said if one.record is not None and one.record.granted and not one.asked]


def offered() -> list[tuple[Purpose, str]]:
    """Every purpose, with its network where it names one, that there is a page to decide on."""
    scored = [(Purpose.SCORING, name) for name in NETWORKS]
    brought = [(Purpose.ARCHIVES, name) for name in BROUGHT]
    return [*scored, *brought, *((purpose, "") for purpose in OFFERED)]


def _place(pair: tuple[Purpose, str]) -> int:
    """In which order purposes are shown: networks and archives first."""
    return [Purpose.SCORING, Purpose.ARCHIVES, *OFFERED].index(pair[0])


def topic(session: Session, subject_id: str, purpose: Purpose, network: str) -> Topic:
    """One thing that can be decided, with what was said."""
    return _topic(consent.history(session, subject_id), consent.stays(session, subject_id), purpose, network)


def _topic(past: Sequence[tuple[Consent, NoticeText]], staying: bool, purpose: Purpose, network: str) -> Topic:
    mine = [(record, text) for record, text in past if (record.purpose, record.network) == (purpose.value, network)]
    now = [record for record, text in mine if consent.counts(text)]
    return Topic(
        purpose=purpose,
        network=network,
        granted=staying and any(record.granted and record.ended_at is None for record in now),
        asked=bool(now),
        record=next((record for record, _ in mine if record.ended_at is None), None),
    )


def past(session: Session, subject_id: str) -> list[Past]:
    """All decisions, newest first."""
    return [
        Past(
            id=record.id,
            purpose=record.purpose,
            network=record.network,
            granted=record.granted,
            decided_at=record.decided_at,
            ended_at=record.ended_at,
            version=text.version,
        )
        for record, text in consent.history(session, subject_id)
    ]


def receipt_json(session: Session, subject_id: str, consent_id: str) -> str:
    """The receipt of one decision as JSON-LD text. Raises `MissingError`."""
    record = session.get(Consent, consent_id)
    if record is None or record.subject_id != subject_id:
        raise MissingError("no such consent")
    text = session.get_one(NoticeText, record.notice_digest)
    return receipt_text(record, text)
