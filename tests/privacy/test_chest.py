"""Sealed files: whole or not at all, in pieces, and no piece can be moved, left out or cut off."""

from pathlib import Path

import pytest

from privacy.chest import PIECE, ChestReader, ChestWriter, new_key, read_all
from privacy.keyring import SealBrokenError

KEY = bytes(range(32))


def write(path: Path, *parts: bytes, key: bytes = KEY) -> None:
    with ChestWriter(path, key) as writer:
        for part in parts:
            writer.write(part)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17])
def test_what_was_written_comes_back_however_long(tmp_path: Path, size: int) -> None:
    text = bytes(number % 251 for number in range(size))
    write(tmp_path / "a", text[: size // 2], text[size // 2 :])
    assert read_all(tmp_path / "a", KEY) == text
    assert size < 64 or text[:64] not in (tmp_path / "a").read_bytes()


def test_reading_keeps_no_more_than_a_piece(tmp_path: Path) -> None:
    write(tmp_path / "a", bytes(5 * PIECE))
    with ChestReader(tmp_path / "a", KEY) as reader:
        assert max(map(len, reader)) == PIECE


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    write(tmp_path / "a", b"x")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_the_same_text_is_never_the_same_file(tmp_path: Path) -> None:
    write(tmp_path / "a", b"x" * 100)
    write(tmp_path / "b", b"x" * 100)
    assert (tmp_path / "a").read_bytes()[16:] != (tmp_path / "b").read_bytes()[16:]


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a", b"secret")
    with pytest.raises(SealBrokenError):
        read_all(tmp_path / "a", new_key())


@pytest.mark.parametrize("damage", ["cut at a piece", "cut inside", "swap", "flip", "append", "empty"])
def test_a_file_that_was_tampered_with_does_not_open(tmp_path: Path, damage: str) -> None:
    path, sealed = tmp_path / "a", PIECE + 16
    write(path, bytes(3 * PIECE + 5))
    salt, body = path.read_bytes()[:16], path.read_bytes()[16:]
    changed = {
        "cut at a piece": body[: 2 * sealed],
        "cut inside": body[:-3],
        "swap": body[sealed : 2 * sealed] + body[:sealed] + body[2 * sealed :],
        "flip": bytes([body[0] ^ 1]) + body[1:],
        "append": body + body[-21:],
        "empty": b"",
    }[damage]
    path.write_bytes(salt + changed)
    with pytest.raises(SealBrokenError):
        read_all(path, KEY)


def test_after_an_error_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(TypeError), ChestWriter(tmp_path / "a", KEY) as writer:
        writer.write(b"x" * PIECE * 2 + "no bytes")  # type: ignore[operator]
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_file_is_not_at_its_place(tmp_path: Path) -> None:
    writer = ChestWriter(tmp_path / "a", KEY)
    writer.write(b"x" * PIECE * 2)
    assert not (tmp_path / "a").exists()
    writer.close()
    assert read_all(tmp_path / "a", KEY) == b"x" * PIECE * 2


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ChestWriter(tmp_path / "gone" / "a", KEY)
    assert list(tmp_path.iterdir()) == []
