"""A mail's text as HTML: the same words, paragraphs and links; nothing is loaded, so opening it tells nobody."""

import re
from html import escape

_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)]")
_FRAME = (
    '<!doctype html>\n<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    '<title>{title}</title></head>\n<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">'
    '<div style="max-width:36em;margin:0 auto">\n<h1 style="font-size:22px;line-height:1.3">{title}</h1>\n{body}\n'
    "</div></body></html>\n"
)
_SIGNATURE = "-- "


def as_html(title: str, body: str) -> str:
    """The HTML twin of a plain text whose paragraphs are parted by empty lines; what follows `-- ` is smaller."""
    said, _, signature = body.partition(f"\n{_SIGNATURE}\n")
    parts = [f"<p>{_marked(one)}</p>" for one in re.split(r"\n\s*\n", said.strip()) if one]
    if signature.strip():
        parts.append(f'<hr>\n<p style="font-size:14px">{_marked(signature.strip())}</p>')
    return _FRAME.format(title=escape(title), body="\n".join(parts))


def _marked(text: str) -> str:
    """One paragraph, its addresses as links with themselves as text."""
    parts, end = [], 0
    for link in _LINK.finditer(text):
        address = escape(link[0])
        parts += [escape(text[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    return "".join([*parts, escape(text[end:])]).replace("\n", "<br>\n")
