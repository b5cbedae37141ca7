"""The search finds a token however it stands there, or the canary proves nothing."""

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest

from tests.canary.search import Search

TOKEN = "kanarie-0123456789abcdef0123456789abcdef"


def zipped(text: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inside.json", text)
    return target.getvalue()


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda text: text,
    "utf-16": lambda text: text.decode().encode("utf-16"),
    "utf-16-be": lambda text: text.decode().encode("utf-16-be"),
    **{f"base64 from {n}": lambda text, n=n: base64.b64encode(b"x" * n + text) for n in range(4)},  # type: ignore[misc]
    "base64 for addresses": base64.urlsafe_b64encode,
    "hex": lambda text: text.hex().encode(),
    "HEX": lambda text: text.hex().upper().encode(),
    "url": lambda text: quote(text, safe="").encode(),
    "all of it in a url": lambda text: "".join(f"%{byte:02X}" for byte in text).encode(),
    "json": lambda text: json.dumps(text.decode()).encode(),
    "all of it in json": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text.decode()).encode(),
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "zstd": lambda text: pa.compress(text, "zstd", asbytes=True),
    "zip": zipped,
    "zip in zip": lambda text: zipped(zipped(text)),
    "base64 in zip": lambda text: zipped(base64.b64encode(text)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_token_is_found_however_it_is_written(tmp_path: Path, way: str) -> None:
    (tmp_path / "file").write_bytes(WAYS[way](f"vorher {TOKEN} nachher".encode()))
    assert {hit.token for hit in Search([TOKEN]).folder(tmp_path)} == {TOKEN.encode()}
    assert list(Search(["kanarie-ffffffffffffffffffffffffffffffff"]).folder(tmp_path)) == []


def test_a_token_in_the_name_of_a_file_or_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / TOKEN).mkdir()
    assert [hit.how for hit in Search([TOKEN]).folder(tmp_path)] == ["plain"]


def test_bytes_are_found_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"..." + bytes(range(40)) + b"...")
    (tmp_path / "b").write_bytes(bytes(range(40)).hex().encode())
    assert [hit.how for hit in Search([bytes(range(40))]).folder(tmp_path)] == ["plain", "hex"]


def test_broken_packings_are_no_error(tmp_path: Path) -> None:
    for start in (b"PK\x03\x04", b"\x1f\x8b", b"\x78\x9c", b"\x28\xb5\x2f\xfd"):
        (tmp_path / start.hex()).write_bytes(start + b"nonsense")
    assert list(Search([TOKEN]).folder(tmp_path)) == []
