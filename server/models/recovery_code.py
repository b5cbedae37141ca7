"""A recovery code: opens the account once when the app with the codes is lost."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Use


class RecoveryCode(Base):
    """One code that was not used yet, as a hash; it was shown once."""

    __tablename__ = "recovery_code"
    __holds__ = Holds(
        kind="recovery codes",
        about=About.PARTICIPANT,
        use=Use.SECURITY,
        basis=Basis.CONTRACT,
        exported=("account_id", "subject_id", "created_at"),
        withheld={"code_hash": "a one-way hash of a secret"},
    )

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    created_at: Mapped[datetime]
