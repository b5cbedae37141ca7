"""Reads the objects of one long JSON list as they come, without ever holding the list."""

import codecs
import json
from collections.abc import Iterable, Iterator

from workers.archives.found import RefusedError, Why
from workers.networks.untrusted import Record

#: No single post is longer (characters of JSON).
LONGEST_OBJECT = 300_000
#: The list begins within so many characters: `window.YTD.tweets.part0 = [` is what one network puts in front.
_LONGEST_HEAD = 500
_BETWEEN = " \t\r\n,"


def objects(pieces: Iterable[bytes]) -> Iterator[Record]:
    """Every object of the first list in a text; other values in it are passed over. RefusedError(DAMAGED)."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    buffer = ""
    inside = False
    for text in _texts(pieces):
        buffer += text
        if not inside:
            inside, buffer = _opened(buffer)
        while inside:
            buffer = buffer.lstrip(_BETWEEN)
            if buffer.startswith("]"):
                return
            found = _first(decoder, buffer)
            if found is None:
                break
            value, end = found
            if isinstance(value, dict):
                yield value
            buffer = buffer[end:]
    raise RefusedError(Why.DAMAGED)  # the list never ended


def _texts(pieces: Iterable[bytes]) -> Iterator[str]:
    decode = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        yield decode.decode(piece)


def _opened(buffer: str) -> tuple[bool, str]:
    """Is the list open, and what follows?"""
    head, bracket, rest = buffer.partition("[")
    if len(head) > _LONGEST_HEAD:
        raise RefusedError(Why.DAMAGED)
    return bool(bracket), rest if bracket else buffer


def _first(decoder: json.JSONDecoder, buffer: str) -> tuple[object, int] | None:
    """The first value and where it ends; None where more text is needed."""
    try:
        return decoder.raw_decode(buffer)
    except json.JSONDecodeError:
        if len(buffer) > LONGEST_OBJECT:
            raise RefusedError(Why.DAMAGED) from None
        return None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets without end
        raise RefusedError(Why.DAMAGED) from None


def _refuse(constant: str) -> object:
    raise ValueError(constant)
