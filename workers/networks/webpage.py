"""Reads web pages: what they say of themselves and where their elements lead; never fails on bad HTML."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from workers.networks import untrusted
from workers.networks.client import Document

_LONGEST = 2_000_000
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9_-]{2,30})")
_LEADING = ("href", "src", "cite", "data")


@dataclass(frozen=True)
class Target:
    """Where an element leads: the absolute address, and what the element says of that, in lower case."""

    address: str
    rel: frozenset[str]
    type: str


@dataclass(frozen=True)
class WebPage:
    """What a page holds: texts of `<meta name=…>` by name in lower case, and where its elements lead, in order."""

    metas: dict[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()

    def named(self, rel: str) -> tuple[str, ...]:
        """Addresses that the page names by a relation, each once."""
        return tuple(dict.fromkeys(target.address for target in self.targets if rel in target.rel))


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.metas: dict[str, str] = {}
        self.targets: list[Target] = []
        self._base = address

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "base" and found.get("href"):
            self._base = _joined(self._base, found["href"])
        elif tag == "meta" and found.get("name"):
            self.metas.setdefault(found["name"].lower(), untrusted.text(found.get("content", ""), 2000))
        else:
            rel, kind = frozenset(found.get("rel", "").lower().split()), found.get("type", "").lower()
            leading = [_joined(self._base, found[name]) for name in _LEADING if found.get(name)]
            self.targets += [Target(address, rel, kind) for address in leading if address]


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return ""


def read_page(document: Document) -> WebPage:
    """The page in an answer; empty for what is beyond repair."""
    reader = _Reader(document.address)
    try:
        reader.feed(decoded(document)[:_LONGEST])
        reader.close()
    except AssertionError:
        # How html.parser ends on some malformed declarations.
        return WebPage()
    return WebPage(reader.metas, tuple(reader.targets))


def decoded(document: Document) -> str:
    """The text of an answer by the encoding it names, or UTF-8; what does not fit is replaced."""
    named = _CHARSET.search(document.headers.get("content-type", ""))
    try:
        text = document.body.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        text = document.body.decode("utf-8", "replace")
    return text.replace("\x00", "")


def content_type(document: Document) -> str:
    """The media type of an answer, without parameters, in lower case."""
    return document.headers.get("content-type", "").partition(";")[0].strip().lower()
