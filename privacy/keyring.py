"""The key ring: one key a person and the instance's own keys, in a store of its own, wrapped by one master key."""

import hmac
import os
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from privacy.base import Sealed, UtcDateTime
from privacy.store import alone, open_store, rewrite, writing

KEY_BYTES = 32
_NONCE_BYTES = 12
_tables = MetaData()
_keys = Table(
    "key",
    _tables,
    Column("name", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
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


class KeyGoneError(LookupError):
    """There is no key of that name: it was never made, or it was destroyed with its person."""


class WrongMasterKeyError(ValueError):
    """The master key does not open this key ring."""


class SealBrokenError(ValueError):
    """Sealed bytes do not open: damaged, or moved from another row or column."""


def _encrypt(key: bytes, data: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, place.encode())


def _decrypt(key: bytes, data: bytes, place: str) -> bytes:
    return _open(AESGCM(key), data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.encode())


def _open(cipher: AESGCM, nonce: bytes, data: bytes, place: bytes | None) -> bytes:
    try:
        return cipher.decrypt(nonce, data, place)
    except (InvalidTag, ValueError):  # a ValueError: too short to have a nonce
        raise SealBrokenError("sealed bytes do not open at this place") from None


def _derive(key: bytes, use: str) -> bytes:
    """A key of its own for each use (HKDF-Expand of RFC 5869 for one block: the input is a uniform key already)."""
    return hmac.digest(key, f"klarwert/{use}".encode() + b"\x01", "sha256")


class PersonKey:
    """What only one person's key can do: seal and open what is about them, and name who reacts to them."""

    __slots__ = ("_cipher", "_pseudonym", "_secret")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher: AESGCM | None = None
        self._pseudonym = b""

    def seal(self, place: str, content: str | bytes) -> Sealed:
        """Encrypts with AES-256-GCM; `place` (table, row, column) is authenticated, so it opens only there."""
        plain = content.encode() if isinstance(content, str) else content
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(nonce + self._sealing().encrypt(nonce, plain, place.encode()))

    def open(self, place: str, sealed: bytes) -> str:
        """The text again. Raises `SealBrokenError`."""
        return self.open_bytes(place, sealed).decode()

    def open_bytes(self, place: str, sealed: bytes) -> bytes:
        """The bytes again. Raises `SealBrokenError`."""
        return _open(self._sealing(), sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())

    def seal_once(self, salt: bytes, content: bytes) -> bytes:
        """Encrypts under a key that the salt makes, 16 bytes longer than the content.

        Without a nonce: under one salt a person's key may seal one content only. A random salt a file does that.
        """
        return self._once(salt).encrypt(bytes(_NONCE_BYTES), content, None)

    def open_once(self, salt: bytes, sealed: bytes) -> bytes:
        """What `seal_once` sealed. Raises `SealBrokenError`."""
        return _open(self._once(salt), bytes(_NONCE_BYTES), sealed, None)

    def pseudonym(self, network: str, remote_id: str) -> str:
        """Who reacted, as 16 hex digits that mean nothing under another participant (R7)."""
        self._pseudonym = self._pseudonym or _derive(self._secret, "pseudonym")
        return hmac.digest(self._pseudonym, f"{network}\0{remote_id}".encode(), "sha256")[:8].hex()

    def _sealing(self) -> AESGCM:
        if self._cipher is None:
            self._cipher = AESGCM(_derive(self._secret, "seal"))
        return self._cipher

    def _once(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._secret, b"klarwert/once/" + salt + b"\x01", "sha256"))


class KeyRing:
    """A store of wrapped keys, opened with the master key (32 bytes). Raises `WrongMasterKeyError`."""

    def __init__(self, url: str, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise WrongMasterKeyError(f"the master key has {len(master)} bytes, not {KEY_BYTES}")
        self._master = master
        # Without a write-ahead log: a process that is killed right after a key was destroyed leaves no copy of it.
        self._engine = open_store(url, logged=False)
        with writing(self._engine).begin() as connection:
            alone(connection)
            _tables.create_all(connection)
        self.instance = cache(self._instance)
        try:
            self.instance("ring")
        except SealBrokenError:
            raise WrongMasterKeyError("the master key does not open this key ring") from None

    def create(self, subject_id: str) -> PersonKey:
        """Makes a person's key and stores it durably, before anything is sealed with it."""
        return PersonKey(self._make(f"person/{subject_id}"))

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
        mine = select(_keys.c.name, _keys.c.wrapped).where(
            _keys.c.name >= f"person/{first}", _keys.c.name < f"person/{end}"
        )
        cipher = AESGCM(self._master)
        with self._engine.connect() as connection:
            rows = connection.execute(mine).all()
        return {
            name[start:]: PersonKey(_open(cipher, wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], name.encode()))
            for name, wrapped in rows
        }

    def seal_file(self, name: str, content: bytes) -> bytes:
        """Makes a key for one version of a file, stores it durably and encrypts the file with it (AES-256-GCM)."""
        return _encrypt(self._make(f"{_FILE}{name}"), content, name)

    def open_file(self, name: str, sealed: bytes) -> bytes:
        """The content of a file. Raises `KeyGoneError`, `SealBrokenError`."""
        return _decrypt(self._read(f"{_FILE}{name}"), sealed, name)

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
        row = {"name": name, "wrapped": _encrypt(self._master, key, name), "made_at": datetime.now(UTC)}
        try:
            with writing(self._engine).begin() as connection:
                connection.execute(insert(_keys).values(row))
        except IntegrityError:
            return self._read(name)
        return key

    def _read(self, name: str) -> bytes:
        with self._engine.connect() as connection:
            wrapped = connection.scalar(select(_keys.c.wrapped).where(_keys.c.name == name))
        if wrapped is None:
            raise KeyGoneError("no such key")
        return _decrypt(self._master, wrapped, name)


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
