"""Errors as people see them: one table from what went wrong to a page with a clear sentence and a way on."""

import logging
import math
import time
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from redis.exceptions import ConnectionError as RedisGoneError
from redis.exceptions import TimeoutError as RedisSilentError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from server.services.missing import MissingError
from server.web.guard import limiter, own_path
from server.web.state import as_nobody, login_manager
from workers.signals.vault import BrokenFileError

Answer = tuple[str | Response, int, dict[str, str]]
log = logging.getLogger(__name__)
_MINUTE = 60
#: Below this programs ask, and read JSON.
_PROGRAMS = "/api/"

#: Status to title and sentence.
SENTENCES = {
    400: (_("That did not work"), _("The page was open for too long or came incomplete. Please try it once more.")),
    403: (_("Not allowed"), _("You may not see this page.")),
    404: (_("Not here"), _("There is no such page, or it is not yours.")),
    405: (_("Not possible"), _("This page cannot be used in this way.")),
    413: (_("Too much"), _("That was more text than fits here.")),
    429: (_("Too many tries"), _("Please wait a few minutes and try again. Nothing is lost.")),
    503: (
        _("Not readable at the moment"),
        _(
            "The reactions that this page is made of cannot be read at the moment. It is our mistake, and it was "
            "noted. Your last score stays on the score page, with its date."
        ),
    ),
    500: (_("Our mistake"), _("Something went wrong on our side. It was noted. Nothing of yours is lost.")),
}
#: A store that stopped, is full, or has too many at its door.
_OUTAGES = (OperationalError, InterfaceError, PoolTimeoutError, RedisGoneError, RedisSilentError)
#: Forms that somebody fills in who is not signed in.
_FOR_EVERYBODY = frozenset(
    {
        "account.sign_up", "account.sign_in", "account.confirm", "account.forgot", "account.reset", "account.email",
        "public.choose_language", "ask.new", "ask.check", "members.accept",
    }
)  # fmt: skip
_OURS: dict[type[Exception], int] = {MissingError: 404, KeyGoneError: 404, NoConsentError: 403, BrokenFileError: 503}


def answer(app: Flask) -> None:
    """Registers the table."""
    login_manager.unauthorized_handler(ask_to_sign_in)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)
    for kind, status in _OURS.items():
        app.register_error_handler(kind, lambda _error, status=status: _page(status))
    for outage in _OUTAGES:
        app.register_error_handler(outage, _out)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Answer | HTTPException:
    status = error.code or 500
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _wait()
    if status == HTTPStatus.METHOD_NOT_ALLOWED and _program():
        return _plain(status, **{name: value for name, value in error.get_headers() if name == "Allow"})
    return error if status < HTTPStatus.BAD_REQUEST else _page(status)


def _wait() -> Answer:
    """Says for how long, and leads back to the page."""
    broken = limiter.current_limit
    seconds = _MINUTE
    if broken:  # `reset_at` is rounded up to the next second but one; nobody waits for longer than the whole window
        seconds = min(max(1, math.ceil(broken.reset_at - time.time())), broken.limit.get_expiry())
    retry = {"Retry-After": str(seconds)}
    if _program():
        return _plain(429, **retry)
    minutes = math.ceil(seconds / _MINUTE)
    sentence = ngettext(
        "Please wait %(num)d minute and try again. Nothing is lost.",
        "Please wait %(num)d minutes and try again. Nothing is lost.",
        minutes,
    )
    back = request.full_path.rstrip("?") if can_be_read() else came_from()
    forgot = request.endpoint == "account.sign_in"
    page = render_template("error.html", title=SENTENCES[429][0], sentence=sentence, back=back, forgot=forgot)
    return page, 429, retry


def ask_to_sign_in() -> Response:
    """Leads to the sign-in page and back afterwards; a form that was sent is not sent again by itself."""
    if request.method == "GET":
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
    if request.endpoint == "account.sign_out":
        return redirect(url_for("public.landing"))
    flash(str(_("You are not signed in any more. Nothing was changed.")), "warn")
    return redirect(url_for("account.sign_in", next=came_from() or url_for("score.score")))


def _stale(_error: CSRFError) -> Response | Answer:
    """The form came from before signing in or out, in another tab perhaps: the same page again, fresh."""
    if not current_user.is_authenticated and request.endpoint not in _FOR_EVERYBODY:
        return ask_to_sign_in()
    back = came_from() or (request.full_path.rstrip("?") if can_be_read() else None)
    if back is None:
        return _page(400)
    flash(str(SENTENCES[400][1]), "warn")
    return redirect(back)


def came_from() -> str | None:
    """The page of ours on which the form stood, as the browser says."""
    page = urlsplit(request.referrer or "")
    return own_path(page._replace(scheme="", netloc="", fragment="").geturl()) if page.netloc == request.host else None


def can_be_read() -> bool:
    """Can the address of this request be opened as a page?"""
    rule = request.url_rule
    return rule is not None and rule.methods is not None and "GET" in rule.methods


def _out(error: Exception) -> Answer:
    """A page that asks no store for anything, not even who is signed in."""
    log.error("a store does not answer: %s", type(error).__name__)
    retry = {"Retry-After": str(_MINUTE)}
    if _program():
        return _plain(503, "The database does not answer at the moment. Please try again in a minute.", **retry)
    as_nobody()
    sentence = _(
        "The database does not answer at the moment. If you were sending something, look whether it is there before "
        "you send it again."
    )
    page = render_template("error.html", title=_("Please try again in a minute"), sentence=sentence)
    return page, 503, retry


def _unexpected(error: Exception) -> Answer:
    log.error("a page failed", exc_info=error)
    try:
        return _page(500)
    except Exception:  # Without a database there is not even a frame around the sentence.
        log.exception("the page that says so failed, too")
        return f"Klarwert: {SENTENCES[500][1]}", 500, {}


def _page(status: int) -> Answer:
    if _program():
        return _plain(status)
    title, sentence = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])  # noqa: PLR2004
    return render_template("error.html", title=title, sentence=sentence), status, {}


def _program() -> bool:
    return request.path.startswith(_PROGRAMS)


def _plain(status: int, sentence: str = "", **headers: str) -> Answer:
    """What a program reads, without a sentence the standard's own name of the status."""
    return jsonify(error=sentence or HTTPStatus(status).phrase), status, headers
