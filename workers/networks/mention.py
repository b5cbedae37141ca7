"""Verifies a webmention: does the source really link to the target, and as what?

Source: W3C Recommendation Webmention, 3.2.2 to 3.2.4; microformats.org/wiki/h-entry for kinds. Of the source only the
kind, the host and the day leave this module.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx
import mf2py

from workers.networks import untrusted
from workers.networks.client import Client, Document
from workers.networks.failure import Failure, Reason
from workers.networks.guard import parsed
from workers.networks.webpage import content_type, decoded, read_page

_ACCEPT = "text/html, application/xhtml+xml;q=0.9, application/json;q=0.8, text/plain;q=0.7, */*;q=0.1"
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_KINDS = {"like-of": "like", "repost-of": "repost", "in-reply-to": "reply", "quotation-of": "quote"}
#: Answers after which the source is nothing that everybody can read.
_NOT_THERE = frozenset({401, 402, 403, 404, 407, 410, 451})
_DEEPEST = 20


@dataclass(frozen=True)
class Mention:
    """What a source says about a target. `host` is who says it; `moment` is when, if it tells."""

    kind: str
    host: str = field(repr=False)
    moment: datetime | None


def read_mention(client: Client, source: str, target: str) -> Mention | None:
    """The mention at an address; None where it is gone, closed, has no link to the target, or wants no reader.

    Raises Failure where the source could not be asked now, or may not be.
    """
    document = client.get_document(source, _ACCEPT)
    if document.status in _NOT_THERE:
        return None
    if document.status != HTTPStatus.OK:
        raise Failure(Reason.NOT_UNDERSTOOD)
    address = parsed(document.address)
    host = address.netloc.decode("ascii")
    if content_type(document) in _HTML:
        return _in_page(document, host, target)
    there = _in_json(document, target) if content_type(document).endswith("json") else _in_text(document, target)
    return Mention("link", host, None) if there and not _wants_no_reader(document, "") else None


def _in_page(document: Document, host: str, target: str) -> Mention | None:
    page = read_page(document)
    links = any(_same(each.address, target) for each in page.targets)
    if not links or _wants_no_reader(document, page.metas.get("robots", "")):
        return None
    entries = list(_entries(document))
    kinds = [kind for entry in entries for name, kind in _KINDS.items() if _names(entry.get(name), target)]
    dates = [text for entry in entries for text in entry.get("published", []) if isinstance(text, str)]
    return Mention(kinds[0] if kinds else "link", host, untrusted.moment(dates[0]) if dates else None)


def _wants_no_reader(document: Document, robots: str) -> bool:
    """Whether a page asks not to be indexed, by a `<meta>` or by a header."""
    said = f"{robots},{document.headers.get('x-robots-tag', '')}".lower()
    return not {"noindex", "none"}.isdisjoint(said.replace(",", " ").split())


def _in_json(document: Document, target: str) -> bool:
    try:
        return _holds(json.loads(decoded(document)), target, _DEEPEST)
    except (ValueError, RecursionError):
        return False


def _holds(value: object, target: str, depth: int) -> bool:
    if isinstance(value, dict | list) and depth:
        inner = value.values() if isinstance(value, dict) else value
        return any(_holds(each, target, depth - 1) for each in inner)
    return value == target


def _in_text(document: Document, target: str) -> bool:
    return content_type(document).startswith("text/") and target in decoded(document).split()


def _entries(document: Document) -> Iterator[dict[str, Any]]:
    """The properties of all entries of a page, outer ones first."""
    try:
        read = mf2py.Parser(doc=decoded(document), url=document.address, html_parser="html.parser").to_dict()
    except Exception:  # The library promises no kind of error, and a page may be anything.
        return
    waiting = list(read.get("items", []))
    while waiting:
        item = waiting.pop(0)
        if "h-entry" in item.get("type", []):
            yield item.get("properties", {})
        waiting += item.get("children", [])


def _names(values: Any, target: str) -> bool:
    """Whether a property names the target: as an address, or as a citation of it."""
    for value in values or []:
        if isinstance(value, dict):
            known = [value.get("value"), *value.get("properties", {}).get("url", [])]
        else:
            known = [value]
        if any(isinstance(each, str) and _same(each, target) for each in known):
            return True
    return False


def _same(address: str, target: str) -> bool:
    """Whether two addresses are the same one; a fragment is a place on it."""
    try:
        return _plain(parsed(address)) == _plain(parsed(target))
    except Failure:
        return False


def _plain(url: httpx.URL) -> str:
    return str(url.copy_with(fragment=None))
