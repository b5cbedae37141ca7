"""Looks into a ZIP that may be hostile: entries by their name, opened one by one, never unpacked to a disk.

Nothing is extracted, so names lead nowhere; archives inside it stay closed. Bombs are met by limits on entries, bytes,
ratio and time that count what really comes out, whatever the entries say of themselves.
"""

import io
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from workers.archives.found import RefusedError, Why

_PIECE = 65_536
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
#: Everything that the library raises for bytes that are no sound ZIP.
_TROUBLES = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, OSError, ValueError, struct.error,
    OverflowError, IndexError,
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How much of an archive is looked at. Bytes and seconds."""

    directory_bytes: int = 12_000_000
    """The list of entries: ten bytes in memory come of each. A million entries take 46 MB at least."""
    entries: int = 100_000
    entry_bytes: int = 1_000_000_000
    total_bytes: int = 1_500_000_000
    ratio: int = 200
    """Unpacked to packed: JSON reaches about 30, a bomb 1,000."""
    ratio_from: int = 1_000_000
    """Smaller entries may be packed however well."""
    seconds: float = 300.0


class _Bounded(io.BufferedReader):
    """The file, for a library that reads the whole list of entries at once, however long it says that list is."""

    def __init__(self, raw: io.RawIOBase, most: int) -> None:
        super().__init__(raw)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        """Some bytes. Raises RefusedError(TOO_LARGE) for more at once than the limit."""
        some = super().read(self._most + 1 if size is None or size < 0 else min(size, self._most + 1))
        if len(some) > self._most or (size is not None and size > self._most):
            raise RefusedError(Why.TOO_LARGE)
        return some


class Packed:
    """A ZIP by the names of its entries. Raises RefusedError."""

    def __init__(self, file: io.RawIOBase, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._left = self._limits.total_bytes
        self._end = time.monotonic() + self._limits.seconds
        try:
            self._zip = zipfile.ZipFile(_Bounded(file, self._limits.directory_bytes))
        except RefusedError:
            raise
        except _TROUBLES:
            raise RefusedError(Why.NO_ARCHIVE) from None
        self._entries = self._zip.infolist()
        if len(self._entries) > self._limits.entries:
            raise RefusedError(Why.TOO_LARGE)

    def names(self, pattern: str) -> list[str]:
        """Names of the entries that fit as a whole (whatever their case), sorted. RefusedError(DAMAGED) for doubles."""
        fits = re.compile(pattern, re.IGNORECASE)
        found = [entry.filename for entry in self._entries if fits.fullmatch(entry.filename)]
        if len(set(found)) < len(found):
            raise RefusedError(Why.DAMAGED)
        return sorted(found)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The unpacked bytes of an entry, some at a time."""
        entry = self._zip.getinfo(name)
        self._judge(entry)
        try:
            with self._zip.open(entry) as opened:
                yield from self._counted(opened)
        except RefusedError:
            raise
        except _TROUBLES:
            raise RefusedError(Why.DAMAGED) from None

    def whole(self, name: str, most: int) -> bytes:
        """An entry of at most so many bytes."""
        found = bytearray()
        for piece in self.pieces(name):
            found += piece
            if len(found) > most:
                raise RefusedError(Why.TOO_LARGE)
        return bytes(found)

    def _judge(self, entry: zipfile.ZipInfo) -> None:
        if entry.flag_bits & _ENCRYPTED:
            raise RefusedError(Why.ENCRYPTED)
        if entry.compress_type not in _PACKINGS:
            raise RefusedError(Why.DAMAGED)
        blown = entry.file_size > max(self._limits.ratio_from, self._limits.ratio * entry.compress_size)
        if blown or entry.file_size > self._limits.entry_bytes:
            raise RefusedError(Why.TOO_LARGE)

    def _counted(self, opened: IO[bytes]) -> Iterator[bytes]:
        while piece := opened.read(_PIECE):
            self._left -= len(piece)
            if self._left < 0 or time.monotonic() > self._end:
                raise RefusedError(Why.TOO_LARGE)
            yield piece
