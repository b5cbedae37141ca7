"""The export as files (Art. 15, 20): everything about a person, to be read by them and by other programs.

A data kind is written row by row into `json/`, `csv/` and its part of the page to read; afterwards everything is packed
into one ZIP or several, each with the same manifest. Nothing here needs more room than a piece of it.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256
from html import escape
from typing import Any, BinaryIO

FORMAT = "klarwert-export/1"
MANIFEST = "manifest.json"
#: A page with more rows than this of one kind would not open on a phone; the files beside it have them all.
ROWS_TO_READ = 1000
#: A file with more rows than this would be too much for most programs: the rest goes into the next one.
ROWS_A_FILE = 200_000
#: Bytes (before packing) from which on the next ZIP begins.
BYTES_A_PART = 1_000_000_000
_LINES = 500
_encode = json.JSONEncoder(ensure_ascii=False).encode
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto;font-size:.9rem}"
    "td,th{border-bottom:1px solid #8888;padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}"
    "td{max-width:30rem;overflow-wrap:anywhere;white-space:pre-wrap}h2{margin-top:2.5rem}"
)

Create = Callable[[str], AbstractContextManager[Any]]
"""Opens a file by its name for writing bytes."""
Read = Callable[[str], Iterable[bytes]]
"""The bytes of a file, some at a time."""


@dataclass(frozen=True)
class KindWords:
    """What a kind of data is called, and what it is, in one sentence."""

    title: str
    meaning: str


@dataclass(frozen=True)
class Words:
    """All texts of the page to read, in the language of the person. `%(…)s` marks what is filled in."""

    language: str
    title: str
    made: str
    """With `%(time)s`."""
    contents: str
    """Heading of the list of kinds."""
    files: str
    """What the other files in the archive are."""
    nothing: str
    """Of a kind that there is nothing of."""
    more: str
    """Where only the first rows are on the page: with `%(shown)s`, `%(all)s` and `%(file)s`."""
    yes: str
    no: str
    kinds: Mapping[str, KindWords]
    """By data kind, in the order of the page; what is not in it comes last under its own name."""
    columns: Mapping[str, str]
    """By name of the column."""
    values: Mapping[str, Mapping[str, str]]
    """By name of the column, what its code words mean."""

    def kind(self, name: str) -> KindWords:
        """The words for a data kind."""
        return self.kinds.get(name, KindWords(name, ""))

    def ordered(self, kinds: Iterable[str]) -> list[str]:
        """Data kinds in the order of the page."""
        there = set(kinds)
        return [*(kind for kind in self.kinds if kind in there), *sorted(there - set(self.kinds))]


@dataclass(frozen=True)
class Member:
    """One file of an export."""

    name: str
    sha256: str
    size: int
    """Bytes."""
    rows: int | None = None
    """Where it is a list."""


@dataclass(frozen=True)
class Written:
    """What was written of one data kind."""

    kind: str
    rows: int
    members: list[Member]


class _Counting:
    """Passes bytes on and knows their number and checksum."""

    def __init__(self, name: str, target: BinaryIO) -> None:
        self._name, self._target, self._hash, self._size = name, target, sha256(), 0

    def text(self, text: str) -> None:
        data = text.encode()
        self._hash.update(data)
        self._size += len(data)
        self._target.write(data)

    def member(self, rows: int | None = None) -> Member:
        return Member(self._name, self._hash.hexdigest(), self._size, rows)


def slug(kind: str) -> str:
    """A data kind as part of a file's name."""
    return kind.replace(" ", "-")


def page_part(kind: str) -> str:
    """Where the part of the page about a data kind waits until the page is made."""
    return f"page/{slug(kind)}.html"


def write_file(create: Create, name: str, content: bytes) -> Member:
    """Writes one whole file."""
    with create(name) as target:
        target.write(content)
    return Member(name, sha256(content).hexdigest(), len(content))


def write_kind(create: Create, kind: str, rows: Iterable[Mapping[str, Any]], words: Words) -> Written:
    """Writes all rows of a data kind: JSON, CSV, and the first ones for the page to read."""
    source, members, first = iter(rows), [], list[dict[str, Any]]()
    count = number = 0
    while True:
        number += 1
        part = [dict(row) for row in _take(source, 1)]
        if not part and number > 1:
            break
        ends = f"-{number}" if number > 1 else ""
        names = [f"json/{slug(kind)}{ends}.json", *([f"csv/{slug(kind)}{ends}.csv"] if part else [])]
        written = _write_lists(create, names, _chain(part, _take(source, ROWS_A_FILE - 1)), first)
        members += written
        count += written[0].rows or 0
        if not part:
            break
    with create(page_part(kind)) as target:
        target.write(_part(kind, count, first, words).encode())
    return Written(kind, count, members)


def _chain(part: list[dict[str, Any]], rest: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    yield from part
    yield from rest


def _take(source: Iterator[Mapping[str, Any]], number: int) -> Iterator[Mapping[str, Any]]:
    for _ in range(number):
        try:
            yield next(source)
        except StopIteration:
            return


def _write_lists(
    create: Create, names: list[str], rows: Iterator[Mapping[str, Any]], first: list[dict[str, Any]]
) -> list[Member]:
    """One JSON file and (where there are rows) one CSV file of the same rows; `first` gets those for the page."""
    with ExitStack() as stack:
        files = [_Counting(name, stack.enter_context(create(name))) for name in names]
        objects, lines, table, count = list[str](), io.StringIO(), None, 0
        for row in rows:
            if table is None and len(files) > 1:
                table = csv.DictWriter(lines, fieldnames=list(row))
                table.writeheader()
            plain = {name: _plain(value) for name, value in row.items()}
            objects.append(_encode(plain))
            if table is not None:
                table.writerow({name: _cell(value) for name, value in plain.items()})
            if len(first) < ROWS_TO_READ:
                first.append(plain)
            count += 1
            if len(objects) == _LINES:
                _flush(files, objects, lines, count)
        _flush(files, objects, lines, count)
        files[0].text("\n]\n" if count else "[]\n")
    return [file.member(count) for file in files]


def _flush(files: list[_Counting], objects: list[str], lines: io.StringIO, count: int) -> None:
    if objects:
        files[0].text(("[\n" if count == len(objects) else ",\n") + ",\n".join(objects))
        objects.clear()
    if len(files) > 1:
        files[1].text(lines.getvalue())
        lines.seek(0)
        lines.truncate()


def write_page(create: Create, read: Read, written: Sequence[Written], words: Words, made_at: datetime) -> Member:
    """The page to read, put together from the parts that `write_kind` left."""
    by_kind = {one.kind: one for one in written}
    kinds = words.ordered(by_kind)
    with create("index.html") as target:
        file = _Counting("index.html", target)
        file.text(_head(kinds, by_kind, words, made_at))
        for kind in kinds:
            for piece in read(page_part(kind)):
                file.text(piece.decode())
        file.text("</html>")
    return file.member()


def parts(members: Sequence[Member], limit: int = BYTES_A_PART) -> list[list[Member]]:
    """Which file goes into which ZIP: in order, a new one where the limit (bytes) would be passed."""
    packed: list[list[Member]] = [[]]
    for member in members:
        if packed[-1] and sum(one.size for one in packed[-1]) + member.size > limit:
            packed.append([])
        packed[-1].append(member)
    return packed


def manifest(written: Sequence[Written], packed: Sequence[Sequence[Member]], made_at: datetime) -> bytes:
    """What has to be there: rows of each data kind, and each file with checksum and the ZIP that it lies in (R26)."""
    said = {
        "format": FORMAT,
        "made_at": made_at.isoformat(),
        "parts": len(packed),
        "rows": {one.kind: one.rows for one in written},
        "files": {
            member.name: {"part": number, **{name: value for name, value in asdict(member).items() if name != "name"}}
            for number, part in enumerate(packed, 1)
            for member in part
        },
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def pack(target: BinaryIO, read: Read, members: Iterable[Member], about: bytes, made_at: datetime) -> None:
    """Writes one ZIP with the manifest first. The same files at the same time give the same bytes."""
    with zipfile.ZipFile(target, "w") as packed:
        with packed.open(_entry(MANIFEST, made_at), "w") as inside:
            inside.write(about)
        for member in members:
            with packed.open(_entry(member.name, made_at), "w", force_zip64=True) as inside:
                for piece in read(member.name):
                    inside.write(piece)


def _entry(name: str, made_at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
    entry.external_attr = 0o600 << 16  # where it is unpacked, only its owner reads it
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _cell(value: object) -> object:
    """A spreadsheet takes a text that begins with one of these for a formula: a quote in front keeps it a text."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _head(kinds: Sequence[str], written: Mapping[str, Written], words: Words, made_at: datetime) -> str:
    title = escape(words.title)
    made = escape(words.made % {"time": f"{made_at:%Y-%m-%d %H:%M} UTC"})
    links = "".join(
        f'<li><a href="#{slug(kind)}">{escape(words.kind(kind).title)}</a> ({written[kind].rows})</li>'
        for kind in kinds
    )
    return (
        f'<!doctype html><html lang="{escape(words.language)}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>{made}</p><p>{escape(words.files)}</p>"
        f"<h2>{escape(words.contents)}</h2><ul>{links}</ul>"
    )


def _part(kind: str, count: int, rows: list[dict[str, Any]], words: Words) -> str:
    said = words.kind(kind)
    head = f'<h2 id="{slug(kind)}">{escape(said.title)} ({count})</h2><p>{escape(said.meaning)}</p>'
    if not rows:
        return f"{head}<p>{escape(words.nothing)}</p>"
    if count <= len(rows):
        return head + _table(rows, words)
    more = words.more % {"shown": len(rows), "all": count, "file": f"csv/{slug(kind)}.csv"}
    return f"{head}<p>{escape(more)}</p>{_table(rows, words)}"


def _table(rows: list[dict[str, Any]], words: Words) -> str:
    head = "".join(f'<th scope="col">{escape(words.columns.get(name, name))}</th>' for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_text(name, value, words))}</td>" for name, value in row.items()) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(name: str, value: object, words: Words) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return words.yes if value else words.no
    meanings = words.values.get(name, {})
    if isinstance(value, dict):
        return "\n".join(f"{meanings.get(part, part)}: {points}" for part, points in value.items())
    return meanings.get(value, value) if isinstance(value, str) else str(value)
