"""Who looked at whose score, when and for what: every look by somebody of the organisation is a disclosure (R20, R21).

A disclosure names its purpose, and some purposes are closed for good: the code refuses them, with the reason.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.keyring import KeyRing
from privacy.ledger import note
from privacy.recipient import Recipient
from privacy.sealed import seal, unseal
from privacy.vocabulary import About, Basis, Use


class Reason(StrEnum):
    """What somebody else may look at a score for."""

    CAMPAIGN = "campaign"
    """Choosing people for a campaign with perks, among those who agreed to that."""
    LOOKUP = "lookup"
    """An organisation asks for the score of somebody who agreed to that."""
    AUDIT = "audit"
    """Checking that scores and explanations are right."""
    DISPUTE = "dispute"
    """A human decides what a person disputed (R19)."""
    SUPPORT = "support"
    """A human answers a question of the person."""


#: Purposes that are refused whoever asks, with the law behind it. They are words, so that a refusal can name them.
FORBIDDEN: Mapping[str, str] = {
    "employment": "AI Act Annex III 4(a); Art. 22 GDPR",
    "credit": "AI Act Annex III 5(b); Art. 22 GDPR (C-634/21)",
    "insurance": "AI Act Annex III 5(c); Art. 22 GDPR",
    "tenancy": "AI Act 5(1)(c); Art. 22 GDPR",
}


#: The role of whoever is outside the organisation.
RECIPIENT = "recipient"


class ForbiddenUseError(PermissionError):
    """A score is not given for this. `use` is the purpose that was named, `law` what forbids it."""

    def __init__(self, use: str) -> None:
        self.use = use if use in FORBIDDEN else "unknown"
        self.law = FORBIDDEN.get(use, "Art. 5(1)(b) GDPR")
        super().__init__(f"a score is not given for this purpose ({self.use}): {self.law}")


class Disclosure(Base):
    """One look at something of one person."""

    __tablename__ = "disclosure"
    __holds__ = Holds(
        kind="disclosures",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=("id", "subject_id", "recipient", "recipient_id", "role", "purpose", "aim", "what", "day", "made_at"),
        withheld={"viewer_index": "a keyed fingerprint of whoever looked; recipient names them"},
        # The person can see it from the moment on which it is made.
        rule=Rule(366, since="made_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    recipient: Mapped[Sealed]
    """Who got to see it, by name, as the person reads it."""
    recipient_id: Mapped[str | None] = mapped_column(ForeignKey(Recipient.id), index=True)
    """Who outside the organisation got it, and is told what becomes of it (Art. 19)."""
    role: Mapped[str]
    """As what they looked: a `Role` of an account, or `RECIPIENT`."""
    viewer_index: Mapped[bytes] = mapped_column(index=True)
    """`viewer_index` of the account or token: tells how often somebody looked, and not who it was."""
    purpose: Mapped[str]
    aim: Mapped[Sealed | None]
    """What it was said to be needed for, in the words of who got it, where they had to say so."""
    what: Mapped[str]
    """What was seen, a word of ours: `score`, `explanation`, `label`."""
    day: Mapped[date | None]
    """Of which day the score was, if it was one."""
    made_at: Mapped[datetime] = mapped_column(index=True)


def allowed(purpose: str) -> Reason:
    """The reason of this name. Raises `ForbiddenUseError` for what is closed by law and for what is no reason."""
    try:
        return Reason(purpose)
    except ValueError:
        raise ForbiddenUseError(purpose) from None


def record(
    session: Session,
    ring: KeyRing,
    subject_id: str,
    now: datetime,
    *,
    recipient: str,
    role: str,
    viewer_id: str,
    purpose: str,
    what: str,
    aim: str | None = None,
    day: date | None = None,
) -> Disclosure:
    """Records a look in the transaction that shows it; without the record nothing is shown.

    `recipient` is the name the person reads, `viewer_id` the id of the account or token that looks. Raises
    `ForbiddenUseError`, and `KeyGoneError` for somebody who is erased.
    """
    reason = allowed(purpose)
    made = Disclosure(
        id=new_id(), subject_id=subject_id, role=role, viewer_index=viewer_index(ring, viewer_id),
        purpose=reason.value, what=what, day=day, made_at=now,
    )  # fmt: skip
    seal(made, ring.person(subject_id), recipient=recipient, aim=aim)
    session.add(made)
    session.flush()
    note(session, now, "disclosure", subject_id, disclosure=made.id, purpose=made.purpose, what=what, role=role)
    return made


def hand_over(
    session: Session,
    ring: KeyRing,
    subject_id: str,
    now: datetime,
    recipient: Recipient,
    *,
    purpose: str,
    what: str,
    aim: str | None = None,
    day: date | None = None,
) -> Disclosure:
    """Records that a recipient gets something; they get `privacy.recipient.reference` with it. Raises as `record`."""
    made = record(
        session, ring, subject_id, now, recipient=recipient.name, role=RECIPIENT, viewer_id=recipient.id,
        purpose=purpose, what=what, aim=aim, day=day,
    )  # fmt: skip
    made.recipient_id = recipient.id
    session.flush()
    return made


def recipients(session: Session, subject_id: str, *purposes: Reason) -> list[Recipient]:
    """Who outside the organisation got something of a person, for one of these purposes or for whatever; by name.

    Without those that were removed: they were told then to delete everything.
    """
    mine = select(Disclosure.recipient_id).where(Disclosure.subject_id == subject_id)
    if purposes:
        mine = mine.where(Disclosure.purpose.in_(purposes))
    return list(
        session.scalars(
            select(Recipient)
            .where(Recipient.id.in_(mine), Recipient.removed_at.is_(None))
            .order_by(Recipient.name, Recipient.id)
        )
    )


def viewer_index(ring: KeyRing, viewer_id: str) -> bytes:
    """How the looks of one account or token are found again."""
    return ring.blind("disclosure.viewer", viewer_id)


def times(session: Session, subject_id: str) -> Counter[str]:
    """How often somebody looked at one person, by `Disclosure.role`: programs may ask very often."""
    count = select(Disclosure.role, func.count()).where(Disclosure.subject_id == subject_id)
    return Counter(dict(session.execute(count.group_by(Disclosure.role)).all()))


def disclosures(session: Session, ring: KeyRing, subject_id: str, most: int) -> list[tuple[Disclosure, str, str]]:
    """The newest looks at one person with the name of who looked and their aim ("" where none was said).

    Raises `KeyGoneError`.
    """
    key = ring.person(subject_id)
    query = select(Disclosure).where(Disclosure.subject_id == subject_id)
    rows = session.scalars(query.order_by(Disclosure.made_at.desc(), Disclosure.id).limit(most))
    return [(row, unseal(row, key, "recipient"), unseal(row, key, "aim")) for row in rows]
