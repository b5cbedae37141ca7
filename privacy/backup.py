"""The file of a backup: encrypted as it is written, whole or not there, and the folder where old ones expire.

After a header in the clear come parts of 64 KiB (`privacy.stream`) under a key of this file. The key is derived from a
secret that no backup contains and from the header, which is thereby authenticated, too.
"""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privacy.keys import SealBrokenError
from privacy.stream import TAG_BYTES, Opener, Sealer

FORMAT = "klarwert-backup/1"
PART_BYTES = 64 * 1024
_HEADER_BYTES = 4096
_STAMP = "%Y%m%dT%H%M%S%fZ"
_UNFINISHED = timedelta(days=1)


class BackupError(ValueError):
    """A backup cannot be written, read or used; a sentence for the operator."""


class Kind(StrEnum):
    """What a backup file holds."""

    DATA = "data"
    KEYS = "keys"


@contextmanager
def write(folder: Path, header: dict[str, Any], secret: bytes) -> Iterator[tuple[Path, BinaryIO]]:
    """Writes a backup: yields its final place and what to write to. The file is there once it is whole on the disk.

    `header` has `kind`, `installation`, `made_at` (ISO) and what its reader needs. Raises `BackupError`, also for a
    full disk; then nothing is left.
    """
    line = json.dumps({"format": FORMAT, **header}, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    made_at = datetime.fromisoformat(header["made_at"]).astimezone(UTC)
    place = folder / f"{header['kind']}-{made_at.strftime(_STAMP)}.klarwert"
    part = folder / f".{place.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            raw.write(line)
            sealed = _Writer(raw, _file_key(secret, line))
            yield place, sealed  # type: ignore[misc]  # a RawIOBase writes all of it here
            sealed.finish()
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(place)
        _settle(folder)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BackupError(f"the backup could not be written ({error.strerror}); nothing of it was kept") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def read(path: Path, secret_of: Callable[[dict[str, Any]], bytes]) -> Iterator[tuple[dict[str, Any], BinaryIO]]:
    """Reads a backup: yields header and content. Raises `BackupError` where a byte is missing or was changed.

    What was read is true as far as it was read; whole is it only at the end of the content.
    """
    with _opened(path) as raw:
        header, line = _header(raw)
        yield header, io.BufferedReader(_Reader(raw, _file_key(secret_of(header), line)), PART_BYTES)


def young_enough(made_at: str, now: datetime, days: int) -> None:
    """Raises `BackupError` for a backup that is older than backups may get: the journal does not reach back so far."""
    if datetime.fromisoformat(made_at) < now - timedelta(days=days):
        raise BackupError(
            f"this backup is older than {days} days (KLARWERT_BACKUP_DAYS): what was erased since is not known any "
            "more, so it may not be used"
        )


def overdue(folder: Path, kind: Kind, now: datetime, days: int) -> list[Path]:
    """Backups of a kind that are older than so many days, and unfinished ones of yesterday."""
    old = [path for path in folder.glob(f"{kind}-*.klarwert") if made_at(path, kind) < now - timedelta(days=days)]
    until = (now - _UNFINISHED).timestamp()
    return old + [path for path in folder.glob(f".{kind}-*.part") if path.stat().st_mtime < until]


def expire(folder: Path, kind: Kind, now: datetime, days: int) -> int:
    """Removes them; how many."""
    old = overdue(folder, kind, now, days)
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def made_at(path: Path, kind: Kind) -> datetime:
    """When a backup was made, by its name; long ago where the name does not say so."""
    try:
        return datetime.strptime(path.name, f"{kind}-{_STAMP}.klarwert").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def newest(folder: Path, kind: Kind) -> Path | None:
    """The newest backup of a kind."""
    return max(folder.glob(f"{kind}-*.klarwert"), key=lambda path: made_at(path, kind), default=None)


class _Writer(io.RawIOBase):
    """Seals what is written, part by part."""

    def __init__(self, raw: BinaryIO, key: bytes) -> None:
        self._raw, self._sealer = raw, Sealer(key, PART_BYTES)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._raw.write(self._sealer.add(data))
        return len(data)

    def finish(self) -> None:
        self._raw.write(self._sealer.end())


class _Reader(io.RawIOBase):
    """Opens part by part what was sealed. Raises `BackupError`."""

    def __init__(self, raw: BinaryIO, key: bytes) -> None:
        self._raw, self._opener, self._number, self._held = raw, Opener(key), 0, b""
        self._next = self._sealed()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held and (self._next or not self._number):
            self._held = self._part()
        some = self._held[: len(buffer)]
        buffer[: len(some)] = some
        self._held = self._held[len(some) :]
        return len(some)

    def _part(self) -> bytes:
        sealed, self._next = self._next, self._sealed()
        try:
            part = self._opener.piece(self._number, sealed, last=not self._next)
        except SealBrokenError:
            where = "at its beginning (or it is of another installation)" if not self._number else "or cut off"
            raise BackupError(f"the backup is damaged {where}: part {self._number} does not open") from None
        self._number += 1
        return part

    def _sealed(self) -> bytes:
        return self._raw.read(PART_BYTES + TAG_BYTES)


def _file_key(secret: bytes, line: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=line).derive(secret)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as raw:
            yield raw
    except OSError as error:
        raise BackupError(f"the backup cannot be read ({error.strerror})") from None


def _header(raw: BinaryIO) -> tuple[dict[str, Any], bytes]:
    line = raw.readline(_HEADER_BYTES)
    try:
        header = json.loads(line)
        good = header["format"] == FORMAT and datetime.fromisoformat(header["made_at"]).tzinfo is not None
        good = good and header["kind"] in set(Kind) and isinstance(header["installation"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good or not line.endswith(b"\n"):
        raise BackupError("this is not a backup of Klarwert, or one of a newer version")
    return header, line


def _settle(folder: Path) -> None:
    """Has the disk know the name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
