"""Signing up, in and out, and one's own login: password, e-mail address, language."""

from contextlib import suppress

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from server.models import Account, LinkUse
from server.services import accounts, logins
from server.services.accounts import EmailTakenError, Entry, LinkDeadError
from server.services.missing import MissingError
from server.services.passwords import hash_password
from server.web import entering, state
from server.web.afterwards import afterwards
from server.web.guard import (
    TRIES,
    TRIES_AN_ACCOUNT,
    TRIES_FROM_EVERYWHERE,
    by_email,
    by_email_and_address,
    by_person,
    limiter,
    login_required,
    own_path,
)
from server.web.schemas import (
    AskReset,
    ChangeEmail,
    ChangePassword,
    ChooseLanguage,
    Confirm,
    Filled,
    Reset,
    SignIn,
    SignUp,
    filled,
    year_of_birth,
)
from server.web.start import way_in
from server.web.state import browser, language, organisation, person, process

pages = Blueprint("account", __name__)
_LAST_YEAR = 9999

Answer = str | Response | tuple[str, int]
posts = limiter.limit(TRIES, methods=["POST"])
posts_a_mailbox = limiter.limit(TRIES_AN_ACCOUNT, key_func=by_email, methods=["POST"])
posts_an_account = limiter.limit(TRIES_AN_ACCOUNT, key_func=by_email_and_address, methods=["POST"])
posts_from_everywhere = limiter.limit(TRIES_FROM_EVERYWHERE, key_func=by_email, methods=["POST"])
posts_a_person = limiter.limit(TRIES_AN_ACCOUNT, key_func=by_person, methods=["POST"])


@pages.errorhandler(LinkDeadError)
@pages.errorhandler(EmailTakenError)
def dead_link(_error: Exception | None = None) -> tuple[str, int]:
    """The link was used (a second ago in another tab, perhaps), has run out, or never was one."""
    return render_template("account/dead_link.html"), 404


def public_url() -> str:
    """The address of this installation, for links in mails."""
    return process().settings.public_url


@pages.route("/sign-up", methods=["GET", "POST"])
@posts
@posts_a_mailbox
def sign_up() -> Answer:
    """Year of birth, address, password; the answer does not tell whether the address was known."""
    if current_user.is_authenticated:
        return redirect(way_in())
    if not organisation().complete:
        return render_template("account/closed.html")
    if session.get("young"):
        return render_template("account/young.html"), 403
    form = Filled()
    if request.method == "POST":
        form = _read_sign_up()
        if session.get("young"):
            return render_template("account/young.html"), 403
        if not form.errors:
            return _sign_up(form.values["email"], form.values["password"])
    return render_template("account/sign_up.html", form=form), 422 if form.errors else 200


def _read_sign_up() -> Filled:
    """Reads the form; whoever is too young is remembered in this browser's session, and nowhere else (R6)."""
    now, typed = process().clock().year, request.form.get("year", "").strip()
    year = year_of_birth(typed, now)
    if year is not None and not accounts.old_enough(year, now):
        session["young"] = True
        return Filled()
    form = filled(SignUp())
    if year is None:
        wrong = {"year": [_("Please type the year with four digits, such as 1990.")]}
        if year_of_birth(typed, _LAST_YEAR) is not None:
            wrong = {"year": [_("This year has not come yet.")]}
        form = Filled(form.values, wrong | form.errors)
    return Filled({**form.values, "year": typed}, form.errors)


def _sign_up(email: str, password: str) -> Answer:
    house, chosen, url, hashed = process(), language(), public_url(), hash_password(password)

    def register() -> None:
        # Should the same address have signed up at the same moment, its mail is on the way.
        with suppress(EmailTakenError), house.working() as work:
            accounts.register(work, email, hashed, chosen, url)

    return afterwards(redirect(url_for("account.mailbox", what="sign-up")), register)


@pages.get("/mailbox")
def mailbox() -> str:
    """What comes by mail, and what to do when it does not."""
    return render_template("account/mailbox.html", what=request.args.get("what", ""))


@pages.route("/confirm/<token>", methods=["GET", "POST"])
@posts
def confirm(token: str) -> Answer:
    """The link in the first mail: a page with a form, since mail scanners follow links."""
    if not _link_works(token, LinkUse.CONFIRM):
        return dead_link()
    form = filled(Confirm()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        login = accounts.confirm(process(), token, form.values["password"], browser())
        if login is not None:
            state.sign_in(login)
            return redirect(way_in())
        form = form.wrong("password", _("This is not the password that you chose when you signed up."))
    return render_template("account/confirm.html", form=form), 422 if form.errors else 200


@pages.route("/sign-in", methods=["GET", "POST"])
@posts
@posts_an_account
@posts_from_everywhere
def sign_in() -> Answer:
    """Address and password; whatever is wrong, the answer is the same."""
    onward = own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(onward or way_in())
    form = filled(SignIn()) if request.method == "POST" else Filled()
    if request.method == "POST":
        values = form.values
        outcome = accounts.sign_in(process(), values["email"], values["password"], public_url(), browser())
        if outcome.waits is not None:
            return entering.wait(outcome.waits, onward)
        if outcome.entry is Entry.UNCONFIRMED:
            return redirect(url_for("account.mailbox", what="confirm"))
        if outcome.entry is Entry.LEAVING:
            session["leaving"] = outcome.subject_id
            return redirect(url_for("leaving.back"))
        if outcome.token is not None:
            return entering.enter(outcome.token, onward)
        form = form.wrong("", _("Address and password do not fit together, or there is no such account."))
    passkeys = entering.has_passkeys()
    return render_template(
        "account/sign_in.html", form=form, passkeys=passkeys, onward=onward
    ), 422 if form.errors else 200


@pages.post("/sign-out")
@login_required
def sign_out() -> Response:
    """Ends this login."""
    with process().working() as work:
        logins.sign_out(work, person().token)
    state.sign_out()
    flash(_("You are signed out."), "good")
    return redirect(url_for("public.landing"))


@pages.route("/forgot", methods=["GET", "POST"])
@posts
@posts_a_mailbox
def forgot() -> Answer:
    """Asks for a link to choose a new password; the answer is the same for every address."""
    form = filled(AskReset()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        return _forgot(form.values["email"])
    return render_template("account/forgot.html", form=form), 422 if form.errors else 200


def _forgot(email: str) -> Answer:
    house, url = process(), public_url()

    def ask() -> None:
        with house.working() as work:
            accounts.ask_reset(work, email, url)

    return afterwards(redirect(url_for("account.mailbox", what="reset")), ask)


@pages.route("/reset/<token>", methods=["GET", "POST"])
@posts
def reset(token: str) -> Answer:
    """The link to choose a new password."""
    if not _link_works(token, LinkUse.RESET):
        return dead_link()
    form = filled(Reset()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        accounts.reset(process(), token, form.values["password"])
        state.sign_out()
        flash(_("Your new password counts from now on. All browsers were signed out."), "good")
        return redirect(url_for("account.sign_in"))
    return render_template("account/reset.html", form=form), 422 if form.errors else 200


@pages.route("/email/<token>", methods=["GET", "POST"])
@posts
def email(token: str) -> Answer:
    """The link that was mailed to a new address."""
    if not _link_works(token, LinkUse.CHANGE_EMAIL):
        return dead_link()
    if request.method == "GET":
        return render_template("account/email.html")
    with process().working() as work:
        accounts.change_email(work, token)
    flash(_("Your new e-mail address counts from now on."), "good")
    return redirect(url_for("account.settings"))


@pages.route("/account", methods=["GET", "POST"])
@login_required
@posts_a_person
def settings() -> Answer:
    """Language, password, e-mail address, other browsers."""
    changes = {"language": _language, "password": _password, "email": _email, "everywhere": _everywhere}
    if request.method == "GET":
        return _settings()
    change = changes.get(request.form.get("what", ""))
    if change is None:
        raise MissingError("no such change")
    return change()


def _settings(what: str = "", form: Filled | None = None) -> Answer:
    page = render_template("account/settings.html", address=_own_email(), what=what, form=form or Filled())
    return page, 422 if form else 200


def _language() -> Answer:
    form = filled(ChooseLanguage())
    if form.errors:
        raise MissingError("no such language")
    keep_language(form.values["lang"])
    return _done(_("From now on you see this language, and get your mails in it."))


def keep_language(chosen: str) -> None:
    """Keeps a language for this browser, and for the account of who is signed in."""
    session["language"] = chosen
    if current_user.is_authenticated:
        with process().working() as work:
            accounts.set_language(work, person().account_id, chosen)


def _password() -> Answer:
    form = filled(ChangePassword())
    if not form.errors:
        login = accounts.change_password(
            process(), person().account_id, form.values["old"], form.values["new"], browser()
        )
        if login is not None:
            state.sign_in(login)
            return _done(_("Your new password counts from now on. All other browsers were signed out."))
        form = form.wrong("old", _wrong_password())
    return _settings("password", form)


def _email() -> Answer:
    form = filled(ChangeEmail())
    if not form.errors and accounts.normalised(form.values["email"]) == _own_email():
        form = form.wrong("email", _("This is your address already."))
    if not form.errors:
        values = form.values
        who = person().account_id
        fits = accounts.ask_email(process(), who, values["password"], values["email"], public_url())
        if fits:
            return redirect(url_for("account.mailbox", what="email"))
        form = form.wrong("password", _wrong_password())
    return _settings("email", form)


def _own_email() -> str:
    with process().reading() as reading:
        return accounts.email_of(process().ring, reading.get_one(Account, person().account_id))


def _everywhere() -> Answer:
    with process().working() as work:
        logins.sign_out_everywhere(work, person().account_id)
    state.sign_out()
    flash(_("You are signed out in all browsers."), "good")
    return redirect(url_for("account.sign_in"))


def _wrong_password() -> str:
    return str(_("This is not your password."))


def _done(sentence: str) -> Response:
    flash(sentence, "good")
    return redirect(url_for("account.settings"))


def _link_works(token: str, use: LinkUse) -> bool:
    with process().reading() as reading:
        return accounts.link_works(reading, token, use, process().clock())
