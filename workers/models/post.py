"""A participant's own public post: its address and topics (sealed) and its day. Its text is never stored (R10)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class Post(Base):
    """One post that signals point at."""

    __tablename__ = "post"
    __holds__ = Holds(
        kind="posts",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=(
            "id", "subject_id", "connection_id", "number", "address", "day", "topics", "first_read_at", "read_at",
        ),
        withheld={"address_index": "a keyed fingerprint of address, which is exported"},
        rule=Rule(91, since="read_at"),
    )  # fmt: skip
    __table_args__ = (UniqueConstraint("connection_id", "address_index"), UniqueConstraint("connection_id", "number"))

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    number: Mapped[int]
    """From 1 within the connection: columns of signals know the post by it."""
    address: Mapped[Sealed]
    address_index: Mapped[bytes]
    day: Mapped[date]
    topics: Mapped[Sealed | None]
    """JSON: slugs of its topics, the clearest first; only with the consent to topics (R12)."""
    first_read_at: Mapped[datetime]
    read_at: Mapped[datetime]
    """When it was last seen in public."""
