"""What the administrator said about the organisation on the first page: its public contact data, one fact a row."""

from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds
from privacy.vocabulary import About, Basis, Erased, Use


class OrganisationFact(Base):
    """One public fact, such as the name of the controller."""

    __tablename__ = "organisation_fact"
    __holds__ = Holds(
        kind="organisation",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld={"name": "public contact data", "value": "public contact data"},
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
