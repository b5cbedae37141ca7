"""The consent ledger: who said yes or no to what, when, and to which exact text (R1 to R5).

Whoever decides locks the person's row of `subject`, whoever acts on a consent holds it: so a decision waits until what
runs has committed, and what comes later sees it. The row is taken before any other, or two transactions may wait for
each other.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, exists, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy import journal
from privacy.base import Base, Holds, Rule, Subject, new_id
from privacy.ledger import note
from privacy.notices import VERSIONS, Notice
from privacy.vocabulary import PER_NETWORK, About, Basis, Erased, Purpose, Use

WITHDRAWAL = "withdrawal"
_THREE_YEARS = 3 * 366
_CHUNK = 500


class NoConsentError(PermissionError):
    """The person has not agreed to this, or does not any more."""


class NoticeText(Base):
    """Every notice that somebody decided on, word for word."""

    __tablename__ = "notice_text"
    __holds__ = Holds(
        kind="notices",
        about=About.NOBODY,
        use=Use.PROOF,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            ("digest", "purpose", "version", "language", "controller", "text"), "stands in every receipt"
        ),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    version: Mapped[int]
    language: Mapped[str]
    controller: Mapped[str]
    """Who asked: the name in the text."""
    text: Mapped[str]


class Consent(Base):
    """One decision of one person on one purpose (and network); at most one is open, ended ones are the history."""

    __tablename__ = "consent"
    __holds__ = Holds(
        kind="consents",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=(
            "id", "subject_id", "purpose", "network", "granted", "notice_digest", "method", "decided_at", "ended_at",
        ),
        rule=Rule(_THREE_YEARS, since="ended_at"),
    )  # fmt: skip
    __table_args__ = (
        Index(
            "uq_consent_open", "subject_id", "purpose", "network",
            unique=True, sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        # Everybody who agrees to something is asked for again and again; they are a few of all decisions, or many.
        Index("ix_consent_purpose", "purpose", "granted", "ended_at", "subject_id", "network"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    purpose: Mapped[str]
    network: Mapped[str]
    """Name of the network, empty where the purpose does not name one."""
    granted: Mapped[bool]
    notice_digest: Mapped[str] = mapped_column(ForeignKey("notice_text.digest"))
    method: Mapped[str]
    """How the person said it, such as `web form`."""
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When it was withdrawn or replaced."""


def decide(
    session: Session,
    subject_id: str,
    notice: Notice,
    *,
    granted: bool,
    now: datetime,
    network: str = "",
    method: str = "web form",
) -> Consent:
    """Records a yes or a no to a notice. Saying the same again changes nothing and gives the record that stands.

    Raises `ValueError` if the purpose wants a network and none is named, or the other way round.
    """
    if bool(network) != (notice.purpose in PER_NETWORK):
        raise ValueError(f"{notice.purpose}: a network is named exactly where the purpose asks for one")
    take_turn(session, subject_id)
    last = session.scalar(_open(subject_id, notice.purpose, network))
    if last is not None:
        if last.granted == granted and last.notice_digest == notice.digest:
            return last
        last.ended_at = now
        if last.granted and not granted:
            _journal(session, last, now)
        session.flush()
    keep_text(session, notice)
    consent = Consent(
        id=new_id(), subject_id=subject_id, purpose=notice.purpose.value, network=network, granted=granted,
        notice_digest=notice.digest, method=method, decided_at=now, ended_at=None,
    )  # fmt: skip
    session.add(consent)
    session.flush()
    _log(session, "consent", consent, now)
    return consent


def take_turn(session: Session, subject_id: str) -> None:
    """Waits for whoever holds this person's consent, and has those who come later wait until the transaction ends.

    First of all for whoever changes or erases what jobs write about a person. `FOR NO KEY UPDATE`: rows that point at
    the person may still be written.
    """
    session.execute(select(Subject.id).where(Subject.id == subject_id).with_for_update(key_share=True))


def withdraw(session: Session, subject_id: str, purpose: Purpose, now: datetime, network: str = "") -> bool:
    """Ends a yes; False if there was none. It waits for jobs that hold the consent and write, so it wins (R4)."""
    take_turn(session, subject_id)
    last = session.scalar(_open(subject_id, purpose, network))
    if last is None or not last.granted:
        return False
    last.ended_at = now
    _journal(session, last, now)
    _log(session, WITHDRAWAL, last, now)
    return True


def _journal(session: Session, ended: Consent, now: datetime) -> None:
    """No restore brings a consent back that has ended (R36)."""
    journal.note(
        session, now, WITHDRAWAL, subject=ended.subject_id, purpose=ended.purpose, network=ended.network
    )  # fmt: skip


def _log(session: Session, type_: str, decision: Consent, now: datetime) -> None:
    """A decision stands in the log as its receipt has it: the notice by its digest, the person by nothing."""
    note(
        session, now, type_, decision.subject_id, consent=decision.id, purpose=decision.purpose,
        network=decision.network, granted=decision.granted, notice=decision.notice_digest,
    )  # fmt: skip


def agreed(session: Session, subject_id: str, purpose: Purpose, network: str = "", *, hold: bool = False) -> bool:
    """Does the person agree to this now, to the notice that counts now (R5)?

    Not while they are being erased or have restricted the use of their data (Art. 18).

    With `hold` neither a decision nor the start of an erasure can come in between until the transaction ends
    (PostgreSQL; on SQLite the immediate transaction does that).
    """
    if hold:
        # A statement of its own: the next one sees what was committed while this one waited.
        session.execute(select(Subject.id).where(Subject.id == subject_id).with_for_update(read=True))
    return session.scalar(_granted(subject_id, purpose, network).where(Subject.frozen_at.is_(None))) is not None


def counts(text: NoticeText) -> bool:
    """Is it the version of its notice that counts now (R5)?"""
    return text.version == VERSIONS[Purpose(text.purpose)]


def stays(session: Session, subject_id: str) -> bool:
    """Is the person there and not being erased?"""
    there = select(Subject.id).where(Subject.id == subject_id, Subject.erasing_at.is_(None))
    return session.scalar(there) is not None


def granted(session: Session, subject_id: str, purpose: Purpose, network: str = "") -> bool:
    """Does the person agree to this now, whether or not they have restricted the use of their data meanwhile?"""
    return session.scalar(_granted(subject_id, purpose, network)) is not None


def _granted(subject_id: str, purpose: Purpose, network: str) -> Select[Consent]:
    return (
        _open(subject_id, purpose, network)
        .join(NoticeText, NoticeText.digest == Consent.notice_digest)
        .join(Subject, Subject.id == Consent.subject_id)
        .where(Consent.granted, NoticeText.version == VERSIONS[purpose], Subject.erasing_at.is_(None))
    )


def require(session: Session, subject_id: str, purpose: Purpose, network: str = "") -> None:
    """Holds the consent for the rest of the transaction. Raises `NoConsentError` if there is none."""
    if not agreed(session, subject_id, purpose, network, hold=True):
        raise NoConsentError(f"no consent for {purpose}")


def asked(session: Session, subject_id: str, purpose: Purpose, network: str = "") -> bool:
    """Was the person ever asked this, in the version that counts now? A no is remembered (R2)."""
    query = (
        select(Consent.id)
        .join(NoticeText, NoticeText.digest == Consent.notice_digest)
        .where(
            Consent.subject_id == subject_id,
            Consent.purpose == purpose.value,
            Consent.network == network,
            NoticeText.version == VERSIONS[purpose],
        )
    )
    return bool(session.scalar(select(exists(query))))


def networks(session: Session, subject_id: str, *, frozen: bool = False) -> list[str]:
    """Names of the networks whose scoring the person agrees to now; with `frozen` also while its use is restricted."""
    mine = agreeing(Purpose.SCORING, frozen=frozen).where(Consent.subject_id == subject_id)
    return list(session.scalars(mine.with_only_columns(Consent.network).order_by(Consent.network)))


def agreeing(purpose: Purpose, *, frozen: bool = False) -> Select[str]:
    """Ids of everybody who agrees to a purpose now, as a query to select from or to ask others with.

    With `frozen` also of those who have restricted the use of their data: it stays.
    """
    everybody = (
        select(Consent.subject_id)
        .join(NoticeText, NoticeText.digest == Consent.notice_digest)
        .join(Subject, Subject.id == Consent.subject_id)
        .where(
            Consent.purpose == purpose.value,
            Consent.ended_at.is_(None),
            Consent.granted,
            NoticeText.version == VERSIONS[purpose],
            Subject.erasing_at.is_(None),
        )
    )
    return everybody if frozen else everybody.where(Subject.frozen_at.is_(None))


def networks_between(session: Session, first: str, end: str) -> dict[str, set[str]]:
    """The same as `networks` for everybody whose id is from `first` to below `end`, who agrees to any."""
    query = agreeing(Purpose.SCORING).where(Consent.subject_id >= first, Consent.subject_id < end)
    found: dict[str, set[str]] = defaultdict(set)
    for subject_id, network in session.connection().execute(query.add_columns(Consent.network)).all():
        found[subject_id].add(network)
    return found


def hold_between(session: Session, first: str, end: str) -> None:
    """Holds everybody of these ids until the transaction ends: no decision and no erasure comes in between."""
    mine = select(Subject.id).where(Subject.id >= first, Subject.id < end).order_by(Subject.id)
    session.execute(mine.with_for_update(read=True)).all()


def hold(session: Session, subject_ids: Iterable[str]) -> None:
    """The same for these people, in the order of their ids."""
    ids = sorted(subject_ids)
    for start in range(0, len(ids), _CHUNK):
        some = select(Subject.id).where(Subject.id.in_(ids[start : start + _CHUNK])).order_by(Subject.id)
        session.execute(some.with_for_update(read=True)).all()


def history(session: Session, subject_id: str) -> list[tuple[Consent, NoticeText]]:
    """All decisions of a person with their texts, newest first."""
    query = (
        select(Consent, NoticeText)
        .join(NoticeText, NoticeText.digest == Consent.notice_digest)
        .where(Consent.subject_id == subject_id)
        .order_by(Consent.decided_at.desc(), Consent.id)
    )
    return [(consent, notice) for consent, notice in session.execute(query)]


def _open(subject_id: str, purpose: Purpose, network: str) -> Select[Consent]:
    return select(Consent).where(
        Consent.subject_id == subject_id,
        Consent.purpose == purpose.value,
        Consent.network == network,
        Consent.ended_at.is_(None),
    )


def keep_text(session: Session, notice: Notice) -> None:
    """Keeps a notice word for word, once, before somebody decides on it."""
    if session.get(NoticeText, notice.digest) is not None:
        return
    row = {
        "digest": notice.digest,
        "purpose": notice.purpose.value,
        "version": notice.version,
        "language": notice.language,
        "controller": notice.controller,
        "text": notice.text,
    }
    try:
        with session.begin_nested():
            session.execute(insert(NoticeText).values(row))
    except IntegrityError:
        return  # somebody else was the first to see this text, at the same moment
