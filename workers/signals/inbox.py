"""One person's signals as they are now: their part of the vault's file, and over it what the inbox says since."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import and_, insert, select
from sqlalchemy.orm import Session

from privacy.base import Subject
from privacy.keyring import KeyGoneError, KeyRing, PersonKey, SealBrokenError
from workers.models import Bucket, Connection, Inbox
from workers.runtime.process import process_of
from workers.runtime.storage import Storage
from workers.signals import vault
from workers.signals.block import Statement, pack, unpack
from workers.signals.columns import Columns, empty, living, part
from workers.signals.merge import News, compact, merge
from workers.signals.vault import BrokenFileError

#: What `load` raises where a file is lost, damaged or without its key.
DOES_NOT_OPEN = (FileNotFoundError, KeyGoneError, BrokenFileError)
#: Where the last opened file's part of one person is kept for the rest of the transaction.
_OPENED = "vault.opened"


def say(
    session: Session,
    key: PersonKey,
    subject_id: str,
    connection_id: str | None,
    statements: Sequence[Statement],
    *,
    urgent: bool = False,
) -> None:
    """Appends a block of statements. With `urgent` the files are rewritten at once, not in the night.

    Whoever writes about a connection holds it, so that its blocks are in the order in which they became true.
    """
    if not statements and not urgent:
        return
    row = {
        "subject_id": subject_id,
        "connection_id": connection_id,
        "made_at": process_of(session).clock(),
        "urgent": urgent,
        "block": key.seal(place(subject_id), pack(list(statements))),
    }
    session.execute(insert(Inbox), [row])


def place(subject_id: str) -> str:
    """Where a block opens, as `privacy.sealed.place` writes it."""
    return f'["inbox", "{subject_id}", "block"]'


def known(session: Session, subject_id: str, key: PersonKey | None = None) -> Columns:
    """What the columns of this one person are now, whatever their age; of connections that are there.

    Raises `KeyGoneError`, `BrokenFileError`, `BrokenBlockError`.
    """
    return compact(living(everything(session, subject_id, key)))


def everything(session: Session, subject_id: str, key: PersonKey | None = None) -> Columns:
    """The same with what is gone and was there when the person was scored last. Raises as `known` does."""
    process = process_of(session)
    key = key or process.ring.person(subject_id)
    mine = sorted(session.scalars(select(Connection.id).where(Connection.subject_id == subject_id)))
    file, rows = _pointer(session, subject_id)
    try:
        stored = _stored(session, process.ring, process.storage, file, subject_id, key)
    except FileNotFoundError:
        # Folded just now: the pointer has moved, and the file of before is gone.
        _look_anew(session)
        moved, rows = _pointer(session, subject_id)
        if moved == file:
            raise BrokenFileError("the file of a bucket is not there") from None
        stored = _stored(session, process.ring, process.storage, moved, subject_id, key)
    return merge(stored, {subject_id: mine}, news(rows, {subject_id: key}, {subject_id: mine}), oldest=0)


def news(
    rows: Sequence[tuple[str, str | None, bytes]],
    keys: dict[str, PersonKey],
    people: dict[str, list[str]],
) -> News:
    """The statements of rows (person, connection, block) about these people and their connections, both rising.

    Raises `SealBrokenError`, `BrokenBlockError`.
    """
    persons = {name: number for number, name in enumerate(people)}
    numbers = {name: number for number, name in enumerate(one for mine in people.values() for one in mine)}
    mine = [row for row in rows if row[0] in persons and (row[1] is None or row[1] in numbers)]
    statements, block = unpack([keys[who].open_bytes(place(who), sealed) for who, _, sealed in mine])
    person = np.array([persons[who] for who, _, _ in mine], dtype=np.int64)
    connection = np.array([-1 if which is None else numbers[which] for _, which, _ in mine], dtype=np.int64)
    return News(statements, person[block], connection[block])


def load(ring: KeyRing, storage: Storage, file: str, only: str | None = None) -> vault.Stored:
    """A file of the vault, with `only` one person's part of it.

    Raises `FileNotFoundError`, `KeyGoneError`, `BrokenFileError`, `OSError`.
    """
    content = storage.read(file)
    try:
        return vault.read(ring.open_file(file, content), only)
    except SealBrokenError:
        raise BrokenFileError("the file of a bucket is damaged") from None


def _pointer(session: Session, subject_id: str) -> tuple[str | None, list[tuple[str, str | None, bytes]]]:
    """The file that counts and what the inbox has beside it: in one statement, so that no fold comes in between."""
    query = (
        select(Bucket.file, Inbox.connection_id, Inbox.block)
        .select_from(Subject)
        .outerjoin(Bucket, and_(Bucket.first <= Subject.id, Bucket.end > Subject.id))
        .outerjoin(Inbox, Inbox.subject_id == Subject.id)
        .where(Subject.id == subject_id)
        .order_by(Inbox.id)
    )
    found = session.execute(query).all()
    file = found[0].file if found else None
    return file, [(subject_id, row.connection_id, row.block) for row in found if row.block is not None]


def _stored(
    session: Session, ring: KeyRing, storage: Storage, file: str | None, subject_id: str, key: PersonKey
) -> Columns:
    if file is None:
        return empty([])
    if session.info.get(_OPENED, ((), None))[0] != (file, subject_id):
        try:
            mine = part(load(ring, storage, file, subject_id).open({subject_id: key}), subject_id)
        except KeyGoneError:
            raise FileNotFoundError(file) from None
        session.info[_OPENED] = (file, subject_id), mine
    opened: Columns = session.info[_OPENED][1]
    return opened


def _look_anew(session: Session) -> None:
    """Lets a session that only reads see what was committed since: SQLite shows it one moment until it ends."""
    if not session.connection().get_execution_options().get("klarwert_writes", False):
        session.rollback()
