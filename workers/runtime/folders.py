"""Removing a folder with everything in it, also while somebody else does the same."""

from contextlib import suppress
from pathlib import Path
from shutil import rmtree


def remove(folder: Path) -> None:
    """Removes a folder; none is no error. What somebody else takes away meanwhile does not end it half done."""
    while folder.exists():
        with suppress(FileNotFoundError):
            rmtree(folder)
