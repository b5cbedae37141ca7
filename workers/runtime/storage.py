"""Where files lie that several workers share: a folder, or anything that fsspec reaches (`s3://…`)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import fsspec
from rq.timeouts import BaseTimeoutException


class StorageError(OSError):
    """A storage that is no folder does not answer, or refuses; the libraries behind it have errors of many kinds."""


class Storage:
    """Files by name, each written once and whole; `url` is a folder or an address that fsspec knows."""

    def __init__(self, url: str) -> None:
        self._system: Any
        self._system, self._root = fsspec.core.url_to_fs(url)
        self._local = "file" in self._system.protocol

    def read(self, name: str) -> bytes:
        """The content of a file. Raises `FileNotFoundError`, `OSError`."""
        # A listing that a network storage remembers may be older than the file.
        self._system.invalidate_cache()
        with _translated():
            content: bytes = self._system.cat_file(self._path(name))
        return content

    def write(self, name: str, content: bytes) -> None:
        """Writes a file: whole and durable when this returns, or not there under its name. Raises `OSError`."""
        if not self._local:
            with _translated():
                self._system.pipe_file(self._path(name), content)
            return
        os.makedirs(self._root, mode=0o700, exist_ok=True)  # noqa: PTH103 - the root is fsspec's text
        part = self._path(f".{name}.part")
        try:
            _write_durably(part, content)
            os.rename(part, self._path(name))  # noqa: PTH104
            _flush_folder(self._root)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(part)  # noqa: PTH108
            raise

    def delete(self, name: str) -> None:
        """Removes a file and what was left of writing it; one that is not there is no error."""
        for path in (self._path(name), self._path(f".{name}.part")):
            with suppress(FileNotFoundError), _translated():
                self._system.rm_file(path)
        if self._local and self._system.exists(self._root):
            _flush_folder(self._root)

    def names(self, prefix: str) -> set[str]:
        """Names of all files with this beginning, those that were never finished too."""
        self._system.invalidate_cache()
        try:
            with _translated():
                paths = self._system.ls(self._root, detail=False)
        except FileNotFoundError:
            return set()
        names = (path.rstrip("/").rpartition("/")[2] for path in paths)
        whole = {name.removeprefix(".").removesuffix(".part") if name.startswith(".") else name for name in names}
        return {name for name in whole if name.startswith(prefix)}

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


@contextmanager
def _translated() -> Iterator[None]:
    """Makes an `OSError` of what the library of a storage raises."""
    try:
        yield
    except (OSError, BaseTimeoutException):
        raise
    except Exception as error:  # Each library behind fsspec has a family of its own; botocore's are no OSErrors.
        raise StorageError(f"the storage failed: {type(error).__name__}") from error


def _write_durably(path: str, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(path: str) -> None:
    """Without it a new name may be lost with the power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
