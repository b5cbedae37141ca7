"""How jobs ask networks: one guarded client a run, named after this installation, and the networks that are on."""

from collections.abc import Callable
from datetime import datetime, timedelta

from privacy import consent
from privacy.keyring import PersonKey
from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from workers import keys
from workers.catalogue import NETWORKS
from workers.jobs.traffic import SharedTraffic
from workers.models import Connection
from workers.networks.client import Client
from workers.networks.registry import Given, Key
from workers.networks.registry import network as named
from workers.networks.shape import Failure, Network, Reason
from workers.runtime.process import Process
from workers.runtime.work import Work

#: How long after a failure a network is asked again, where it does not say so itself.
PATIENCE = timedelta(hours=1)
#: The same where nearly everything was read: what is missing may be missing for good.
SLOW_PATIENCE = timedelta(hours=6)


def client(process: Process, alive: Callable[[], None] = lambda: None) -> Client:
    """A client that says who asks, and where to complain. `alive` is called before each request."""
    settings = process.settings
    contact = settings.organisation.contact or settings.public_url
    name = f"Klarwert/1 (+{settings.public_url}; {contact})"
    # A header takes plain ASCII only; a contact may be written in any letters.
    plain = "".join(letter for letter in name if " " <= letter <= "~")
    traffic = SharedTraffic(process)
    return Client(plain, settings.allowed_origins, traffic=traffic, alive=alive, now=process.clock)


def network(process: Process, name: str) -> Network:
    """A network by its name, with the operator's key where it needs one.

    Raises KeyError for an unknown one, Failure(SWITCHED_OFF) where it is off or its key is missing.
    """
    with process.reading() as session:
        parts, on = keys.key_for(session, process.ring, name), keys.is_on(session, name)
    if name in NETWORKS and not on:
        raise Failure(Reason.SWITCHED_OFF)
    return named(name, Given(process.settings.bluesky_appview, Key(parts)))


def held(work: Work, connection_id: str) -> Connection | None:
    """The connection, locked, while the person agrees to its being read; None if it is gone.

    The consent is locked first and the connection after it, as a withdrawal does: the other order would let a job and
    a withdrawal wait for each other. Raises `NoConsentError`.
    """
    known = work.session.get(Connection, connection_id)
    if known is None:
        return None
    consent.require(work.session, known.subject_id, Purpose.SCORING, known.network)
    return work.session.get(Connection, connection_id, with_for_update=True, populate_existing=True)


def remote_id(work: Work, connection: Connection) -> str:
    """The network's stable id of a connection."""
    return unseal(connection, key_of(work, connection), "remote_id")


def key_of(work: Work, connection: Connection) -> PersonKey:
    """The key of the connection's person."""
    return work.ring.person(connection.subject_id)


def page_address(public_url: str, code: str) -> str:
    """The person's page here, for `rel="me"`: its address is as secret as the code and shows nothing but the link."""
    return f"{public_url}/me/{code}"


def retry_at(failure: Failure, now: datetime) -> datetime:
    """When to ask again."""
    patience = SLOW_PATIENCE if failure.reason is Reason.INCOMPLETE else PATIENCE
    return max(failure.retry_at or now + patience, now + timedelta(minutes=1))
