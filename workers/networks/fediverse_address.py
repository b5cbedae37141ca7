"""Reads what people type for an account on a server that somebody runs, and finds the server behind a domain."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.guard import parsed

_HANDLE = re.compile(r"@?(?P<name>[\w.-]{1,64})@(?P<host>[^\s@/?#\\]{1,260})\Z")
# /@mira, /@mira@elsewhere.test (a remote view), /users/mira, and Pixelfed's /mira
_PATH = re.compile(r"/(?:@|users/)?(?P<name>[A-Za-z0-9_.-]{1,64})(?:@(?P<host>[^\s@/]{1,260}))?/?\Z")
_HOST = re.compile(r"[a-z0-9.-]{1,253}(?::[0-9]{1,5})?\Z")
_LONGEST = 400


@dataclass(frozen=True)
class Named:
    """An account by name and host (with a port where one was typed), both in lower case ASCII."""

    name: str
    host: str


def named(address: str, page: re.Pattern[str] = _PATH) -> Named:
    """The account that a person typed. Raises Failure(BAD_ADDRESS) for what names none.

    `page` is what the path of a profile looks like, with groups `name` and (for a view from elsewhere) `host`.
    """
    typed = address.strip()
    if len(typed) > _LONGEST:
        raise Failure(Reason.BAD_ADDRESS)
    if typed.startswith(("https://", "http://")):
        return _from_page(typed, page)
    match = _HANDLE.match(typed)
    if not match or not match["name"].isascii():
        raise Failure(Reason.BAD_ADDRESS)
    return Named(match["name"].lower(), ascii_host(match["host"]))


def _from_page(typed: str, page: re.Pattern[str]) -> Named:
    try:
        url = parsed(typed)
    except Failure:
        raise Failure(Reason.BAD_ADDRESS) from None
    match = page.match(url.path)
    if not match or url.userinfo or url.query:
        raise Failure(Reason.BAD_ADDRESS)
    host = match["host"] or url.netloc.decode("ascii")
    return Named(match["name"].lower(), ascii_host(host))


def ascii_host(host: str) -> str:
    """A host (and port) as it is asked for: lower case, ASCII. Raises Failure(BAD_ADDRESS) for what is none."""
    try:
        found = parsed(f"https://{host}").netloc.decode("ascii").lower()
    except Failure:
        raise Failure(Reason.BAD_ADDRESS) from None
    if not _HOST.match(found):
        raise Failure(Reason.BAD_ADDRESS)
    return found


def home_of(client: Client, who: Named) -> str | None:
    """The other host on which an account lives, by WebFinger (RFC 7033) at its own domain; None if there is none."""
    resource = {"resource": f"acct:{who.name}@{who.host}"}
    try:
        answer = client.get_json(f"{client.origin(who.host)}/.well-known/webfinger", resource)
    except Failure as failure:
        if failure.reason == Reason.NOT_UNDERSTOOD:
            return None
        raise
    if answer.status != HTTPStatus.OK:
        return None
    for link in untrusted.records(untrusted.record(answer.data).get("links")):
        host = _host_of(link)
        if host and host != who.host:
            return host
    return None


def _host_of(link: untrusted.Record) -> str:
    if link.get("rel") != "self":
        return ""
    try:
        return ascii_host(parsed(untrusted.text(link.get("href"), _LONGEST)).netloc.decode("ascii"))
    except Failure:
        return ""
