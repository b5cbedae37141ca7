"""Reads the texts of a spreadsheet (Office Open XML, `.xlsx`) that may be hostile: small, without any DTD.

An XML bomb needs a document type with entities; a file that declares one is refused before anything of it is read.
Source of the format: ECMA-376, part 1, sections 18.2 to 18.4.
"""

import re
from collections.abc import Callable
from xml.parsers import expat

from workers.archives.found import RefusedError, Why
from workers.archives.packed import Packed

BOOK = "xl/workbook.xml"
_MOST_BYTES = 20_000_000
_MOST_SHEETS = 20
_MOST_ROWS = 10_000
_MOST_COLUMNS = 30
_MOST_TEXTS = 200_000
_LONGEST = 2_000
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_LETTERS = 26

Start = Callable[[str, dict[str, str]], None]


def sheets(packed: Packed) -> list[list[list[str]]]:
    """Each sheet as rows of texts; empty cells are empty texts. Raises RefusedError."""
    texts = _shared(packed)
    found = []
    for name in packed.names(r"xl/worksheets/sheet[0-9]{1,3}\.xml")[:_MOST_SHEETS]:
        reader = _Rows(texts)
        _parse(packed.whole(name, _MOST_BYTES), reader.start, reader.end, reader.text)
        found.append(reader.rows)
    return found


def _shared(packed: Packed) -> list[str]:
    reader = _Texts()
    for name in packed.names(r"xl/sharedStrings\.xml"):
        _parse(packed.whole(name, _MOST_BYTES), reader.start, reader.end, reader.text)
    return reader.texts


def _parse(document: bytes, start: Start, end: Callable[[str], None], text: Callable[[str], None]) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    parser.buffer_text = True
    try:
        parser.Parse(document, True)  # noqa: FBT003 - expat takes it by position
    except expat.ExpatError:
        raise RefusedError(Why.DAMAGED) from None


def _refuse(*_declared: object) -> None:
    raise RefusedError(Why.DAMAGED)


class _Texts:
    """The table of shared texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts: list[str] | None = None

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            self.texts.append("")
            if len(self.texts) > _MOST_TEXTS:
                raise RefusedError(Why.TOO_LARGE)
        self._parts = [] if name == "t" else self._parts

    def text(self, data: str) -> None:
        if self._parts is not None:
            self._parts.append(data)

    def end(self, name: str) -> None:
        if name == "t" and self._parts is not None and self.texts:
            self.texts[-1] = (self.texts[-1] + "".join(self._parts))[:_LONGEST]
            self._parts = None


class _Rows:
    """The rows of one sheet."""

    def __init__(self, shared: list[str]) -> None:
        self.rows: list[list[str]] = []
        self._shared = shared
        self._row: list[str] = []
        self._column = 0
        self._kind = ""
        self._parts: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = []
        elif name == "c":
            self._column = _column(attributes.get("r", ""), len(self._row))
            self._kind = attributes.get("t", "")
        elif name in ("v", "t"):
            self._parts = []

    def text(self, data: str) -> None:
        if self._parts is not None:
            self._parts.append(data)

    def end(self, name: str) -> None:
        if name in ("v", "t") and self._parts is not None:
            self._put("".join(self._parts)[:_LONGEST])
            self._parts = None
        elif name == "row":
            self.rows.append(self._row)
            if len(self.rows) > _MOST_ROWS:
                raise RefusedError(Why.TOO_LARGE)

    def _put(self, said: str) -> None:
        if self._column >= _MOST_COLUMNS:
            return
        self._row += [""] * (self._column + 1 - len(self._row))
        self._row[self._column] = self._value(said)

    def _value(self, said: str) -> str:
        if self._kind != "s":
            return said
        number = int(said) if said.isascii() and said.isdecimal() and len(said) < len(str(_MOST_TEXTS)) + 1 else -1
        return self._shared[number] if 0 <= number < len(self._shared) else ""


def _column(place: str, following: int) -> int:
    """The number of a cell's column (from 0) by its place such as `B7`; without one it follows the last."""
    found = _CELL.fullmatch(place)
    if found is None:
        return following
    number = 0
    for letter in found[1]:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1
