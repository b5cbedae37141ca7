"""Receiving webmentions: what is plainly wrong is refused at once, everything else is verified by a worker."""

import re
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.orm import Session

from privacy import consent
from privacy.consent import NoConsentError
from privacy.vocabulary import Purpose
from server.services.missing import MissingError
from workers.models import Connection, Webmention
from workers.models.connection import State
from workers.runtime.work import Work
from workers.signals import webmentions

_LONGEST = 2000
_PLAIN = re.compile(r"[\x21-\x7e]+")


class WrongMentionError(ValueError):
    """A webmention that cannot be one (Webmention, 3.2.1); the text tells its sender why."""


def receive(work: Work, connection_id: str, source: str, target: str) -> str:
    """Notes a webmention; the id under which its sender can ask what became of it.

    Raises `MissingError` where nobody receives here, `WrongMentionError`, `TooManyWaitingError`.
    """
    connection = _receiver(work, connection_id)
    said, wanted = _address(source, "source"), _address(target, "target")
    if said._replace(fragment="") == wanted._replace(fragment=""):
        raise WrongMentionError("source and target are the same page")
    if wanted.netloc.lower() != webmentions.host_of(work.ring, connection):
        raise WrongMentionError("target is no page of the blog that receives here")
    return webmentions.note(work, connection, source, target)


def outcome(session: Session, webmention_id: str) -> str:
    """How it stands: `waiting`, `accepted`, `refused` or `gone`. Raises `MissingError`."""
    row = session.get(Webmention, webmention_id)
    if row is None:
        raise MissingError("no such webmention")
    return "waiting" if row.due_at is not None else row.outcome or "refused"


def _receiver(work: Work, connection_id: str) -> Connection:
    connection = work.session.get(Connection, connection_id)
    if connection is None or connection.network != webmentions.NETWORK or connection.state != State.PROVEN:
        raise MissingError("nobody receives webmentions here")
    try:
        consent.require(work.session, connection.subject_id, Purpose.SCORING, connection.network)
    except NoConsentError:
        raise MissingError("nobody receives webmentions here") from None
    return connection


def _address(text: str, name: str) -> SplitResult:
    try:
        found = urlsplit(text)
        host = found.hostname
    except ValueError:
        host = None
    if not host or not _PLAIN.fullmatch(text) or len(text) > _LONGEST:
        raise WrongMentionError(f"{name} is not the address of a page")
    if found.scheme not in ("http", "https") or "@" in found.netloc:
        raise WrongMentionError(f"{name} has to begin with https:// or http:// and to carry no password")
    return found
