"""How far a firehose was read: a place in a stream of what everybody publishes, about nobody."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use


class FirehosePlace(Base):
    """Where one firehose goes on after a stop."""

    __tablename__ = "firehose_place"
    __holds__ = Holds(
        kind="places in a firehose",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("relay", "seq", "kept_at"), "about nobody"),
        rule=Rule(30, since="kept_at"),
    )

    relay: Mapped[str] = mapped_column(primary_key=True)
    """Address of the relay."""
    seq: Mapped[int] = mapped_column(BigInteger)
    """Number of the last message of which everything is stored."""
    kept_at: Mapped[datetime]
