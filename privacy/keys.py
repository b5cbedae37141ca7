"""What keys do: the key of one person, the master keys that wrap all others, and the errors of both."""

import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.base import Sealed

KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 8


class KeyGoneError(LookupError):
    """There is no key of that name: it was never made, or it was destroyed with its person."""


class WrongMasterKeyError(ValueError):
    """The master key does not open this key ring."""


class ForeignKeysError(ValueError):
    """Keys that were put aside belong to another installation."""


class SealBrokenError(ValueError):
    """Sealed bytes do not open: damaged, or moved from another row or column."""


def encrypt(key: bytes, data: bytes, place: str) -> bytes:
    """Encrypts with AES-256-GCM, bound to a place."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, place.encode())


def decrypt(key: bytes, data: bytes, place: str) -> bytes:
    """What `encrypt` encrypted for this place. Raises `SealBrokenError`."""
    return _open(AESGCM(key), data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.encode())


def _open(cipher: AESGCM, nonce: bytes, data: bytes, place: bytes | None) -> bytes:
    try:
        return cipher.decrypt(nonce, data, place)
    except (InvalidTag, ValueError):  # a ValueError: too short to have a nonce
        raise SealBrokenError("sealed bytes do not open at this place") from None


def derive(key: bytes, use: str) -> bytes:
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
        self._pseudonym = self._pseudonym or derive(self._secret, "pseudonym")
        return hmac.digest(self._pseudonym, f"{network}\0{remote_id}".encode(), "sha256")[:8].hex()

    def _sealing(self) -> AESGCM:
        if self._cipher is None:
            self._cipher = AESGCM(derive(self._secret, "seal"))
        return self._cipher

    def _once(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._secret, b"klarwert/once/" + salt + b"\x01", "sha256"))


class MasterKeys:
    """The master keys (32 bytes each) of an installation, by their ids: the first wraps, the others still open.

    `again` reads them anew: a running process that meets a key it cannot unwrap learns so of a rotation. Raises
    `WrongMasterKeyError`.
    """

    def __init__(self, keys: Sequence[bytes], again: Callable[[], Sequence[bytes]] = tuple) -> None:
        self._again = again
        self._take(keys)

    @property
    def first(self) -> str:
        """Id of the one that wraps. An id is derived from the key and tells nothing about it."""
        return next(iter(self._keys))

    def key(self, id_: str) -> bytes:
        """The key of an id, looked for anew where it is not known. Raises `WrongMasterKeyError`."""
        if id_ not in self._keys:
            self._take(self._again() or list(self._keys.values()))
        if id_ not in self._keys:
            raise WrongMasterKeyError("the master key does not open this key ring")
        return self._keys[id_]

    def _take(self, keys: Sequence[bytes]) -> None:
        for key in keys or (b"",):
            if len(key) != KEY_BYTES:
                raise WrongMasterKeyError(f"the master key has {len(key)} bytes, not {KEY_BYTES}")
        self._keys = {derive(key, "master id")[:_ID_BYTES].hex(): key for key in keys}


@dataclass(frozen=True)
class OpenKey:
    """A key as a key backup has it: no master key around it."""

    name: str
    key: bytes
    made_at: datetime
