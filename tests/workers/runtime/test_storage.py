"""Where files lie: a folder, written whole and durably, or anything that fsspec reaches."""

import uuid
from pathlib import Path

import pytest

from workers.runtime import storage as module
from workers.runtime.storage import Storage


@pytest.fixture(params=["folder", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A folder, and a storage that is none."""
    return Storage(str(tmp_path / "vault") if request.param == "folder" else f"memory://{uuid.uuid4().hex}")


def test_what_is_written_is_read_listed_and_gone(storage: Storage) -> None:
    assert storage.names("") == set()
    storage.write("00001-1-a", b"first")
    storage.write("00002-1-b", b"")
    storage.write("00001-1-a", b"second")
    assert storage.read("00001-1-a") == b"second"
    assert storage.names("00001-") == {"00001-1-a"}
    for _ in range(2):
        storage.delete("00001-1-a")
    with pytest.raises(FileNotFoundError):
        storage.read("00001-1-a")
    assert storage.names("") == {"00002-1-b"}


def test_a_file_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(tmp_path))
    storage.write("one", b"before")

    def full(path: str, content: bytes) -> None:
        Path(path).write_bytes(content[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write_durably", full)
    with pytest.raises(OSError, match="No space"):
        storage.write("one", b"after that")
    assert storage.read("one") == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_what_a_killed_writer_left_is_listed_under_its_name_and_goes_with_it(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    (tmp_path / ".00001-2-c.part").write_bytes(b"half")
    assert storage.names("00001-") == {"00001-2-c"}
    storage.delete("00001-2-c")
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_a_file(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "vault"))
    storage.write("one", b"x")
    assert (tmp_path / "vault" / "one").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700
