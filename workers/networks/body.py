"""Reads the body of an answer as if it came from an enemy: so many bytes, so deep, and plain JSON or nothing."""

import json
import zlib
from collections.abc import Iterable, Iterator

from workers.networks.failure import Failure, Reason

_PIECE = 65_536


def read_limited(pieces: Iterable[bytes], encoding: str, most: int) -> bytes:
    """The body, unpacked, of at most `most` bytes. Raises Failure(NOT_UNDERSTOOD) for longer or oddly packed ones."""
    body = bytearray()
    for piece in _unpacked(pieces, encoding.strip().lower()):
        body += piece
        if len(body) > most:
            raise Failure(Reason.NOT_UNDERSTOOD)
    return bytes(body)


def _unpacked(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from pieces
    elif encoding == "gzip":
        yield from _gunzipped(pieces)
    else:
        # We asked for gzip only; layers of packings are a known way to build a bomb.
        raise Failure(Reason.NOT_UNDERSTOOD)


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            packed = piece
            while packed and not unpack.eof:
                # Never more than a piece at a time, so that a bomb is noticed while it is small.
                yield unpack.decompress(packed, _PIECE)
                packed = unpack.unconsumed_tail
            if unpack.eof:
                return
    except zlib.error:
        raise Failure(Reason.NOT_UNDERSTOOD) from None


def parse_json(body: bytes, depth: int) -> object:
    """The value of a JSON text nested at most `depth` deep. Raises Failure(NOT_UNDERSTOOD) for anything else."""
    try:
        value: object = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Failure(Reason.NOT_UNDERSTOOD) from None
    level: list[object] = [value]
    for _ in range(depth):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return value
    raise Failure(Reason.NOT_UNDERSTOOD)


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse(constant: str) -> object:
    raise ValueError(constant)
