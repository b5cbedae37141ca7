"""What a withdrawal takes along: everything that rested on the consent goes in the same transaction (R1, R4)."""

from collections.abc import Callable, Mapping

from sqlalchemy import delete, select

from privacy import consent
from privacy.disclosure import Reason
from privacy.recipient import Act
from privacy.vocabulary import Purpose
from workers import comparing, mail
from workers.archives.keeping import drop_archives
from workers.models import Connection, Digest, Profile, TakenOffer
from workers.releases import strike_all
from workers.results import drop_scores
from workers.runtime.work import Work
from workers.signals.disputes import forget_network, forget_topics
from workers.signals.standing import unlink
from workers.signals.store import drop_connections
from workers.signals.topics import drop_topics
from workers.telling import tell


def withdraw(work: Work, subject_id: str, purpose: Purpose, network: str = "") -> bool:
    """Ends a consent and erases what rested on it; False if there was none to end."""
    if not consent.withdraw(work.session, subject_id, purpose, work.now, network):
        return False
    if purpose in _ERASES:
        _ERASES[purpose](work, subject_id, network)
    return True


def _drop_topics(work: Work, subject_id: str, _network: str) -> None:
    comparing.leave(work.session, subject_id)
    drop_topics(work.session, subject_id)
    forget_topics(work.session, work.ring.person(subject_id), subject_id)


def _drop_digest(work: Work, subject_id: str, _network: str) -> None:
    work.session.execute(delete(Digest).where(Digest.subject_id == subject_id))
    mail.withhold(work.session, subject_id)


def _drop_network(work: Work, subject_id: str, network: str) -> None:
    query = select(Connection).where(Connection.subject_id == subject_id, Connection.network == network)
    drop_connections(work.session, work.session.scalars(query).all())
    forget_network(work, subject_id, network)
    mail.withhold(work.session, subject_id)  # they tell of scores that go with it
    if consent.networks(work.session, subject_id, frozen=True):
        drop_scores(work.session, subject_id, network)
        tell(work, subject_id, Act.RECTIFICATION)
        work.later("score", subject_id)
    else:
        drop_scores(work.session, subject_id)
        tell(work, subject_id, Act.ERASURE)


def _drop_profile(work: Work, subject_id: str, _network: str) -> None:
    work.session.execute(delete(Profile).where(Profile.subject_id == subject_id))


def _drop_offers(work: Work, subject_id: str, _network: str) -> None:
    work.session.execute(delete(TakenOffer).where(TakenOffer.subject_id == subject_id))
    tell(work, subject_id, Act.ERASURE, Reason.CAMPAIGN)


_ERASES: Mapping[Purpose, Callable[[Work, str, str], object]] = {
    Purpose.RECOGNITION: lambda work, subject_id, _network: unlink(work.session, subject_id),
    Purpose.TOPICS: _drop_topics,
    Purpose.COMPARISON: lambda work, subject_id, _network: comparing.leave(work.session, subject_id),
    Purpose.ARCHIVES: drop_archives,
    Purpose.DIGEST: _drop_digest,
    Purpose.SCORING: _drop_network,
    Purpose.PROFILE: _drop_profile,
    Purpose.LOOKUP: lambda work, subject_id, _network: strike_all(work, subject_id),
    Purpose.PERKS: _drop_offers,
}
