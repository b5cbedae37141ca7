"""What protects every page: headers, forgery tokens, and limits on how often somebody may try."""

import hmac
import re
from collections.abc import Callable
from functools import wraps
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import ParamSpec, TypeVar

import flask_login
from flask import Flask, Response, abort, request
from flask_limiter import Limiter
from flask_login import current_user
from flask_wtf import CSRFProtect

from server.models import Role
from server.services.accounts import normalised
from server.web.compress import compress
from server.web.schemas import cleaned
from server.web.state import person, process

P = ParamSpec("P")
R = TypeVar("R")

csrf = CSRFProtect()

#: How often one network address may try something that asks for a password or sends a mail.
TRIES = "10 per minute; 60 per hour"
#: How often one network may try one account, one person type their password, somebody have one mailbox written to.
TRIES_AN_ACCOUNT = "5 per minute; 30 per hour"
#: How often one account may be tried to sign in to, from wherever: so often that nobody locks its person out alone.
TRIES_FROM_EVERYWHERE = "300 per hour"
_IPV6_PREFIX = 64

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}


def fingerprint(text: str) -> str:
    """A short-lived key that says whose tries are counted and cannot be read back (R34)."""
    return hmac.digest(process().ring.instance("limits"), text.encode(), "sha256").hex()[:32]


def network_of(address: str | None) -> str:
    """Who counts as one: an IPv4 address, or the /64 that one IPv6 connection has all to itself."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), _IPV6_PREFIX), strict=False))


def by_address() -> str:
    """Counts by network address."""
    return fingerprint(f"address {network_of(request.remote_addr)}")


def by_email() -> str:
    """Counts by the e-mail address that was typed in, as the form reads it."""
    return fingerprint(f"email {_typed_email()}")


def by_email_and_address() -> str:
    """Counts by the e-mail address that was typed in and by network address together."""
    return fingerprint(f"email {_typed_email()} address {network_of(request.remote_addr)}")


def _typed_email() -> str:
    return normalised(cleaned(request.form.get("email", "")))


def by_person() -> str:
    """Counts by who is signed in."""
    return fingerprint(f"account {getattr(current_user, 'account_id', '')}")


def own_path(text: str | None) -> str | None:
    """The path to go on to, if it is one of ours: nobody is led to another site by a link to this one."""
    return text if text and re.fullmatch(r"/(?!/)[!-\[\]-~]*", text) else None


limiter = Limiter(by_address, strategy="fixed-window", default_limits=[])


def set_headers(response: Response) -> Response:
    """Sets the security headers; pages are not kept by anybody, static files are."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if process().settings.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Lets only people in who are signed in; everybody else is asked to sign in first."""
    guarded: Callable[P, R] = flask_login.login_required(view)
    return guarded


def for_role(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Lets only these roles in; for everybody else the page does not exist."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if person().role not in roles:
                abort(404)
            return view(*args, **kwargs)

        return login_required(guarded)

    return guard


def refuse_nul() -> None:
    """No address of ours has a NUL in it, and PostgreSQL takes none."""
    if "\x00" in request.path or any("\x00" in text for text in request.args.values()):
        abort(404)


def protect(app: Flask) -> None:
    """Puts the protection in front of every page of the app."""
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(refuse_nul)
    app.after_request(set_headers)
    app.after_request(compress)
