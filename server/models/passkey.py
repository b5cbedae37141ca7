"""A passkey: a key pair on a device of the person, with which they sign in instead of typing a password."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Sealed, new_id
from privacy.vocabulary import About, Basis, Use


class Passkey(Base):
    """The public half of one passkey."""

    __tablename__ = "passkey"
    __holds__ = Holds(
        kind="passkeys",
        about=About.PARTICIPANT,
        use=Use.SECURITY,
        basis=Basis.CONTRACT,
        exported=("id", "subject_id", "account_id", "device", "credential", "uses", "created_at", "seen_at"),
        withheld={"credential_index": "a keyed fingerprint of the id in credential, which is exported"},
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), index=True)
    credential_index: Mapped[bytes] = mapped_column(unique=True)
    credential: Mapped[Sealed]
    """JSON: the id that the device gave it, the public key, how it is reached (each as the standard writes it)."""
    device: Mapped[Sealed]
    """Browser and system on which it was made."""
    uses: Mapped[int]
    """What the device counts; 0 where it does not count."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    """Day-exact."""
