"""Who runs this installation: what the environment says, completed by what the administrator said (R3)."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.models import OrganisationFact
from workers.models import ScoreCheck
from workers.runtime.settings import Organisation, Settings
from workers.runtime.work import Work

FACTS = tuple(Organisation.__annotations__)

#: So long an alarm is shown after the check that raised it.
_ALARM = timedelta(days=7)

#: Who can be signed in as in the demo, and the password of all: it opens invented data only.
DEMO_LOGIN = {"participant": "mira@demo.example", "admin": "admin@demo.example", "password": "klarwert-demo"}

#: The demo has an organisation of its own, as invented as its people.
DEMO = Organisation(
    name="Klarwert-Demo (erfunden)",
    address="Musterweg 1, 12345 Musterstadt",
    contact="hallo@demo.example",
    dpo="datenschutz@demo.example",
    authority="Aufsichtsbehörde Musterland (erfunden)",
    imprint="Klarwert-Demo, Musterweg 1, 12345 Musterstadt",
)


def organisation(session: Session, settings: Settings) -> Organisation:
    """What is known about the organisation; the environment wins."""
    if settings.demo:
        return DEMO
    said = {name: value for name, value in asdict(settings.organisation).items() if value}
    facts = {fact.name: fact.value for fact in session.scalars(select(OrganisationFact)) if fact.name in FACTS}
    return replace(Organisation(), **(facts | said))


def fixed(settings: Settings) -> frozenset[str]:
    """Names of the facts that the environment (or the demo) says, so that nobody can change them on a page."""
    return frozenset(name for name, value in asdict(DEMO if settings.demo else settings.organisation).items() if value)


def newest_check(session: Session) -> ScoreCheck | None:
    """How the newest check of stored scores ended; one with differences stays the newest for a week."""
    wrong = select(ScoreCheck).where(ScoreCheck.wrong > 0).order_by(ScoreCheck.day.desc()).limit(1)
    newest = session.scalar(select(ScoreCheck).order_by(ScoreCheck.day.desc()).limit(1))
    alarm = session.scalar(wrong)
    return alarm if alarm and newest and newest.day - alarm.day < _ALARM else newest


def set_facts(work: Work, facts: Mapping[str, str]) -> None:
    """Keeps what the administrator said. Raises `ValueError` for an unknown fact."""
    unknown = set(facts) - set(FACTS)
    if unknown:
        raise ValueError("an unknown fact about the organisation")
    for name, value in facts.items():
        work.session.merge(OrganisationFact(name=name, value=value.strip()))
