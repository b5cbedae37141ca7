"""The operator's key for a network, sealed under a key of the instance: it belongs to no person."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Erased, Use


class NetworkKey(Base):
    """One network that the operator has switched on."""

    __tablename__ = "network_key"
    __holds__ = Holds(
        kind="network_keys",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("network", "value", "given_at"), "a key of the organisation; about nobody"),
    )

    network: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes]
    """Sealed JSON: the parts of the key by their names in the catalogue; `workers.keys` opens it."""
    given_at: Mapped[datetime]
