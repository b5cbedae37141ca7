"""The stop list: accounts whose owners objected to their reactions being counted, by keyed fingerprint (Art. 21)."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use

_REMEMBERED_DAYS = 90


class Objection(Base):
    """One account whose reactions are not taken. It stays: without it the objection would be forgotten."""

    __tablename__ = "objection"
    __holds__ = Holds(
        kind="objections",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.DUTY,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("network", "account_index", "made_at", "until"), "about people who do not take part"),
        rule=Rule(_REMEMBERED_DAYS, since="until"),
    )

    network: Mapped[str] = mapped_column(primary_key=True)
    account_index: Mapped[bytes] = mapped_column(primary_key=True)
    """`workers.signals.standing.account_index` of the account: nobody reads it back without the key ring."""
    made_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """Until when it is in force without a proof; empty once it was proven: then it stays.

    A claim that lapsed is remembered for a while, so that nobody takes somebody else out again and again.
    """
