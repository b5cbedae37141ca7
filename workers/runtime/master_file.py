"""The file with the master key: made at the first start, with a new key before the old one while a rotation runs."""

import base64
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from privacy.keyring import KEY_BYTES


def make(path: Path) -> None:
    """Makes the file with a random key, readable by its owner only; leaves one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        return
    whole = _written(path, [os.urandom(KEY_BYTES)])
    with suppress(FileExistsError):  # somebody else's first start was faster: theirs counts
        path.hardlink_to(whole)
    whole.unlink()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Makes another rotation wait: two new keys at once would lose one of them."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def begin(path: Path, keys: Sequence[bytes]) -> tuple[bytes, ...]:
    """Puts a new key before the one there is. Where there are two already, a rotation was killed and goes on."""
    if len(keys) == 1:
        keys = (os.urandom(KEY_BYTES), *keys)
        _written(path, keys).replace(path)
        _settle(path.parent)
    return tuple(keys)


def end(path: Path, keys: Sequence[bytes]) -> None:
    """Leaves the new key only."""
    _written(path, keys[:1]).replace(path)
    _settle(path.parent)


def _written(path: Path, keys: Sequence[bytes]) -> Path:
    """A whole file beside the one that counts, safe on the disk."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    return part


def _settle(folder: Path) -> None:
    """Has the disk know the new name before anything is wrapped with what is in the file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
