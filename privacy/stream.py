"""Sealing what is too large to be held: piece by piece, so that none can be moved, left out or cut off unnoticed.

Each piece is sealed with AES-256-GCM; its nonce is its number and whether it is the last (the STREAM construction,
Hoang et al. 2015, https://eprint.iacr.org/2015/189). A key seals one content only.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.keys import SealBrokenError

#: So many bytes a sealed piece is longer than the open one.
TAG_BYTES = 16
_NUMBER_BYTES = 11


class Sealer:
    """Takes bytes in order and gives sealed pieces of `size` open bytes; the last one is shorter, or as long."""

    def __init__(self, key: bytes, size: int) -> None:
        self._cipher, self._size = AESGCM(key), size
        self._open, self._number = bytearray(), 0

    def add(self, data: bytes | bytearray | memoryview) -> bytes:
        """The pieces that became whole, sealed; what may be the last one waits for the end."""
        self._open += data
        sealed = bytearray()
        while len(self._open) > self._size:
            sealed += self._seal(bytes(self._open[: self._size]), last=False)
            del self._open[: self._size]
        return bytes(sealed)

    def end(self) -> bytes:
        """The last piece, sealed; called once."""
        return self._seal(bytes(self._open), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), piece, None)
        self._number += 1
        return sealed


class Opener:
    """Opens sealed pieces, in any order."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def piece(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """One piece (from 0). Raises `SealBrokenError` where it is damaged, another one, or not or wrongly the last."""
        try:
            return self._cipher.decrypt(_nonce(number, last=last), sealed, None)
        except InvalidTag:
            raise SealBrokenError("a sealed file does not open: damaged, cut off, or another's") from None


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big") + bytes([last])
