"""The transparency log (R37, R38): what is noted with a unit of work, and the append-only store of its hashes.

Whoever does something that belongs into the log notes it in the same transaction: a salted commitment that is about
nobody, and beside it the opening (what was said, and the salt), which is erased with its person. Afterwards the
commitments are appended to a store of its own that no restore of the database touches; the random id of each makes
appending twice the same as once.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from privacy import merkle
from privacy.base import Base, Holds, Rule, new_id
from privacy.keyring import KeyRing
from privacy.store import alone, open_own, writing
from privacy.vocabulary import About, Basis, Erased, Use

CHECKPOINT = "klarwert-checkpoint/1"
SALT_BYTES = 32
_THREE_YEARS = 3 * 366


class LogBrokenError(ValueError):
    """The log is not what it was; says where."""


class LogLeaf(Base):
    """A commitment that goes into the log: it stays for good, and means nothing without its opening."""

    __tablename__ = "log_leaf"
    __holds__ = Holds(
        kind="log hashes",
        about=About.NOBODY,
        use=Use.PROOF,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld=dict.fromkeys(("id", "leaf", "place"), "a hash; whose opening is gone says nothing"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    leaf: Mapped[str]
    """SHA-256 over salt and entry, in hex."""
    place: Mapped[int | None] = mapped_column(index=True)
    """Its place in the log; empty until it is appended."""


class LogEntry(Base):
    """The opening of a commitment: what was noted, and the salt. It goes with its person."""

    __tablename__ = "log_entry"
    __holds__ = Holds(
        kind="log entries",
        about=About.PARTICIPANT,
        use=Use.PROOF,
        basis=Basis.DUTY,
        exported=("id", "subject_id", "entry", "salt", "noted_at"),
        withheld={"leaf_id": "points at the hash, which salt and entry give again"},
        rule=Rule(_THREE_YEARS, since="noted_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    leaf_id: Mapped[str] = mapped_column(ForeignKey("log_leaf.id"), index=True)
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subject.id"), index=True)
    """Whom it is about; empty where it is about nobody, such as a version of the model."""
    entry: Mapped[str]
    """Canonical JSON with the fields `type` and `day`, and what belongs to the type."""
    salt: Mapped[str]
    """32 random bytes in hex."""
    noted_at: Mapped[datetime]


def note(session: Session, now: datetime, type_: str, subject_id: str | None, **facts: object) -> LogEntry:
    """Notes something in the running transaction; it reaches the log once that has committed.

    `day` is today unless `facts` name one. `facts` hold ids, names of ours, numbers and hashes, no text of a person.
    """
    said = {"day": now.astimezone(UTC).date().isoformat(), **facts, "type": type_}
    entry = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    salt = os.urandom(SALT_BYTES)
    leaf = LogLeaf(id=new_id(), leaf=commitment(salt, entry).hex(), place=None)
    session.add(leaf)
    session.flush()
    made = LogEntry(id=new_id(), leaf_id=leaf.id, subject_id=subject_id, entry=entry, salt=salt.hex(), noted_at=now)
    session.add(made)
    session.flush()
    return made


def commitment(salt: bytes, entry: str) -> bytes:
    """What the log has of an entry."""
    return sha256(salt + entry.encode()).digest()


_tables = MetaData()
_nodes = Table(
    "node",
    _tables,
    Column("level", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)
_leaves = Table(
    "leaf", _tables, Column("id", String, primary_key=True), Column("place", Integer, nullable=False, unique=True)
)
_checkpoints = Table(
    "checkpoint",
    _tables,
    Column("day", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("payload", String, nullable=False),
    Column("signature", String, nullable=False),
)


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: at this time the log had so many leaves and this root."""

    size: int
    payload: str
    """JSON with `format`, `public_key`, `size`, `root`, `time`; exactly as signed."""
    signature: str

    @property
    def root(self) -> str:
        """The root that was signed, in hex."""
        return str(json.loads(self.payload)["root"])

    @property
    def time(self) -> str:
        """When it was signed, as ISO 8601 in UTC."""
        return str(json.loads(self.payload)["time"])

    def json(self) -> dict[str, str]:
        """The two fields that others see."""
        return {"payload": self.payload, "signature": self.signature}


class Ledger:
    """The append-only store of the log: hashes, and the checkpoints that were published, one a day."""

    def __init__(self, url: str, ring: KeyRing) -> None:
        self._ring = ring
        self._engine = open_own(url, _tables)

    def append(self, leaves: Iterable[tuple[str, str]]) -> dict[str, int]:
        """Appends commitments (id, hex) that are not there yet, all or none; the place of each, new or not."""
        places: dict[str, int] = {}
        with writing(self._engine).begin() as connection:
            alone(connection)
            size = _size(connection)
            for id_, leaf in leaves:
                known = connection.scalar(select(_leaves.c.place).where(_leaves.c.id == id_))
                if known is None:
                    _append(connection, size, bytes.fromhex(leaf))
                    connection.execute(insert(_leaves).values(id=id_, place=size))
                    known, size = size, size + 1
                places[id_] = known
        return places

    def size(self) -> int:
        """How many leaves there are."""
        with self._engine.connect() as connection:
            return _size(connection)

    def checkpoint(self, now: datetime) -> Checkpoint:
        """Signs what is there now, without publishing it."""
        with self._engine.connect() as connection:
            size = _size(connection)
            return self._sign(size, merkle.root(_node(connection), size), now)

    def publish(self, now: datetime) -> None:
        """Publishes the first checkpoint of a day; later ones of that day would tell more than the day."""
        day = now.astimezone(UTC).date().isoformat()
        there = select(_checkpoints.c.size).where(_checkpoints.c.day == day)
        with self._engine.connect() as connection:
            if connection.scalar(there) is not None:
                return
        made = self.checkpoint(now)
        with writing(self._engine).begin() as connection:
            alone(connection)
            if connection.scalar(there) is None:
                row = {"day": day, "size": made.size, **made.json()}
                connection.execute(insert(_checkpoints).values(row))

    def published(self) -> Checkpoint | None:
        """The newest published checkpoint."""
        every = self.all_published()
        return every[-1] if every else None

    def all_published(self) -> list[Checkpoint]:
        """All published checkpoints, oldest first."""
        columns = (_checkpoints.c.size, _checkpoints.c.payload, _checkpoints.c.signature)
        with self._engine.connect() as connection:
            return [Checkpoint(*row) for row in connection.execute(select(*columns).order_by(_checkpoints.c.day))]

    def inclusion(self, place: int, size: int) -> list[str]:
        """The proof that a leaf is among the first `size`, in hex. Raises `ValueError`."""
        with self._engine.connect() as connection:
            return [part.hex() for part in merkle.inclusion(_node(connection), place, size)]

    def consistency(self, old: int, size: int) -> list[str]:
        """The proof that the first `size` leaves begin with the first `old`, in hex. Raises `ValueError`."""
        with self._engine.connect() as connection:
            return [part.hex() for part in merkle.consistency(_node(connection), old, size)]

    def verify(self) -> int:
        """Computes the whole tree anew and holds every published checkpoint against it; how many leaves there are.

        Raises `LogBrokenError`.
        """
        with self._engine.connect() as connection:
            size = _size(connection)
            _verify_nodes(connection, size)
            node = _node(connection)
            before = 0, merkle.EMPTY
            for one in self.all_published():
                before = self._verify_checkpoint(one, node, size, before)
        return size

    def make_sure(self, known: int) -> None:
        """Is this the log that was published last, with all of the `known` leaves that the database has a place of?

        Quick enough for every start; `verify` looks at all of it. Raises `LogBrokenError`.
        """
        last = self.published()
        with self._engine.connect() as connection:
            size = _size(connection)
            if last is not None:
                self._verify_checkpoint(last, _node(connection), size, (0, merkle.EMPTY))
        if size < known:
            raise LogBrokenError(f"the log has {size} leaves, but the database knows {known}: it is an older log")

    def holds(self, place: int, leaf: str) -> bool:
        """Is this commitment at this place?"""
        query = select(_nodes.c.hash).where(_nodes.c.level == 0, _nodes.c.place == place)
        with self._engine.connect() as connection:
            return connection.scalar(query) == merkle.leaf_hash(bytes.fromhex(leaf))

    def close(self) -> None:
        """Lets the store go."""
        self._engine.dispose()

    def _sign(self, size: int, root: bytes, now: datetime) -> Checkpoint:
        said = {
            "format": CHECKPOINT,
            "public_key": self._ring.public_key(),
            "size": size,
            "root": root.hex(),
            "time": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        payload = json.dumps(said, separators=(",", ":"))
        return Checkpoint(size, payload, self._ring.sign(payload))

    def _verify_checkpoint(
        self, one: Checkpoint, node: merkle.Node, size: int, before: tuple[int, bytes]
    ) -> tuple[int, bytes]:
        """Size and root of a checkpoint that is signed, covers this tree and goes on from the one before."""
        said = json.loads(one.payload)
        if self._ring.sign(one.payload) != one.signature:  # Ed25519 signs one text in one way
            raise LogBrokenError(f"the signature of the checkpoint of {said['time']} is not ours")
        if one.size > size or said["size"] != one.size or merkle.root(node, one.size).hex() != said["root"]:
            raise LogBrokenError(f"the log does not begin with what the checkpoint of {said['time']} covers")
        now = one.size, bytes.fromhex(said["root"])
        if before[0] and not merkle.consistent(*before, *now, merkle.consistency(node, before[0], one.size)):
            raise LogBrokenError(f"the checkpoint of {said['time']} does not go on from the one before")
        return now


def _size(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(_leaves)) or 0


def _node(connection: Connection) -> merkle.Node:
    def node(level: int, place: int) -> bytes:
        found = connection.scalar(select(_nodes.c.hash).where(_nodes.c.level == level, _nodes.c.place == place))
        if found is None:
            raise LogBrokenError(f"the log lacks the hash {place} of level {level}")
        return bytes(found)

    return node


def _append(connection: Connection, place: int, leaf: bytes) -> None:
    """Stores a leaf and every subtree that it makes whole."""
    node = _node(connection)
    hash_ = merkle.leaf_hash(leaf)
    connection.execute(insert(_nodes).values(level=0, place=place, hash=hash_))
    for level in range(1, merkle.completed(place) + 1):
        place //= 2
        hash_ = merkle.pair_hash(node(level - 1, 2 * place), hash_)
        connection.execute(insert(_nodes).values(level=level, place=place, hash=hash_))


def _verify_nodes(connection: Connection, size: int) -> None:
    """Every stored subtree is what its leaves make, and there is a leaf at every place."""
    row = list(connection.scalars(select(_nodes.c.hash).where(_nodes.c.level == 0).order_by(_nodes.c.place)))
    if len(row) != size:
        raise LogBrokenError(f"the log has {len(row)} hashes of {size} leaves")
    level = 0
    while row:
        stored = connection.execute(
            select(_nodes.c.place, _nodes.c.hash).where(_nodes.c.level == level).order_by(_nodes.c.place)
        ).all()
        if [tuple(one) for one in stored] != list(enumerate(row)):
            raise LogBrokenError(f"a hash of level {level} of the log was changed")
        row = [merkle.pair_hash(*pair) for pair in zip(row[::2], row[1::2], strict=False)]
        level += 1
