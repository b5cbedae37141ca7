"""Signing in safely: second factor, recovery codes, passkeys, and the browsers that are signed in."""

import io
import json

import segno
from flask import Blueprint, flash, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.models import Account
from server.services import factors, logins, passkeys, security
from server.services.missing import MissingError
from server.services.passkeys import PasskeyRefusedError
from server.web.entering import has_passkeys
from server.web.guard import TRIES_AN_ACCOUNT, by_person, limiter, login_required
from server.web.schemas import Filled, Sure, TypeCode, cleaned, filled
from server.web.state import browser, organisation, person, process

pages = Blueprint("security", __name__, url_prefix="/account/security")

_CHALLENGE = "new_passkey"
Answer = str | Response | tuple[str, int]
posts = limiter.limit(TRIES_AN_ACCOUNT, key_func=by_person, methods=["POST"])


@pages.get("")
@login_required
def overview() -> str:
    """What protects the account now, and which browsers are signed in."""
    who, now = person(), process().clock()
    with process().reading() as reading:
        account = reading.get_one(Account, who.account_id)
        return render_template(
            "security/overview.html",
            app=factors.wanted(reading, account.id),
            codes=factors.codes_left(reading, account.id),
            passkeys=passkeys.shown(reading, process().ring, account),
            possible=has_passkeys(),
            advisable=security.advisable(reading, account),
            browsers=logins.shown(reading, process().ring, account, who.token, now),
        )


@pages.route("/app", methods=["GET", "POST"])
@login_required
@posts
def app() -> Answer:
    """First the password, then the secret as a picture and as text, then a first code."""
    with process().reading() as reading:
        if factors.wanted(reading, person().account_id):
            return redirect(url_for("security.overview"))
        setup = security.setup(reading, process().ring, person().account_id, _issuer())
    if request.method == "POST" and "code" in request.form:
        return _first_code(setup)
    if request.method == "POST" or setup is None:
        return _begin()
    return render_template("security/app.html", setup=setup, form=Filled())


def _begin() -> Answer:
    form = filled(Sure()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        if security.begin_app(process(), person().account_id, form.values["password"]):
            return redirect(url_for("security.app"))
        form = _wrong(form)
    return _sure(
        _("Add a second factor"),
        _("An app on your phone or computer makes a new code every half minute. You type one after your password."),
        _("Go on"),
        form,
    )


def _first_code(setup: factors.Setup | None) -> Answer:
    form = filled(TypeCode())
    codes = None if form.errors else security.confirm_app(process(), person().account_id, form.values["code"])
    if codes is not None:
        return render_template("security/codes.html", codes=codes)
    if setup is None:
        return redirect(url_for("security.app"))
    form = form.wrong("code", _("This code does not fit. Is the clock of your device right?"))
    return render_template("security/app.html", setup=setup, form=form), 422


@pages.get("/app/qr.svg")
@login_required
def qr() -> Response:
    """The secret as a QR code, as long as it is being set up; dark on light in every theme, or no camera reads it."""
    with process().reading() as reading:
        setup = security.setup(reading, process().ring, person().account_id, _issuer())
    if setup is None:
        raise MissingError("no secret to be shown")
    drawn = io.BytesIO()
    segno.make(setup.uri, error="m").save(
        drawn, kind="svg", scale=5, border=4, light="white", svgclass=None, lineclass=None
    )
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@pages.route("/app/off", methods=["GET", "POST"])
@login_required
@posts
def app_off() -> Answer:
    """Takes the second factor away, with the password."""
    form = filled(Sure()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        if security.remove_app(process(), person().account_id, form.values["password"]):
            return _done(_("From now on your password is enough to sign in. We tell you so by mail."))
        form = _wrong(form)
    text = _("Your app's codes and your recovery codes stop working. Your password alone signs in then.")
    return _sure(_("Remove the second factor"), text, _("Remove it"), form)


@pages.route("/codes", methods=["GET", "POST"])
@login_required
@posts
def codes() -> Answer:
    """New recovery codes, with the password."""
    form = filled(Sure()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        made = security.new_codes(process(), person().account_id, form.values["password"])
        if made is not None:
            return render_template("security/codes.html", codes=made)
        form = _wrong(form)
    text = _("You get ten new codes. Those that you have now stop working.")
    return _sure(_("New recovery codes"), text, _("Make new codes"), form)


@pages.route("/passkey", methods=["GET", "POST"])
@login_required
@posts
def passkey() -> Answer:
    """Adds a passkey: a script asks for it with the password, the browser's answer comes as a form."""
    if request.method == "GET":
        return render_template("security/passkey.html", possible=has_passkeys())
    challenge = session.pop(_CHALLENGE, "")
    try:
        answer = request.form.get("credential", "")
        security.add_passkey(process(), person().account_id, answer, challenge, browser())
    except PasskeyRefusedError:
        flash(_("The passkey could not be added. Please try again."), "bad")
        return redirect(url_for("security.passkey"))
    return _done(_("Your passkey is ready: next time you can sign in with it."))


@pages.post("/passkey/ask")
@login_required
@posts
def ask() -> Response:
    """The question for a new passkey, for who types the password; the script shows `error`."""
    form = filled(Sure())
    fits = not form.errors and has_passkeys()
    question = security.ask_passkey(process(), person().account_id, form.values["password"]) if fits else None
    if question is None:
        return jsonify(error=_("This is not your password."))
    session[_CHALLENGE] = json.loads(question)["challenge"]
    return Response(question, mimetype="application/json")


@pages.route("/passkey/<passkey_id>/off", methods=["GET", "POST"])
@login_required
@posts
def passkey_off(passkey_id: str) -> Answer:
    """Takes a passkey away, with the password."""
    form = filled(Sure()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        if security.remove_passkey(process(), person().account_id, form.values["password"], passkey_id):
            return _done(_("The passkey does not sign in any more. You can delete it on your device, too."))
        form = _wrong(form)
    text = _("It does not sign in any more. The others stay as they are.")
    return _sure(_("Remove a passkey"), text, _("Remove it"), form)


@pages.post("/browsers")
@login_required
def end() -> Response:
    """Signs one browser out."""
    with process().working() as work:
        logins.end(work, person().account_id, cleaned(request.form.get("browser", "")))
    return _done(_("This browser is signed out."))


def _issuer() -> str:
    name = organisation().name
    return f"Klarwert {name}".strip().replace(":", " ")


def _sure(title: str, text: str, action: str, form: Filled) -> Answer:
    page = render_template("security/sure.html", title=title, text=text, action=action, form=form)
    return page, 422 if form.errors else 200


def _wrong(form: Filled) -> Filled:
    return form.wrong("password", _("This is not your password."))


def _done(sentence: str) -> Response:
    flash(sentence, "good")
    return redirect(url_for("security.overview"))
