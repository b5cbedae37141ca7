"""Looks for tokens in every byte of folders: as they are, encoded, and inside files that are packed."""

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

_DEEPEST = 4


@dataclass(frozen=True)
class Hit:
    """A token that was found."""

    where: str
    how: str
    token: bytes


def encodings(token: str) -> dict[bytes, str]:
    """Every way in which a token may stand in bytes, with its name. Base64 has three, by where the text begins."""
    plain = token.encode()
    found = {
        plain.hex().encode(): "hex",
        plain.hex().upper().encode(): "HEX",
        token.encode("utf-16-le"): "UTF-16",
        token.encode("utf-16-be"): "UTF-16",
        quote(token, safe="").encode(): "URL",
        "".join(f"%{byte:02X}" for byte in plain).encode(): "URL",
        "".join(f"\\u{ord(letter):04x}" for letter in token).encode(): "JSON",
        json.dumps(token).strip('"').encode(): "JSON",
    }
    for shift in range(3):
        # What stands before and behind the token changes the letters at its edges: those are left out.
        inside = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 :]
        inside = inside[: len(inside) - 4]
        found[inside] = found[inside.replace(b"+", b"-").replace(b"/", b"_")] = "base64"
    found[plain] = "plain"
    return found


class Search:
    """Searches for some tokens at once."""

    def __init__(self, tokens: Iterable[str | bytes]) -> None:
        self._needles: dict[bytes, tuple[bytes, str]] = {}
        for token in tokens:
            if isinstance(token, bytes):
                self._needles[token] = (token, "plain")
                self._needles[token.hex().encode()] = (token, "hex")
                self._needles[base64.b64encode(token)[:-4]] = (token, "base64")
            else:
                for needle, how in encodings(token).items():
                    self._needles[needle] = (token.encode(), how)
        assert all(len(needle) > 7 for needle in self._needles), "too short to mean anything"

    def folder(self, folder: Path) -> Iterator[Hit]:
        """Every hit in the files below a folder, in their names too."""
        for path in sorted(folder.rglob("*")):
            yield from self.content(str(path.relative_to(folder)), str(path.relative_to(folder)).encode())
            if path.is_file():
                yield from self.content(str(path.relative_to(folder)), path.read_bytes())

    def content(self, where: str, content: bytes, depth: int = 0) -> Iterator[Hit]:
        """Every hit in some bytes, and in what is packed in them."""
        for needle, (token, how) in self._needles.items():
            if needle in content:
                yield Hit(where, how, token)
        if depth < _DEEPEST:
            for name, inside in unpacked(content):
                yield from self.content(f"{where} > {name}", inside, depth + 1)


def unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What is inside ZIP, gzip, zlib and Zstandard, where some bytes are such."""
    if content.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                yield from ((name, packed.read(name)) for name in packed.namelist())
        except zipfile.BadZipFile:
            return
    elif content.startswith((b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")):
        try:
            yield "inflated", zlib.decompressobj(47).decompress(content)
        except zlib.error:
            return
    elif content.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            yield "zstd", pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
        except OSError:
            return
