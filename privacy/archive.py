"""The export as a file (Art. 15, 20): everything about a person in one ZIP, for reading and for other programs."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from html import escape
from typing import Any

Rows = Sequence[Mapping[str, Any]]

FORMAT = "klarwert-export/1"
#: A page with more rows than this of one kind would not open on a phone; the files beside it have them all.
ROWS_TO_READ = 1000
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto;font-size:.9rem}"
    "td,th{border-bottom:1px solid #8888;padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}"
    "td{max-width:30rem;overflow-wrap:anywhere;white-space:pre-wrap}h2{margin-top:2.5rem}"
)


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

    def kind(self, name: str) -> KindWords:
        """The words for a data kind."""
        return self.kinds.get(name, KindWords(name, ""))


def archive(held: Mapping[str, Rows], words: Words, made_at: datetime, extra: Mapping[str, bytes]) -> bytes:
    """The ZIP: `index.html`, `data.json`, a CSV for each data kind, `extra` files, and `manifest.json` with SHA-256.

    The manifest counts the rows of each data kind, so that nothing can be left out in silence (R26). The same data at
    the same time gives the same bytes.
    """
    kinds = {kind: [_plain(row) for row in held[kind]] for kind in _ordered(held, words)}
    files = {
        "index.html": _page(kinds, words, made_at).encode(),
        "data.json": _json({"format": FORMAT, "made_at": made_at.isoformat(), "kinds": kinds}),
        **{_csv_name(kind): _csv(rows).encode() for kind, rows in kinds.items() if rows},
        **extra,
    }
    manifest = {
        "format": FORMAT,
        "made_at": made_at.isoformat(),
        "rows": {kind: len(rows) for kind, rows in kinds.items()},
        "sha256": {name: sha256(content).hexdigest() for name, content in files.items()},
    }
    return _zip({**files, "manifest.json": _json(manifest)}, made_at)


def _zip(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
            entry.external_attr = 0o600 << 16  # where it is unpacked, only its owner reads it
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _ordered(held: Mapping[str, Rows], words: Words) -> list[str]:
    return [*(kind for kind in words.kinds if kind in held), *sorted(set(held) - set(words.kinds))]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _csv_name(kind: str) -> str:
    return f"csv/{kind.replace(' ', '-')}.csv"


def _csv(rows: list[dict[str, Any]]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return target.getvalue()


def _cell(value: object) -> object:
    """A spreadsheet takes a text that begins with one of these for a formula: a quote in front keeps it a text."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _page(kinds: Mapping[str, list[dict[str, Any]]], words: Words, made_at: datetime) -> str:
    title = escape(words.title)
    made = escape(words.made % {"time": f"{made_at:%Y-%m-%d %H:%M} UTC"})
    links = "".join(
        f'<li><a href="#k{number}">{escape(words.kind(kind).title)}</a> ({len(rows)})</li>'
        for number, (kind, rows) in enumerate(kinds.items())
    )
    parts = "".join(_part(number, kind, rows, words) for number, (kind, rows) in enumerate(kinds.items()))
    return (
        f'<!doctype html><html lang="{escape(words.language)}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>{made}</p><p>{escape(words.files)}</p>"
        f"<h2>{escape(words.contents)}</h2><ul>{links}</ul>{parts}</html>"
    )


def _part(number: int, kind: str, rows: list[dict[str, Any]], words: Words) -> str:
    said = words.kind(kind)
    head = f'<h2 id="k{number}">{escape(said.title)} ({len(rows)})</h2><p>{escape(said.meaning)}</p>'
    if not rows:
        return f"{head}<p>{escape(words.nothing)}</p>"
    if len(rows) <= ROWS_TO_READ:
        return head + _table(rows, words)
    more = words.more % {"shown": ROWS_TO_READ, "all": len(rows), "file": _csv_name(kind)}
    return f"{head}<p>{escape(more)}</p>{_table(rows[:ROWS_TO_READ], words)}"


def _table(rows: list[dict[str, Any]], words: Words) -> str:
    head = "".join(f'<th scope="col">{escape(words.columns.get(name, name))}</th>' for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_text(value, words))}</td>" for value in row.values()) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: object, words: Words) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return words.yes if value else words.no
    if isinstance(value, dict):
        return "\n".join(f"{name}: {part}" for name, part in value.items())
    return str(value)
