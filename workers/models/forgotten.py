"""What a person had erased in part, a post or a day, so that no reading brings it back: fingerprints and numbers."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class Forgotten(Base):
    """A post without a day is left out whole; a day without a post too; a post with a day by what stands in `block`."""

    __tablename__ = "forgotten"
    __holds__ = Holds(
        kind="erased parts",
        about=About.PARTICIPANT,
        use=Use.RIGHTS,
        basis=Basis.DUTY,
        exported=("id", "subject_id", "network", "day", "block", "made_at"),
        withheld={"address_index": "a keyed fingerprint of the address of a post whose signals were erased"},
        # A post is read for 91 days, and so old its signals get.
        rule=Rule(92, since="made_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    network: Mapped[str]
    """Empty of a whole day."""
    address_index: Mapped[bytes | None]
    day: Mapped[date | None]
    block: Mapped[Sealed | None]
    """JSON: fingerprints of who reacted to the post on the day, and of each kind how many were only counted."""
    made_at: Mapped[datetime]
