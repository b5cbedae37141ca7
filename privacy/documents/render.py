"""Writes a document as Markdown, as an HTML page that stands by itself, or as JSON."""

import json
from html import escape

from privacy.documents.law import pieces
from privacy.documents.page import Document, Grid, Heading, Part, Points, Text

_STYLE = (
    "body{font:11pt/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;"
    "background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.85em}"
    "th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}"
    "caption{text-align:left;font-weight:bold;padding:.3rem 0}a{color:#0b4f8a}thead{display:table-header-group}"
    "tr{break-inside:avoid}@page{margin:18mm}"
)


def as_markdown(document: Document) -> str:
    """Markdown, laws linked."""
    blocks = [f"# {document.title}", f"{document.made_on.isoformat()}", *map(_markdown, document.parts)]
    return "\n\n".join(blocks) + "\n"


def _markdown(part: Part) -> str:
    if isinstance(part, Heading):
        return f"{'#' * part.level} {part.text}"
    if isinstance(part, Text):
        return _linked(part.text)
    if isinstance(part, Points):
        return "\n".join(f"- {_linked(item)}" for item in part.items)
    rows = [part.columns, tuple("---" for _ in part.columns), *part.rows]
    table = "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)
    return f"**{part.caption}**\n\n{table}"


def _cell(text: str) -> str:
    return _linked(text).replace("|", "\\|").replace("\n", " ")


def _linked(text: str) -> str:
    return "".join(f"[{words}]({address})" if address else words for words, address in pieces(text))


def as_html(document: Document) -> str:
    """One HTML file without anything from elsewhere; prints well."""
    body = "\n".join(map(_html, document.parts))
    title = escape(document.title)
    return (
        f'<!doctype html>\n<html lang="{document.language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n"
        f'<p><time datetime="{document.made_on.isoformat()}">{document.made_on.isoformat()}</time></p>\n'
        f"{body}\n</body></html>\n"
    )


def _html(part: Part) -> str:
    if isinstance(part, Heading):
        return f"<h{part.level}>{escape(part.text)}</h{part.level}>"
    if isinstance(part, Text):
        return f"<p>{_anchored(part.text)}</p>"
    if isinstance(part, Points):
        return f"<ul>{''.join(f'<li>{_anchored(item)}</li>' for item in part.items)}</ul>"
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in part.columns)
    rows = "".join(_row(row) for row in part.rows)
    caption = escape(part.caption)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(cells: tuple[str, ...]) -> str:
    rest = "".join(f"<td>{_anchored(cell)}</td>" for cell in cells[1:])
    return f'<tr><th scope="row">{_anchored(cells[0])}</th>{rest}</tr>'


def _anchored(text: str) -> str:
    return "".join(
        f'<a href="{escape(address)}">{escape(words)}</a>' if address else escape(words)
        for words, address in pieces(text)
    )


def as_json(document: Document) -> str:
    """The same parts for programs; a table is a list of objects by heading."""
    said = {
        "document": document.name,
        "title": document.title,
        "language": document.language,
        "made_on": document.made_on.isoformat(),
        "parts": [_plain(part) for part in document.parts],
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def _plain(part: Part) -> dict[str, object]:
    if isinstance(part, Grid):
        return {"table": part.caption, "rows": [dict(zip(part.columns, row, strict=True)) for row in part.rows]}
    if isinstance(part, Points):
        return {"list": list(part.items)}
    return {"heading": part.text, "level": part.level} if isinstance(part, Heading) else {"text": part.text}
