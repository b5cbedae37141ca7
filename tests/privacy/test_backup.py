"""The file of a backup: comes back byte for byte, or not at all."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privacy import backup
from privacy.backup import PART_BYTES, BackupError, Kind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = bytes(range(32))
HEADER = {"kind": Kind.DATA, "installation": "invented", "made_at": NOW.isoformat()}
SIZES = [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 5 * PART_BYTES + 7]
#: Writes a backup until it is killed, or the disk takes no more.
WRITE = """
import sys
from pathlib import Path
from tests.privacy.test_backup import HEADER, SECRET
from privacy import backup
try:
    with backup.write(Path(sys.argv[1]), HEADER, SECRET) as (_, file):
        for _ in range(40):
            file.write(bytes(65536))
        print("written", flush=True)
        sys.stdin.readline()
except backup.BackupError as error:
    print(error)
"""


def written(folder: Path, content: bytes, secret: bytes = SECRET) -> Path:
    with backup.write(folder, HEADER, secret) as (place, file):
        for start in range(0, len(content), 1000):
            file.write(content[start : start + 1000])
    return place


def content(path: Path, secret: bytes = SECRET) -> bytes:
    with backup.read(path, lambda _: secret) as (_, file):
        return file.read()


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read(tmp_path: Path, size: int) -> None:
    text = os.urandom(size)
    place = written(tmp_path, text)
    assert content(place) == text
    assert place.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["data-20261122T120000000000Z.klarwert"]


def test_nothing_of_the_content_can_be_read_without_the_secret(tmp_path: Path) -> None:
    place = written(tmp_path, b"kanarienvogel" * 1000)
    assert b"kanarienvogel" not in place.read_bytes()
    assert SECRET not in place.read_bytes()
    with pytest.raises(BackupError, match="does not open"):
        content(place, bytes(32))


def test_a_changed_byte_is_found_wherever_it_is(tmp_path: Path) -> None:
    place = written(tmp_path, os.urandom(2 * PART_BYTES))
    whole = place.read_bytes()
    for spot in [*range(200), *range(200, len(whole), 9973), len(whole) - 1]:
        place.write_bytes(whole[:spot] + bytes([whole[spot] ^ 1]) + whole[spot + 1 :])
        with pytest.raises(BackupError):
            content(place)


def test_a_backup_that_was_cut_off_is_not_whole(tmp_path: Path) -> None:
    place = written(tmp_path, os.urandom(3 * PART_BYTES))
    whole = place.read_bytes()
    start = whole.index(b"\n") + 1
    ends = [start + number * (PART_BYTES + 16) for number in range(3)]
    for end in [0, 10, start - 1, *ends, *(end + 5 for end in ends), len(whole) - 1]:
        place.write_bytes(whole[:end])
        with pytest.raises(BackupError):
            content(place)


def test_parts_that_changed_places_do_not_open(tmp_path: Path) -> None:
    place = written(tmp_path, os.urandom(3 * PART_BYTES))
    whole = place.read_bytes()
    start, step = whole.index(b"\n") + 1, PART_BYTES + 16
    parts = [whole[start + n * step : start + (n + 1) * step] for n in range(3)]
    place.write_bytes(whole[:start] + parts[1] + parts[0] + parts[2])
    with pytest.raises(BackupError):
        content(place)


@pytest.mark.parametrize(
    "text", [b"", b"{}\n", b"no json\n", b'{"format":"other/1"}\n', b"x" * 9000, b"[]\n", b"7\n", b"[" * 3000 + b"\n"]
)
def test_another_file_is_no_backup(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(text)
    with pytest.raises(BackupError, match="not a backup of Klarwert"):
        content(path)


def test_a_backup_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be read"):
        content(tmp_path / "nothing")


def test_an_error_half_way_leaves_nothing(tmp_path: Path) -> None:
    def half_way() -> None:
        with backup.write(tmp_path, HEADER, SECRET) as (_, file):
            file.write(bytes(3 * PART_BYTES))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    assert list(tmp_path.iterdir()) == []


@contextmanager
def writing(folder: Path, **options: object) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
    ) as process:  # type: ignore[call-overload]
        yield process


def test_killed_half_way_there_is_no_file_that_looks_whole(tmp_path: Path) -> None:
    with writing(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.kill()
    assert list(tmp_path.glob("*.klarwert")) == []
    [part] = tmp_path.iterdir()
    assert backup.newest(tmp_path, Kind.DATA) is None
    assert backup.expire(tmp_path, Kind.DATA, datetime.now(UTC), 30) == 0
    assert backup.expire(tmp_path, Kind.DATA, datetime.now(UTC) + timedelta(days=2), 30) == 1
    assert not part.exists()


def test_a_disk_that_takes_no_more_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    with writing(tmp_path, preexec_fn=little) as process:
        out, _ = process.communicate("\n")
    assert out == "the backup could not be written (File too large); nothing of it was kept\n"
    assert list(tmp_path.iterdir()) == []


def test_old_backups_of_one_kind_expire(tmp_path: Path) -> None:
    names = ["data-20261022T120000000000Z", "data-20261023T120000000001Z", "keys-20261022T120000000000Z", "data-letter"]
    for name in names:
        (tmp_path / f"{name}.klarwert").touch()
    (tmp_path / "other").touch()
    assert backup.newest(tmp_path, Kind.DATA) == tmp_path / f"{names[1]}.klarwert"
    assert backup.expire(tmp_path, Kind.DATA, NOW, 30) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{names[1]}.klarwert", f"{names[2]}.klarwert", "other"]
    assert backup.expire(tmp_path / "nowhere", Kind.DATA, NOW, 30) == 0


def test_a_backup_may_be_as_old_as_stated_and_no_older() -> None:
    backup.young_enough((NOW - timedelta(days=30)).isoformat(), NOW, 30)
    with pytest.raises(BackupError, match="older than 30 days"):
        backup.young_enough((NOW - timedelta(days=30, seconds=1)).isoformat(), NOW, 30)
