"""Who runs this installation: what the environment says, completed by what the administrator said (R3)."""

from collections.abc import Mapping
from dataclasses import asdict, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy.ledger import note
from server.models import OrganisationFact
from workers.runtime.settings import Organisation, Settings
from workers.runtime.work import Work

FACTS = tuple(Organisation.__annotations__)

#: Who can be signed in as in the demo, and the password of all: it opens invented data only.
DEMO_LOGIN = {
    "participant": "mira@demo.example",
    "admin": "admin@demo.example",
    "dpo": "dpo@demo.example",
    "auditor": "auditor@demo.example",
    "password": "klarwert-demo",
}

#: The demo has an organisation of its own, as invented as its people.
DEMO = Organisation(
    name="Klarwert-Demo (erfunden)",
    address="Musterweg 1, 12345 Musterstadt",
    contact="hallo@demo.example",
    dpo="datenschutz@demo.example",
    authority="Aufsichtsbehörde Musterland (erfunden)",
    imprint="Diese Demo betreibt niemand: Name, Adresse und Behörde sind erfunden.",
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


def set_facts(work: Work, facts: Mapping[str, str]) -> None:
    """Keeps what the administrator said. Raises `ValueError` for an unknown fact."""
    unknown = set(facts) - set(FACTS)
    if unknown:
        raise ValueError("an unknown fact about the organisation")
    changed = []
    for name, value in facts.items():
        before = work.session.get(OrganisationFact, name)
        if before is None or before.value != value.strip():
            changed.append(name)
        work.session.merge(OrganisationFact(name=name, value=value.strip()))
    if changed:
        note(work.session, work.now, "organisation", None, facts=sorted(changed))
