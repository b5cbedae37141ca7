"""How a list or a feed looked when it was read, so that its server can say that nothing has changed (RFC 9110, 13).

A mark is what the server itself gave: an `ETag`, or else the `Last-Modified`. What has not changed is not read again.
"""

from collections.abc import Mapping

_MOST = 500
_LONGEST = 200


class Unchanged(Exception):  # noqa: N818 - no error: it ends the reading of one list
    """The server says that a list is what it was when it was read last."""


class Marks:
    """The marks of one account: those that the last reading left, and those for the next one."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})
        self.noted: dict[str, str] = {}

    def known(self, name: str) -> str:
        """The mark of a list; empty where there is none."""
        return self._known.get(name, "")

    def note(self, name: str, headers: Mapping[str, str]) -> None:
        """Notes a list that was read as a whole; one without a usable mark is read again next time."""
        mark = headers.get("etag") or headers.get("last-modified") or ""
        usable = 0 < len(mark) <= _LONGEST and mark.isascii() and mark.isprintable()
        if usable and len(self.noted) < _MOST:
            self.noted[name] = mark

    def keep(self, name: str) -> None:
        """Notes that a list has not changed."""
        if name in self._known:
            self.noted[name] = self._known[name]


def asked_with(mark: str) -> dict[str, str]:
    """The header of a request that wants an answer only if something has changed."""
    if not mark:
        return {}
    return {"If-None-Match" if mark.endswith('"') else "If-Modified-Since": mark}
