"""A file that is encrypted as it is written and opened as it is read, piece by piece: nobody needs room for all of it.

The pieces are those of `privacy.stream`, under a key of this file alone.
"""

import io
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privacy.keyring import KEY_BYTES
from privacy.stream import TAG_BYTES, Opener, Sealer

#: Bytes of a piece before it is sealed.
PIECE = 256 * 1024
_SALT_BYTES = 16


def new_key() -> bytes:
    """A random key for the files of one purpose."""
    return os.urandom(KEY_BYTES)


class ChestWriter(io.RawIOBase):
    """Writes one file; complete and durable when it is closed without an error, else nothing is at its place."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__()
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        salt = os.urandom(_SALT_BYTES)
        self._sealer = Sealer(_file_key(key, salt), PIECE)
        self._failed = False
        # Without the folder there is nobody any more to write for: it is not made here.
        self._file: BinaryIO = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._file.write(salt)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object) -> int:
        """Takes all of it."""
        view = memoryview(data)  # type: ignore[arg-type]  # any buffer, as the base class says
        self._file.write(self._sealer.add(view))
        return view.nbytes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._failed = self._failed or kind is not None
        self.close()

    def close(self) -> None:
        """Finishes the file and puts it at its place; after an error it removes what was written."""
        if self.closed:
            return
        try:
            if not self._failed:
                self._file.write(self._sealer.end())
                self._file.flush()
                os.fsync(self._file.fileno())
                self._part.rename(self._path)
        finally:
            self._file.close()
            self._part.unlink(missing_ok=True)
            super().close()


class ChestReader:
    """Opens one file piece by piece. Raises `SealBrokenError` for a file that is damaged, cut off or another's."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = path.open("rb")
        self._opener = Opener(_file_key(key, self._file.read(_SALT_BYTES)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        """The pieces in the clear; the last one is known to be the last."""
        with self._file as file:
            ahead = file.read(PIECE + TAG_BYTES)
            for number in count():
                piece, ahead = ahead, file.read(PIECE + TAG_BYTES)
                yield self._opener.piece(number, piece, last=not ahead)
                if not ahead:
                    return


def read_all(path: Path, key: bytes) -> bytes:
    """A short file as a whole. Raises `SealBrokenError`."""
    with ChestReader(path, key) as reader:
        return b"".join(reader)


def _file_key(key: bytes, salt: bytes) -> bytes:
    """A key for one file: two files under one key never share a nonce."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=b"klarwert/chest").derive(key)
