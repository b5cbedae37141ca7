"""Looks into the bytes of files: what was erased must be in none of them."""

from collections.abc import Iterable
from pathlib import Path


def contents(folder: Path) -> bytes:
    """The bytes of every file below a folder, write-ahead logs and journals included."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def hits(folder: Path, needles: Iterable[bytes | str]) -> list[bytes]:
    """Which of these stand anywhere in the files."""
    haystack = contents(folder)
    wanted = [needle.encode() if isinstance(needle, str) else bytes(needle) for needle in needles]
    return [needle for needle in wanted if needle in haystack]
