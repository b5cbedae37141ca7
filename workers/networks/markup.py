"""Turns the HTML that people write on networks into plain text and the links in it; never fails on bad HTML."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from workers.networks import untrusted

_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_BREAKS = frozenset({"br", "p", "div", "li"})
_UNSEEN = frozenset({"script", "style"})


@dataclass(frozen=True)
class Link:
    """A link in a text: where it leads, and what it says of that (`rel`, in lower case)."""

    href: str
    rel: frozenset[str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[Link] = []
        self._unseen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen = self._unseen or tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")
        found = {name: value or "" for name, value in attrs}
        if tag in ("a", "link") and found.get("href"):
            self.links.append(Link(found["href"], frozenset(found.get("rel", "").lower().split())))

    def handle_endtag(self, tag: str) -> None:
        self._unseen = self._unseen and tag not in _UNSEEN

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def read_html(html: object) -> tuple[str, list[Link]]:
    """The text without tags, lines trimmed, and the links. What is no text, or beyond repair, is empty."""
    reader = _Reader()
    try:
        reader.feed(untrusted.text(html))
        reader.close()
    except AssertionError:
        # How html.parser ends on some malformed declarations.
        return "", []
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line), reader.links


def addresses_in(text: str) -> list[str]:
    """The web addresses that stand in a plain text, without the signs that end a sentence."""
    return [found.rstrip(".,;:!?") for found in _URL.findall(text)]
