"""A file that arrives is never open on the disk, can be read at any place, and cannot be changed unnoticed."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.archives.found import RefusedError, Why
from workers.archives.strongbox import PIECE, SealedReader, SealedWriter, new_key


def stored(folder: Path, data: bytes, key: bytes, step: int = 10_000) -> Path:
    path = folder / "someone" / "file"
    writer = SealedWriter(path, key)
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
    writer.finish()
    assert writer.size == len(data)
    return path


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
def test_what_was_written_is_read(tmp_path: Path, size: int) -> None:
    key, data = new_key(), os.urandom(size)
    path = stored(tmp_path, data, key)
    with io.BufferedReader(SealedReader(path, key)) as file:
        assert file.read() == data
        file.seek(-min(size, 10), io.SEEK_END)
        assert file.read() == data[max(size - 10, 0) :]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3 * PIECE), st.integers(0, 2 * PIECE)), max_size=10))
def test_any_place_gives_what_is_there(tmp_path_factory: pytest.TempPathFactory, looks: list[tuple[int, int]]) -> None:
    key, data = new_key(), os.urandom(2 * PIECE + 100)
    path = stored(tmp_path_factory.mktemp("box"), data, key)
    with io.BufferedReader(SealedReader(path, key)) as file:
        for place, size in looks:
            file.seek(place)
            assert file.read(size) == data[place : place + size]


def test_nothing_readable_lies_on_the_disk_while_it_arrives(tmp_path: Path) -> None:
    secret = b"Geheimnis im Archiv " * 10_000
    writer = SealedWriter(tmp_path / "a" / "file", new_key())
    writer.write(secret)
    parts = list((tmp_path / "a").iterdir())
    assert [part.name for part in parts] == ["file.part"]
    assert b"Geheimnis" not in parts[0].read_bytes()
    writer.drop()
    assert list((tmp_path / "a").iterdir()) == []


def test_changed_cut_moved_and_foreign_files_are_noticed(tmp_path: Path) -> None:
    key, data = new_key(), os.urandom(3 * PIECE)
    sound = stored(tmp_path, data, key).read_bytes()
    whole = PIECE + 16
    broken = {
        "changed": sound[:100] + bytes([sound[100] ^ 1]) + sound[101:],
        "cut at a piece": sound[: 2 * whole],
        "cut": sound[:-5],
        "moved": sound[whole : 2 * whole] + sound[:whole] + sound[2 * whole :],
        "longer": sound + sound[:whole],
        "empty": b"",
    }
    for name, content in broken.items():  # each under its own name
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(RefusedError), io.BufferedReader(SealedReader(path, key)) as file:
            file.read()
    path = tmp_path / "sound"
    path.write_bytes(sound)
    with SealedReader(path, new_key()) as file, pytest.raises(RefusedError) as refused:
        file.read(10)
    assert refused.value.why == Why.DAMAGED
