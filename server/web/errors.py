"""Errors as people see them: one table from what went wrong to a page with a clear sentence and a way on."""

import logging

from flask import Flask, flash, redirect, render_template, request
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from server.services.missing import MissingError

log = logging.getLogger(__name__)

#: Status to title and sentence.
SENTENCES = {
    400: (_("That did not work"), _("The page was open for too long or came incomplete. Please try it once more.")),
    403: (_("Not allowed"), _("You may not see this page.")),
    404: (_("Not here"), _("There is no such page, or it is not yours.")),
    405: (_("Not possible"), _("This page cannot be used in this way.")),
    413: (_("Too much"), _("That was more text than fits here.")),
    429: (_("Too many tries"), _("Please wait a few minutes and try again. Nothing is lost.")),
    500: (_("Our mistake"), _("Something went wrong on our side. It was noted. Nothing of yours is lost.")),
}
_OURS: dict[type[Exception], int] = {MissingError: 404, KeyGoneError: 404, NoConsentError: 403}


def answer(app: Flask) -> None:
    """Registers the table."""
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)
    for kind, status in _OURS.items():
        app.register_error_handler(kind, lambda _error, status=status: _page(status))
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
    status = error.code or 500
    return error if status < 400 else _page(status)  # noqa: PLR2004 - the border between redirects and errors


def _stale(_error: CSRFError) -> Response | tuple[str, int]:
    """The form came from before signing in or out, in another tab perhaps: the same page again, fresh."""
    if not can_be_read():
        return _page(400)
    flash(str(SENTENCES[400][1]), "warn")
    return redirect(request.full_path.rstrip("?"))


def can_be_read() -> bool:
    """Can the address of this request be opened as a page?"""
    rule = request.url_rule
    return rule is not None and rule.methods is not None and "GET" in rule.methods


def _unexpected(error: Exception) -> tuple[str, int]:
    log.error("a page failed", exc_info=error)
    try:
        return _page(500)
    except Exception:  # Without a database there is not even a frame around the sentence.
        log.exception("the page that says so failed, too")
        return f"Klarwert: {SENTENCES[500][1]}", 500


def _page(status: int) -> tuple[str, int]:
    title, sentence = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])  # noqa: PLR2004
    return render_template("error.html", title=title, sentence=sentence), status
