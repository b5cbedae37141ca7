"""A network that the operator has switched off: no account of it is looked up, proven or read."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Erased, Use


class NetworkOff(Base):
    """One network that is off; its key, if it needs one, stays."""

    __tablename__ = "network_off"
    __holds__ = Holds(
        kind="networks off",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("network", "since"), "a choice of the organisation; about nobody"),
    )

    network: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
