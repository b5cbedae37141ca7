"""The operator's keys for networks: given, read when a network is asked, taken away; sealed, and never shown again."""

import json
from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy.keyring import KeyRing, PersonKey
from workers.catalogue import NETWORKS, NetworkFacts, Way
from workers.models import NetworkKey, NetworkOff
from workers.runtime.upsert import upsert
from workers.runtime.work import Work


class WrongKeyError(ValueError):
    """A key does not have exactly the parts that its network needs, each a line of printable ASCII."""


def give(work: Work, network: str, parts: Mapping[str, str]) -> None:
    """Keeps the key of a network, in place of an older one. Raises `WrongKeyError`."""
    facts = NETWORKS.get(network)
    clean = {name: value.strip() for name, value in parts.items()}
    if facts is None or not facts.key or set(clean) != {part.name for part in facts.key}:
        raise WrongKeyError("not the parts of a key of this network")
    if not all(value and value.isascii() and value.isprintable() for value in clean.values()):
        raise WrongKeyError("a part of a key is empty or has odd letters")
    value = _lock(work.ring).seal(_place(network), json.dumps(clean))
    row = NetworkKey(network=network, value=bytes(value), given_at=work.now)
    upsert(work.session, row, newest="given_at")


def take_away(work: Work, network: str) -> None:
    """Deletes the key of a network; without it the network is not asked any more."""
    work.session.execute(delete(NetworkKey).where(NetworkKey.network == network))


def key_for(session: Session, ring: KeyRing, network: str) -> dict[str, str]:
    """The parts of the key of a network; none where none was given."""
    row = session.get(NetworkKey, network)
    return {} if row is None else dict(json.loads(_lock(ring).open(_place(network), row.value)))


def is_on(session: Session, network: str) -> bool:
    """Can accounts of this network be connected here? An unknown one never."""
    facts = NETWORKS.get(network)
    ready = facts is not None and (facts.way is Way.PUBLIC or session.get(NetworkKey, network) is not None)
    return ready and session.get(NetworkOff, network) is None


def switch(work: Work, network: str, *, on: bool) -> None:
    """Switches a network off, or on again. Whatever was read of it stays as long as it would without the switch."""
    work.session.execute(delete(NetworkOff).where(NetworkOff.network == network))
    if not on:
        work.session.add(NetworkOff(network=network, since=work.now))


def switched_on(session: Session) -> list[NetworkFacts]:
    """The networks whose accounts can be connected here."""
    given = set(session.scalars(select(NetworkKey.network)))
    off = set(session.scalars(select(NetworkOff.network)))
    ready = [facts for facts in NETWORKS.values() if facts.way is Way.PUBLIC or facts.name in given]
    return [facts for facts in ready if facts.name not in off]


def _place(network: str) -> str:
    return f"network_key/{network}"


def _lock(ring: KeyRing) -> PersonKey:
    return PersonKey(ring.instance("network-keys"))
