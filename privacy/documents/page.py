"""A document as a list of parts, read from a text with `#` headings, `-` lists, paragraphs and `@` for a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Heading:
    """A heading below the title; `level` is 2 or 3."""

    level: int
    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Points:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table: its name, the headings of its columns, rows of cells; the first cell heads its row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Part = Heading | Text | Points | Grid
Tables = Callable[[str], Sequence[Part]]
"""Gives the parts that stand for `@name`. Raises `KeyError` for a name that nobody knows."""


@dataclass(frozen=True)
class Document:
    """One document in one language, as of one day."""

    name: str
    title: str
    language: str
    made_on: date
    parts: tuple[Part, ...] = field(repr=False)


def parts(text: str, tables: Tables) -> Iterator[Part]:
    """The parts of a text without its title."""
    for block in text.split("\n\n"):
        lines = [line.strip() for line in block.strip().splitlines()]
        if not lines:
            continue
        if lines[0].startswith("#"):
            marks, _, words = " ".join(lines).partition(" ")
            yield Heading(len(marks), words)
        elif lines[0].startswith("@"):
            yield from tables(lines[0][1:])
        elif lines[0].startswith("- "):
            yield Points(tuple(_items(lines)))
        else:
            yield Text(" ".join(lines))


def _items(lines: Sequence[str]) -> Iterator[str]:
    item = ""
    for line in lines:
        if line.startswith("- ") and item:
            yield item
            item = line[2:]
        else:
            item = f"{item} {line}".strip().removeprefix("- ")
    yield item


def titled(text: str) -> tuple[str, str]:
    """The title (first line, `# …`) and the rest. Raises `ValueError` for a text without a title."""
    first, _, rest = text.strip().partition("\n")
    if not first.startswith("# "):
        raise ValueError("a document begins with its title")
    return first[2:].strip(), rest
