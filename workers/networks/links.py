"""Pages that follow one another by the `Link` header (RFC 8288); a cursor is the query of the next page."""

import httpx

from workers.networks.client import Answer, Params


def next_query(answer: Answer, rel: str = "next") -> str | None:
    """The query of the page that an answer names. Its host is ignored: only who was asked is asked again."""
    links = httpx.Response(200, headers={"link": answer.headers.get("link", "")}).links
    url = links.get(rel, {}).get("url")
    try:
        return None if url is None else httpx.URL(url).query.decode("ascii")
    except (httpx.InvalidURL, UnicodeError):
        return None


def params_of(cursor: str | None) -> Params:
    """The parameters in a cursor; none for None."""
    return dict(httpx.QueryParams(cursor)) if cursor else {}
