"""An offer that the organisation makes to whom it fits; about nobody: whom it fits is kept nowhere."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, new_id
from privacy.vocabulary import About, Basis, Erased, Use


class Offer(Base):
    """One offer, as it was made: nothing of it is changed later, but that it is closed."""

    __tablename__ = "offer"
    __holds__ = Holds(
        kind="offers",
        about=About.NOBODY,
        use=Use.PERKS,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            ("id", "title", "text", "from_score", "topic", "until", "places", "made_at", "closed_at"), "about nobody"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str]
    text: Mapped[str]
    from_score: Mapped[int]
    """The lowest score, in points, for which it is."""
    topic: Mapped[str]
    """Slug of the topic that it is for; empty if it is for all."""
    until: Mapped[date]
    """The last day (UTC) on which it can be taken."""
    places: Mapped[int]
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
