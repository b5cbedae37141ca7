"""The journal (R36): what a restore of the database may not undo, in a store that no restore rolls back.

Whoever erases, withdraws, objects, restricts, disputes or revokes notes it in the same transaction, as opaque ids and
what to do again. Right before the commit it is written into the journal's store, right after it confirmed there. A
database that lacks something confirmed is an older one: nothing starts on it before the journal was replayed.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy.base import Base, Holds, Sealed, UtcDateTime, new_id
from privacy.plain import plain, value_of
from privacy.store import alone, forget, open_own, rewrite, writing
from privacy.vocabulary import About, Basis, Erased, Use

ERASURE = "erasure"
#: Longer than any transaction lasts: what is not in the database after that was rolled back.
SETTLED = timedelta(hours=6)
_CHUNK = 500


class NotReplayedError(RuntimeError):
    """The database is an older one, and what happened since was not done again. The sentence says what to do."""


class Journaled(Base):
    """That this database knows of an entry of the journal; the entry itself only until the commit."""

    __tablename__ = "journaled"
    __holds__ = Holds(
        kind="journal places",
        about=About.NOBODY,
        use=Use.PROOF,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("id", "position", "entry"), "a number; the entry is in the journal for a while"),
    )
    __table_args__ = (
        Index(
            "ix_journaled_entry", "id", sqlite_where=text("entry IS NOT NULL"),
            postgresql_where=text("entry IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    position: Mapped[int | None] = mapped_column(unique=True)
    entry: Mapped[str | None]
    """Emptied as soon as the journal has it, before the transaction ends."""


@dataclass(frozen=True)
class Entry:
    """One thing that has to be done again on an older database."""

    position: int
    act: str
    at: datetime
    facts: dict[str, Any]
    """Opaque ids and words of ours, as they were noted."""


def note(session: Session, now: datetime, act: str, **facts: object) -> None:
    """Notes an act in the running transaction; `facts` are opaque ids and words of ours, no text of a person.

    `workers.replaying` has to know the act: how it is done again, any number of times, on a database from before it.
    """
    entry = json.dumps({"act": act, "at": now.isoformat(), "facts": facts}, sort_keys=True)
    session.add(Journaled(id=new_id(), position=None, entry=entry))
    session.flush()


def columns(row: Base) -> dict[str, Any]:
    """A row as facts: ids, words of ours and what is sealed, for an act whose outcome is this row."""
    return {column.name: plain(getattr(row, column.name)) for column in row.__table__.columns}


def values(said: dict[str, Any]) -> dict[str, Any]:
    """What `columns` gave, to make the row anew; its bytes are sealed ones."""
    found = {name: value_of(one) for name, one in said.items()}
    return {name: Sealed(value) if isinstance(value, bytes) else value for name, value in found.items()}


def waiting(session: Session) -> bool:
    """Is there anything that was noted and is not in the journal?"""
    return bool(session.scalar(select(exists().where(Journaled.entry.is_not(None)))))


def done(session: Session, entry: Entry) -> None:
    """Notes that an entry was done again in this database."""
    if session.scalar(select(Journaled.id).where(Journaled.position == entry.position)) is None:
        session.add(Journaled(id=new_id(), position=entry.position, entry=None))


_tables = MetaData()
_journal = Table(
    "journal",
    _tables,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("entry", String, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("confirmed", Boolean, nullable=False),
)
#: How far the journal has forgotten: a database that does not reach so far is too old.
_forgotten = Table("journal_forgotten", _tables, Column("position", Integer, primary_key=True, autoincrement=False))


class Journal:
    """The store of the journal."""

    def __init__(self, url: str) -> None:
        self._engine = open_own(url, _tables)

    def write(self, session: Session, now: datetime) -> list[int]:
        """Writes what the session's transaction noted, before it commits; the positions, for `confirm` afterwards."""
        query = select(Journaled).where(Journaled.entry.is_not(None)).with_for_update(skip_locked=True)
        rows = session.scalars(query).all()
        with writing(self._engine).begin() as connection:
            alone(connection)
            first = _newest(connection) + 1
            for position, row in enumerate(rows, first):
                values = {"position": position, "entry": row.entry, "written_at": now, "confirmed": False}
                connection.execute(insert(_journal).values(values))
                row.position, row.entry = position, None
        session.flush()
        return list(range(first, first + len(rows)))

    def confirm(self, positions: Iterable[int]) -> None:
        """Notes that what was written did happen."""
        with writing(self._engine).begin() as connection:
            for some in _chunks(list(positions)):
                connection.execute(update(_journal).where(_journal.c.position.in_(some)).values(confirmed=True))

    def settle(self, session: Session, now: datetime) -> None:
        """Finds out about entries that were never confirmed: what is in the database is, what was rolled back goes."""
        with self._engine.connect() as connection:
            query = select(_journal.c.position, _journal.c.written_at).where(~_journal.c.confirmed)
            open_: dict[int, datetime] = {row.position: row.written_at for row in connection.execute(query)}
        if not open_:
            return
        known = _known(session, list(open_))
        self.confirm(known)
        void = [position for position, at in open_.items() if position not in known and at < now - SETTLED]
        with writing(self._engine).begin() as connection:
            for some in _chunks(void):
                connection.execute(delete(_journal).where(_journal.c.position.in_(some)))

    def unplayed(self, session: Session) -> list[Entry]:
        """What this database lacks, in order: confirmed or not, to be done again on a restored database."""
        entries = self._entries()
        known = _known(session, list(entries))
        return [_entry(position, said) for position, (said, _) in entries.items() if position not in known]

    def require_played(self, session: Session) -> None:
        """Raises `NotReplayedError` where the database lacks something that did happen."""
        self.require_reach(session)
        entries = self._entries()
        known = _known(session, list(entries))
        missing = [
            _entry(position, said) for position, (said, sure) in entries.items() if sure and position not in known
        ]
        if missing:
            counts = Counter(entry.act for entry in missing)
            acts = ", ".join(f"{count} × {act}" for act, count in sorted(counts.items()))
            raise NotReplayedError(
                f"this database is older than its journal and lacks {acts}. Stop everything and run: "
                "klarwert backup replay"
            )

    def require_reach(self, session: Session) -> None:
        """Raises `NotReplayedError` where the database is so old that the journal has forgotten what happened since."""
        with self._engine.connect() as connection:
            forgotten = connection.scalar(select(func.max(_forgotten.c.position))) or 0
        if forgotten > position_of(session):
            raise NotReplayedError(
                "this database is older than the journal reaches back (KLARWERT_BACKUP_DAYS): what was erased since is "
                "not known any more, so it may not be used"
            )

    def position(self) -> int:
        """The newest position that was given."""
        with self._engine.connect() as connection:
            return _newest(connection)

    def erased(self) -> set[str]:
        """Ids of everybody whose erasure is in the journal."""
        entries = (_entry(position, said) for position, (said, _) in self._entries().items())
        return {str(entry.facts["subject"]) for entry in entries if entry.act == ERASURE}

    def expire(self, now: datetime, days: int) -> int:
        """Forgets what is older than any backup may be; how many entries."""
        old = _journal.c.written_at < now - timedelta(days=days)
        with writing(self._engine).begin() as connection:
            alone(connection)
            last = connection.scalar(select(func.max(_journal.c.position)).where(old, _journal.c.confirmed))
            if last is not None:
                _forget(connection, last)
            gone = connection.execute(delete(_journal).where(old))
        forget(self._engine)
        rewrite(self._engine, _journal.name)
        return gone.rowcount

    def due(self, now: datetime, days: int) -> int:
        """How many entries `expire` would forget now."""
        query = select(func.count()).where(_journal.c.written_at < now - timedelta(days=days))
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def begin_after(self, position: int) -> None:
        """Begins anew behind a position, where the journal's store was lost and a backup is all there is."""
        with writing(self._engine).begin() as connection:
            alone(connection)
            _forget(connection, position)

    def close(self) -> None:
        """Lets the store go."""
        self._engine.dispose()

    def _entries(self) -> dict[int, tuple[str, bool]]:
        query = select(_journal.c.position, _journal.c.entry, _journal.c.confirmed).order_by(_journal.c.position)
        with self._engine.connect() as connection:
            return {position: (said, sure) for position, said, sure in connection.execute(query)}


def position_of(session: Session) -> int:
    """The newest entry of the journal that this database knows."""
    return session.scalar(select(func.max(Journaled.position))) or 0


def _newest(connection: Connection) -> int:
    newest = select(func.max(_journal.c.position)).scalar_subquery()
    gone = select(func.max(_forgotten.c.position)).scalar_subquery()
    row = connection.execute(select(newest, gone)).one()
    return max(row[0] or 0, row[1] or 0)


def _forget(connection: Connection, position: int) -> None:
    connection.execute(delete(_forgotten))
    connection.execute(insert(_forgotten).values(position=position))


def _known(session: Session, positions: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for some in _chunks(positions):
        rows = session.scalars(select(Journaled.position).where(Journaled.position.in_(some)))
        found.update(row for row in rows if row is not None)
    return found


def _chunks(positions: Sequence[int]) -> Iterable[Sequence[int]]:
    return (positions[start : start + _CHUNK] for start in range(0, len(positions), _CHUNK))


def _entry(position: int, said: str) -> Entry:
    read = json.loads(said)
    return Entry(position, read["act"], datetime.fromisoformat(read["at"]), read["facts"])
