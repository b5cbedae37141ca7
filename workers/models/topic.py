"""Numbers of topics, so that columns of signals need no words; about nobody."""

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Erased, Use


class Topic(Base):
    """One topic that some post was ever given."""

    __tablename__ = "topic"
    __holds__ = Holds(
        kind="numbers of topics",
        about=About.NOBODY,
        use=Use.TOPICS,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("number", "slug_index", "slug"), "about nobody"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    slug_index: Mapped[bytes] = mapped_column(unique=True)
    """Keyed fingerprint by which it is found."""
    slug: Mapped[bytes]
    """Sealed under a key of the instance: where few take part, a list of topics would tell about them."""
