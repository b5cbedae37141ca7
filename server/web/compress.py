"""Sends texts compressed to whoever takes them so: pages are small on a slow line."""

import gzip
from functools import lru_cache

from flask import Response, request

#: Below this many bytes the envelope costs more than it saves.
_LEAST = 600
_TEXTS = ("text/", "application/json", "application/javascript", "image/svg+xml")


def compress(response: Response) -> Response:
    """The same answer, its body gzipped where that is agreed; a file that is streamed stays as it is.

    Compressed answers to a stranger's guesses could give a secret on the page away (BREACH); the cookies are
    `SameSite=Lax`, so no other site can have such answers made.
    """
    if not (response.mimetype or "").startswith(_TEXTS) or response.status_code != 200:  # noqa: PLR2004
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip") or response.content_encoding:
        return response
    if request.endpoint == "static":
        response.direct_passthrough = False
    elif response.is_streamed:
        return response
    body = response.get_data()
    if len(body) >= _LEAST:
        response.set_data(_once(body) if request.endpoint == "static" else gzip.compress(body, 6, mtime=0))
        response.content_encoding = "gzip"
        tag, _ = response.get_etag()
        if tag is not None:
            response.set_etag(tag, weak=True)
    return response


@lru_cache(64)
def _once(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)
