"""Keeps a database and a key ring together: both know the same random id, and nothing runs where they differ."""

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy.base import Base, Holds
from privacy.keyring import KeyRing
from privacy.vocabulary import About, Basis, Erased, Use


class WrongKeyRingError(ValueError):
    """The key ring belongs to another database."""


class Installation(Base):
    """One row: the id that the key ring of this database has, too."""

    __tablename__ = "installation"
    __holds__ = Holds(
        kind="installation",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld={"id": "about nobody"},
    )

    id: Mapped[str] = mapped_column(primary_key=True)


def know_each_other(session: Session, ring: KeyRing) -> bool:
    """Do database and key ring belong together? False where both are new. Raises `WrongKeyRingError`.

    A new, empty database beside a ring with people's keys is refused as well: they are not its people.
    """
    used = ring.has_people()  # asked first: whoever makes the first key has introduced the two before
    known = session.scalar(select(Installation.id))
    if known is None and not used:
        return False
    if known != id_of(ring):
        raise WrongKeyRingError("the database and the key ring belong to different installations")
    return True


def introduce(session: Session, ring: KeyRing) -> None:
    """Has a new database know its key ring; somebody else may do so at the same moment."""
    with suppress(IntegrityError), session.begin_nested():
        session.add(Installation(id=id_of(ring)))


def id_of(ring: KeyRing) -> str:
    """The id that a key ring and its database have in common."""
    return ring.blind("installation", "").hex()
