"""A participant's account on a network: claimed, then proven, then read once a day."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.keyring import KeyRing
from privacy.vocabulary import About, Basis, Use

#: What was read less than this ago is not read again.
FRESH = timedelta(hours=1)


class State(StrEnum):
    """Where a connection stands."""

    LOOKING = "looking"
    """Typed in; the network has not been asked yet."""
    CLAIMED = "claimed"
    """Found; waits for the proof."""
    CHECKING = "checking"
    """The proof is being looked for."""
    PROVEN = "proven"
    """The account is the person's; it is read."""
    REFUSED = "refused"
    """It cannot be connected; `failure` says why."""
    LAPSED = "lapsed"
    """The proof is too old, or somebody else proved the account: nothing is read."""


def code_index(ring: KeyRing, code: str) -> bytes:
    """How the connection of a code is found."""
    return ring.blind("connection.code", code)


class Connection(Base):
    """One account of one participant on one network."""

    __tablename__ = "connection"
    __holds__ = Holds(
        kind="connections",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=(
            "id", "subject_id", "network", "state", "typed", "handle", "address", "remote_id", "label", "code",
            "code_until", "proof", "proven_at", "created_at", "read_at", "failure", "due_at", "resume",
            "marks", "idle_since", "last_post",
        ),
        withheld={
            "remote_index": "a keyed fingerprint of remote_id, which is exported",
            "code_index": "a keyed fingerprint of code, which is exported",
            "leased_until": "says only whether a reading is running",
        },
        # Not before what was read through it: its signals, posts and runs are older and live as long.
        rule=Rule(91, since="idle_since"),
    )  # fmt: skip
    __table_args__ = (
        # One account belongs to one participant: whoever proves it.
        Index(
            "uq_connection_proven", "network", "remote_index", unique=True,
            sqlite_where=text("state = 'proven'"), postgresql_where=text("state = 'proven'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    network: Mapped[str]
    state: Mapped[str]
    typed: Mapped[Sealed]
    """What the person typed."""
    handle: Mapped[Sealed | None]
    address: Mapped[Sealed | None]
    """The public profile for people."""
    remote_id: Mapped[Sealed | None]
    """The network's stable id."""
    remote_index: Mapped[bytes | None] = mapped_column(index=True)
    label: Mapped[str] = mapped_column(default="")
    """Tells several accounts of one person on one network apart in signals; empty for the first."""
    code: Mapped[Sealed]
    """To be put into the public bio or a public post; part of the address of the person's page here, too."""
    code_index: Mapped[bytes] = mapped_column(index=True)
    code_until: Mapped[datetime]
    proof: Mapped[str | None]
    """How it was proven: `bio`, `dns`, `file`, `rel_me` or `post`."""
    proven_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When it was last read to its end."""
    failure: Mapped[str | None]
    """Why the last try failed, a `workers.networks.shape.Reason` or a word of ours."""
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the schedule has it read (or looked up) again."""
    resume: Mapped[Sealed | None]
    """Where an unfinished reading goes on; the network's own words."""
    marks: Mapped[Sealed | None]
    """JSON: how its lists looked (`networks.marks`), by their addresses, and since when only changes were read."""
    leased_until: Mapped[datetime | None]
    """A reading is running; nobody else starts one before."""
    last_post: Mapped[int] = mapped_column(default=0)
    """The highest number that a post of it ever had; none is given twice."""
    idle_since: Mapped[datetime | None]
    """Since when it is not proven, as the jobs found; empty while it is read."""
