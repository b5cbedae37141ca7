"""Requests of people for their rights (Art. 12), with their dates: who, what, how it came, until when, how it ended.

A request of somebody who takes part is sealed under their key. One of somebody without an account has a key of its own,
under the request's own id, which is destroyed with the row.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.keyring import KeyRing, PersonKey
from privacy.vocabulary import About, Basis, Use

_THREE_YEARS = 3 * 366


class Kind(StrEnum):
    """Which right it is about."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"


#: What people without an account can ask for on the public page.
WITHOUT_ACCOUNT = (Kind.ACCESS, Kind.ERASURE, Kind.OBJECTION)


class Way(StrEnum):
    """How it came."""

    SELF_SERVICE = "self service"
    """The person did it themselves, at once."""
    PAGE = "page"
    """By the public page, without an account."""
    LETTER = "letter"
    MAIL = "mail"
    PHONE = "phone"
    IN_PERSON = "in person"


class State(StrEnum):
    """Where a request stands."""

    LOOKING = "looking"
    """The account that was named is being looked up."""
    CLAIMED = "claimed"
    """Waits for the proof that the account is theirs."""
    CHECKING = "checking"
    """The proof is being looked for."""
    OPEN = "open"
    """Waits for the organisation's answer."""
    ANSWERED = "answered"
    REFUSED = "refused"
    """With the reason, and the ways to complain (Art. 12(4))."""


#: It is the organisation's turn to answer, and the clock runs.
RUNNING = (State.OPEN,)
#: It is the turn of whoever asked: without a proof it lapses.
UNPROVEN = (State.LOOKING, State.CLAIMED, State.CHECKING)
CLOSED = (State.ANSWERED, State.REFUSED)


class Request(Base):
    """One request of one person."""

    __tablename__ = "request"
    __holds__ = Holds(
        kind="requests",
        about=About.PARTICIPANT,
        use=Use.RIGHTS,
        basis=Basis.DUTY,
        exported=(
            "id", "subject_id", "kind", "way", "state", "language", "network", "account", "remote_id", "code",
            "code_until", "proof", "proven_at", "contact", "wish", "answer", "found", "reason", "received_at", "due_on",
            "extended_on", "closed_at", "lapses_at", "failure", "due_at",
        ),
        withheld={
            "code_index": "a keyed fingerprint of code, which is exported",
            "account_index": "a keyed fingerprint of remote_id, which is exported",
            "token_hash": "a one-way hash of a secret",
            "alarmed_on": "says only when the organisation was reminded",
        },
        rule=Rule(_THREE_YEARS, since="closed_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subject.id"), index=True)
    """Whose it is; empty for people without an account."""
    kind: Mapped[str]
    way: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    """In which the answer is written."""
    network: Mapped[str] = mapped_column(default="")
    account: Mapped[Sealed | None]
    """The account on the network, as it was typed in."""
    remote_id: Mapped[Sealed | None]
    """The network's stable id of that account (`Profile.remote_id`)."""
    account_index: Mapped[bytes | None] = mapped_column(index=True)
    """`workers.signals.standing.account_index` of the account, once it was looked up."""
    code: Mapped[Sealed | None]
    """To be put into the public bio or a public post."""
    code_index: Mapped[bytes | None] = mapped_column(index=True)
    code_until: Mapped[datetime | None]
    proof: Mapped[str | None]
    """How it was proven: `bio`, `rel_me` or `post`; `by hand` where the officer made sure."""
    proven_at: Mapped[datetime | None]
    contact: Mapped[Sealed | None]
    """Where the answer goes: name and address, or an e-mail address."""
    wish: Mapped[Sealed | None]
    """In the person's words."""
    answer: Mapped[Sealed | None]
    """In the organisation's words; of a refused one why."""
    found: Mapped[Sealed | None]
    """Of somebody without an account: what there was of the account they proved, as JSON; the letter has the words."""
    reason: Mapped[Sealed | None]
    """Why it takes longer."""
    received_at: Mapped[datetime]
    due_on: Mapped[date] = mapped_column(index=True)
    """The last day for the answer (`privacy.deadlines`), the extension included."""
    extended_on: Mapped[date | None]
    """The day on which the person was told that it takes longer."""
    closed_at: Mapped[datetime | None]
    lapses_at: Mapped[datetime | None]
    """Until when the proof has to be there; the row goes after that."""
    failure: Mapped[str | None]
    """Why the last look for the account or the proof failed."""
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the schedule has it looked at (again)."""
    token_hash: Mapped[str | None] = mapped_column(index=True)
    """Of the secret in the address under which somebody without an account follows their request."""
    alarmed_on: Mapped[date | None]
    """The day on which the data protection officer was last reminded."""


def key_of(ring: KeyRing, request: Request) -> PersonKey:
    """The key that the texts of a request are sealed under. Raises `KeyGoneError`."""
    return ring.person(request.subject_id or request.id)


def code_index(ring: KeyRing, code: str) -> bytes:
    """How the request of a code is found."""
    return ring.blind("request.code", code)
