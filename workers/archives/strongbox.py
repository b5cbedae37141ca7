"""A file that is encrypted piece by piece while it arrives, and read at any place without ever lying open.

The pieces (64 KiB) are those of `privacy.stream`, under a key made for this file alone.
"""

import io
import os
from pathlib import Path

from privacy.keyring import KEY_BYTES, SealBrokenError
from privacy.stream import TAG_BYTES, Opener, Sealer
from workers.archives.found import RefusedError, Why

PIECE = 65_536


def new_key() -> bytes:
    """A key for one file."""
    return os.urandom(KEY_BYTES)


class SealedWriter:
    """Takes bytes in order; `finish` makes the file complete. What is not finished has another name and is swept."""

    def __init__(self, path: Path, key: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path, self._part = path, path.with_suffix(".part")
        self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._sealer = Sealer(key, PIECE)
        self.size = 0

    def write(self, data: bytes) -> int:
        """Seals what makes a whole piece; the last one waits for the end."""
        self._file.write(self._sealer.add(data))
        self.size += len(data)
        return len(data)

    def finish(self) -> None:
        """Writes the last piece and gives the file its name, durably."""
        self._file.write(self._sealer.end())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)

    def drop(self) -> None:
        """Leaves nothing of it."""
        self._file.close()
        self._part.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)


class SealedReader(io.RawIOBase):
    """The opened bytes of such a file, at any place. Raises RefusedError(DAMAGED) where they were changed or cut."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._opener = Opener(key)
        stored = path.stat().st_size
        if stored < TAG_BYTES:
            self._file.close()
            raise RefusedError(Why.DAMAGED)
        self._pieces = max(1, -(-stored // (PIECE + TAG_BYTES)))
        self._size = stored - self._pieces * TAG_BYTES
        self._open: tuple[int, bytes] = (-1, b"")
        self._place = 0

    def close(self) -> None:
        """Lets the file go."""
        self._file.close()
        super().close()

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to a place. Raises `ValueError` for one before the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the start")
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        """The place."""
        return self._place

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed wants a private type
        """Some bytes from the place on; none at the end."""
        if self._place >= self._size:
            return 0
        number, start = divmod(self._place, PIECE)
        some = self._piece(number)[start : start + len(buffer)]
        buffer[: len(some)] = some
        self._place += len(some)
        return len(some)

    def _piece(self, number: int) -> bytes:
        if self._open[0] != number:
            self._file.seek(number * (PIECE + TAG_BYTES))
            sealed = self._file.read(PIECE + TAG_BYTES)
            try:
                self._open = (number, self._opener.piece(number, sealed, last=number == self._pieces - 1))
            except SealBrokenError:
                raise RefusedError(Why.DAMAGED) from None
        return self._open[1]
