"""Proofs of consent after an erasure (Art. 17(3)(e)): commitments that say nothing without what their person has."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule
from privacy.vocabulary import About, Basis, Erased, Use


class ConsentProof(Base):
    """A commitment over one consent's receipt and the handle it was about; used for nothing but a dispute in court."""

    __tablename__ = "consent_proof"
    __holds__ = Holds(
        kind="proofs of consent",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.CLAIMS,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(
            ("commitment", "until"), "a fingerprint that nobody can open without the secret that its person alone has"
        ),
        rule=Rule(0, since="until"),
    )

    commitment: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    """The end of the third year after the erasure: until then claims can be made (§§ 195, 199 BGB)."""
