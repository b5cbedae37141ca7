"""The key ring: one key a person and the instance's own keys, in a store of its own, wrapped by one master key."""

import hmac
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from privacy.base import UtcDateTime
from privacy.keys import (
    KEY_BYTES,
    ForeignKeysError,
    KeyGoneError,
    MasterKeys,
    OpenKey,
    PersonKey,
    SealBrokenError,
    WrongMasterKeyError,
    decrypt,
    encrypt,
)
from privacy.store import open_own, rewrite, writing

__all__ = [
    "KEY_BYTES",
    "ForeignKeysError",
    "KeyGoneError",
    "KeyRing",
    "MasterKeys",
    "OpenKey",
    "PersonKey",
    "SealBrokenError",
    "WrongMasterKeyError",
    "token_hash",
]

#: The key whose master key is the one that wraps new keys, in every process.
_FIRST = "instance/ring"
_AT_ONCE = 200
_tables = MetaData()
_keys = Table(
    "key",
    _tables,
    Column("name", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master", String, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
#: Whose erasure has begun. Only this says that a key may be destroyed: that a person is in no database may also mean
#: that it is the wrong database, or an older one.
_going = Table(
    "going",
    _tables,
    Column("subject_id", String, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)


#: Keys of files that are not in use any more: kept until every backup that may have the file is gone, too.
_retired = Table(
    "retired",
    _tables,
    Column("name", String, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)
_FILE = "file/"


class KeyRing:
    """A store of wrapped keys, opened with the master key (32 bytes). Raises `WrongMasterKeyError`."""

    def __init__(self, url: str, master: bytes | MasterKeys) -> None:
        self._masters = MasterKeys([master]) if isinstance(master, bytes) else master
        # Without a write-ahead log: a process that is killed right after a key was destroyed leaves no copy of it.
        self._engine = open_own(url, _tables, logged=False)
        self.instance = cache(self._instance)
        try:
            self.instance("ring")
        except WrongMasterKeyError:
            self.close()
            raise

    def create(self, subject_id: str) -> PersonKey:
        """Makes a person's key and stores it durably, before anything is sealed with it."""
        return PersonKey(self._make(f"person/{subject_id}"))

    def create_all(self, subject_ids: Iterable[str]) -> dict[str, PersonKey]:
        """The same for very many people in one durable write, by id."""
        secrets = {one: os.urandom(KEY_BYTES) for one in subject_ids}
        rows = [
            {"name": name, "made_at": datetime.now(UTC), **self._wrapped(self._masters.first, name, secret)}
            for name, secret in ((f"person/{one}", secret) for one, secret in secrets.items())
        ]
        if rows:
            with writing(self._engine).begin() as connection:
                connection.execute(insert(_keys), rows)
        return {one: PersonKey(secret) for one, secret in secrets.items()}

    def person(self, subject_id: str) -> PersonKey:
        """A person's key. Raises `KeyGoneError`. It is read each time, so no process works with a destroyed key."""
        return PersonKey(self._read(f"person/{subject_id}"))

    def mark(self, subject_id: str) -> None:
        """Notes durably that a person's erasure has begun, before anything of theirs is deleted.

        From then on `going` names them until the key is destroyed, however often the erasure is killed in between.
        """
        known = select(_going.c.subject_id).where(_going.c.subject_id == subject_id)
        with suppress(IntegrityError), writing(self._engine).begin() as connection:
            if connection.scalar(known) is None:
                connection.execute(insert(_going).values(subject_id=subject_id, since=datetime.now(UTC)))

    def going(self) -> set[str]:
        """Ids of everybody whose erasure has begun and not come to its end.

        A key that was made for a sign-up which was rolled back is not among them. It stays: it is a random number that
        sealed nothing, under the id of nobody, and whether a commit failed is not always known to who asked for it.
        """
        with self._engine.connect() as connection:
            return set(connection.scalars(select(_going.c.subject_id)))

    def destroy(self, subject_id: str) -> bool:
        """Destroys a person's key; False if it was gone already. What was sealed with it stays closed for ever."""
        with writing(self._engine).begin() as connection:
            gone = connection.execute(delete(_keys).where(_keys.c.name == f"person/{subject_id}"))
            connection.execute(delete(_going).where(_going.c.subject_id == subject_id))
        rewrite(self._engine, _keys.name)
        rewrite(self._engine, _going.name)
        return gone.rowcount > 0

    def has_people(self) -> bool:
        """Is there a key of any person?"""
        anybody = select(_keys.c.name).where(_keys.c.name.startswith("person/")).limit(1)
        with self._engine.connect() as connection:
            return connection.scalar(anybody) is not None

    def own(self) -> PersonKey:
        """The key for what is to be sealed and belongs to no person."""
        return PersonKey(self.instance("own"))

    def people(self, first: str, end: str) -> dict[str, PersonKey]:
        """The keys of everybody whose id is from `first` to below `end`, by id: one query for all of a bucket."""
        start = len("person/")
        mine = select(_keys.c.name, _keys.c.wrapped, _keys.c.master).where(
            _keys.c.name >= f"person/{first}", _keys.c.name < f"person/{end}"
        )
        with self._engine.connect() as connection:
            rows = connection.execute(mine).all()
        return {name[start:]: PersonKey(self._unwrapped(name, wrapped, master)) for name, wrapped, master in rows}

    def seal_file(self, name: str, content: bytes) -> bytes:
        """Makes a key for one version of a file, stores it durably and encrypts the file with it (AES-256-GCM)."""
        return encrypt(self._make(f"{_FILE}{name}"), content, name)

    def open_file(self, name: str, sealed: bytes) -> bytes:
        """The content of a file. Raises `KeyGoneError`, `SealBrokenError`."""
        return decrypt(self._read(f"{_FILE}{name}"), sealed, name)

    def knows_file(self, name: str) -> bool:
        """Is the key of a file there, retired or not?"""
        with self._engine.connect() as connection:
            return connection.scalar(select(_keys.c.name).where(_keys.c.name == f"{_FILE}{name}")) is not None

    def files(self, prefix: str = "") -> set[str]:
        """Names of the files, with this beginning, whose keys are there and not retired."""
        mine = select(_keys.c.name).where(_keys.c.name.startswith(f"{_FILE}{prefix}", autoescape=True))
        with self._engine.connect() as connection:
            names = connection.scalars(mine.where(_keys.c.name.not_in(select(_retired.c.name)))).all()
        return {name.removeprefix(_FILE) for name in names}

    def retire_file(self, name: str, now: datetime) -> None:
        """Notes that a file is gone; its key is kept for backups until `expire_files`. Again is no error."""
        key = f"{_FILE}{name}"
        with suppress(IntegrityError), writing(self._engine).begin() as connection:
            if connection.scalar(select(_retired.c.name).where(_retired.c.name == key)) is None:
                connection.execute(insert(_retired).values(name=key, since=now))

    def expired_files(self, before: datetime) -> int:
        """How many keys `expire_files` would destroy."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).where(_retired.c.since < before)) or 0

    def revive_file(self, name: str) -> None:
        """Notes that a file is in use again: it came back from a backup."""
        with writing(self._engine).begin() as connection:
            connection.execute(delete(_retired).where(_retired.c.name == f"{_FILE}{name}"))

    def expire_files(self, before: datetime) -> int:
        """Destroys the keys of files that were gone before a moment; how many."""
        with writing(self._engine).begin() as connection:
            old = connection.scalars(select(_retired.c.name).where(_retired.c.since < before)).all()
            for name in old:
                connection.execute(delete(_keys).where(_keys.c.name == name))
                connection.execute(delete(_retired).where(_retired.c.name == name))
        if old:
            rewrite(self._engine, _keys.name)
            rewrite(self._engine, _retired.name)
        return len(old)

    def blind(self, place: str, text: str) -> bytes:
        """A blind index: finds a sealed value again by equality and tells nothing else (HMAC-SHA-256)."""
        return hmac.digest(self.instance("blind"), f"{place}\0{text}".encode(), "sha256")

    def sign(self, text: str) -> str:
        """The instance's signature over the UTF-8 bytes of a text, 128 hex digits (Ed25519, RFC 8032).

        Every text that is signed begins with the name of its format, so that none passes for one of another kind.
        """
        return self._signer().sign(text.encode()).hex()

    def public_key(self) -> str:
        """The key that checks `sign`, 64 hex digits; published."""
        return self._signer().public_key().public_bytes_raw().hex()

    def counts(self) -> dict[str, dict[str, int]]:
        """How many keys each master key wraps (by its id), by their kind: the part of their names before the slash."""
        found: dict[str, dict[str, int]] = {}
        with self._engine.connect() as connection:
            for name, master in connection.execute(select(_keys.c.name, _keys.c.master)):
                kinds = found.setdefault(master, {})
                kind = name.partition("/")[0]
                kinds[kind] = kinds.get(kind, 0) + 1
        return found

    def rotate(self) -> int:
        """Wraps every key anew under the first master key; how many were not. Killed anywhere, it goes on where it was.

        Everybody else works on meanwhile. The key that says which master key wraps goes first, in a transaction of its
        own: so no key is made under the old one behind its back.
        """
        first = self._masters.first
        with writing(self._engine).begin() as connection:
            done = self._rewrap(connection, select(_keys).where(_keys.c.name == _FIRST, _keys.c.master != first))
        rest = select(_keys).where(_keys.c.master != first).order_by(_keys.c.name).limit(_AT_ONCE)
        count = 1
        while count:
            with writing(self._engine).begin() as connection:
                count = self._rewrap(connection, rest)
            done += count
        rewrite(self._engine, _keys.name)
        return done

    def _rewrap(self, connection: Connection, query: Select[Any]) -> int:
        rows = connection.execute(query.with_for_update()).all()
        for row in rows:
            key = self._unwrapped(row.name, row.wrapped, row.master)
            values = self._wrapped(self._masters.first, row.name, key)
            connection.execute(update(_keys).where(_keys.c.name == row.name).values(values))
        return len(rows)

    def everything(self) -> Iterator[OpenKey]:
        """Every key, unwrapped: for a key backup, which is encrypted on its own."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(_keys).order_by(_keys.c.name)).all()
        for row in rows:
            yield OpenKey(row.name, self._unwrapped(row.name, row.wrapped, row.master), row.made_at)

    def put_back(self, keys: Sequence[OpenKey]) -> int:
        """Puts keys back that are missing; how many. A ring without people takes the backup's keys of the instance.

        All or none. Raises `ForeignKeysError` where the ring has people and the keys are of another installation.
        """
        given = {one.name: one for one in keys}
        with writing(self._engine).begin() as connection:
            mine = {row.name: row for row in connection.execute(select(_keys).with_for_update())}
            if not self._same(mine, given):
                if any(name.startswith("person/") for name in mine):
                    raise ForeignKeysError("these keys belong to another installation")
                connection.execute(delete(_keys))
                mine = {}
            missing = [one for name, one in given.items() if name not in mine]
            for one in missing:
                row = {"name": one.name, "made_at": one.made_at}
                connection.execute(insert(_keys).values(**row, **self._wrapped(self._masters.first, one.name, one.key)))
        self.instance.cache_clear()
        return len(missing)

    def _same(self, mine: Mapping[str, Row[Any]], given: Mapping[str, OpenKey]) -> bool:
        """Are the keys that were put aside of this very ring?"""
        row = mine[_FIRST]
        return _FIRST in given and given[_FIRST].key == self._unwrapped(row.name, row.wrapped, row.master)

    def close(self) -> None:
        """Lets the store go."""
        self._engine.dispose()

    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.instance("signing"))

    def _instance(self, name: str) -> bytes:
        """A key of the instance itself, made at first use."""
        try:
            return self._read(f"instance/{name}")
        except KeyGoneError:
            return self._make(f"instance/{name}")

    def _make(self, name: str) -> bytes:
        key = os.urandom(KEY_BYTES)
        try:
            with writing(self._engine).begin() as connection:
                row = {"name": name, "made_at": datetime.now(UTC), **self._wrapped(self._wraps(connection), name, key)}
                connection.execute(insert(_keys).values(row))
        except IntegrityError:
            return self._read(name)
        return key

    def _wraps(self, connection: Connection) -> str:
        """Id of the master key that wraps what is made in this transaction; a rotation begins before or after it."""
        query = select(_keys.c.master).where(_keys.c.name == _FIRST).with_for_update(read=True)
        return connection.scalar(query) or self._masters.first

    def _wrapped(self, master: str, name: str, key: bytes) -> dict[str, object]:
        return {"wrapped": encrypt(self._masters.key(master), key, name), "master": master}

    def _unwrapped(self, name: str, wrapped: bytes, master: str) -> bytes:
        return decrypt(self._masters.key(master), wrapped, name)

    def _read(self, name: str) -> bytes:
        with self._engine.connect() as connection:
            row = connection.execute(select(_keys.c.wrapped, _keys.c.master).where(_keys.c.name == name)).first()
        if row is None:
            raise KeyGoneError("no such key")
        return self._unwrapped(name, row.wrapped, row.master)


def signed_by(public_key: str, text: str, signature: str) -> bool:
    """Does a signature (hex) of `KeyRing.sign` over a text fit this public key (hex)?"""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def token_hash(token: str) -> str:
    """How a random secret (a link, a session) is stored: by its SHA-256 in hex, of no use to a thief."""
    return sha256(token.encode()).hexdigest()
