"""The ways in beside the password: the code after it, and a passkey instead of it."""

import json

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from server.models import Account
from server.services import passkeys, security
from server.services.passkeys import PasskeyRefusedError
from server.web import state
from server.web.guard import TRIES, fingerprint, limiter, own_path
from server.web.schemas import Filled, TypeCode, filled
from server.web.start import way_in
from server.web.state import browser, person, process

pages = Blueprint("entering", __name__)

#: How often codes of one account may be tried, from wherever: one of them is guessed once in many years.
TRIES_A_CODE = "5 per minute; 20 per hour"
_PATIENCE_SECONDS = 600
_WAITS, _UNTIL, _ONWARD, _CHALLENGE = "waits", "waits_until", "onward", "challenge"

Answer = str | Response | tuple[str, int]


def enter(token: str, onward: str | None) -> Response:
    """Signs in and leads on; who sees data of others hears that a second factor is advisable."""
    state.sign_in(token)
    with process().reading() as reading:
        advisable = security.advisable(reading, reading.get_one(Account, person().account_id))
    if advisable:
        flash(
            _("Your role sees data of others. Please add a second factor or a passkey: Settings, Signing in safely."),
            "info",
        )
    return redirect(onward or way_in())


def has_passkeys() -> bool:
    """Can passkeys be used at the address of this installation?"""
    return passkeys.host(process().settings.public_url) is not None


def wait(waits: str, onward: str | None) -> Response:
    """Remembers for ten minutes in this browser who typed a password that fits, and asks for the code."""
    session[_WAITS], session[_ONWARD] = waits, onward
    session[_UNTIL] = process().clock().timestamp() + _PATIENCE_SECONDS
    return redirect(url_for("entering.code"))


def _waiting() -> str:
    """Who waits in this browser; empty if nobody does (any more)."""
    return str(session.get(_WAITS, "")) if session.get(_UNTIL, 0) > process().clock().timestamp() else ""


def by_waiting() -> str:
    """Counts by the account that a code is typed for."""
    return fingerprint(f"code {_waiting().partition('.')[0]}")


@pages.route("/sign-in/code", methods=["GET", "POST"])
@limiter.limit(TRIES, methods=["POST"])
@limiter.limit(TRIES_A_CODE, key_func=by_waiting, methods=["POST"])
def code() -> Answer:
    """The code of the app, or a recovery code."""
    waits = _waiting()
    if not waits or current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    form = filled(TypeCode()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        onward = session.get(_ONWARD)
        token = security.second_step(process(), waits, form.values["code"], browser())
        if token is not None:
            return enter(token, onward)
        form = form.wrong("code", _("This code does not fit, or was used already."))
    return render_template("security/code.html", form=form), 422 if form.errors else 200


@pages.post("/sign-in/passkey/ask")
@limiter.limit(TRIES)
def ask() -> Response:
    """The question for a passkey, as the browser wants it."""
    question = passkeys.ask_old(process().settings.public_url)
    session[_CHALLENGE] = json.loads(question)["challenge"]
    return Response(question, mimetype="application/json")


@pages.post("/sign-in/passkey")
@limiter.limit(TRIES)
def passkey() -> Answer:
    """The answer of a passkey: it signs in."""
    challenge = session.pop(_CHALLENGE, "")
    onward = own_path(request.form.get("next"))
    try:
        token = security.enter(process(), request.form.get("credential", ""), challenge, browser())
    except PasskeyRefusedError:
        flash(_("This passkey does not fit. Please try again, or use your password."), "bad")
        return redirect(url_for("account.sign_in", next=onward))
    return enter(token, onward)
