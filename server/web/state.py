"""What every view has at hand: the installation, who is signed in, the language; nothing of it outside the web."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app, g, request, session, url_for
from flask_login import AnonymousUserMixin, LoginManager, current_user, login_user, logout_user

from server.models import Account, Role
from server.services import logins, organisations
from server.services.devices import device
from server.services.missing import MissingError
from server.services.words import LANGUAGES, known, locale_of
from workers import restriction
from workers.runtime.process import Process
from workers.runtime.settings import Organisation

login_manager = LoginManager()
#: Digits in the number of a page.
_LONGEST_NUMBER = 6


@dataclass(frozen=True)
class Person:
    """Who is signed in, as the pages need it: ids and a role, no name and no address."""

    token: str
    account_id: str
    subject_id: str
    role: Role
    language: str
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """What the cookie has: the token of the login."""
        return self.token


def process() -> Process:
    """The installation."""
    return cast("Process", current_app.extensions["klarwert"])


def person() -> Person:
    """Who is signed in; only behind `login_required`."""
    return cast("Person", current_user._get_current_object())  # noqa: SLF001 - the documented way to the real one


def page_number() -> int:
    """Which page (from 1) of a long list is asked for. Raises `MissingError` for what is no number."""
    typed = request.args.get("page", "1")
    if not typed.isascii() or not typed.isdigit() or len(typed) > _LONGEST_NUMBER or int(typed) < 1:
        raise MissingError("no such page")
    return int(typed)


def frozen() -> datetime | None:
    """Since when who is signed in has restricted the use of their data; read once a request."""
    if "frozen" not in g:
        with process().reading() as reading:
            g.frozen = restriction.frozen_at(reading, person().subject_id)
    return cast("datetime | None", g.frozen)


def organisation() -> Organisation:
    """Who runs this installation; read once a request."""
    if "organisation" not in g:
        with process().reading() as reading:
            g.organisation = organisations.organisation(reading, process().settings)
    return cast("Organisation", g.organisation)


def as_nobody() -> None:
    """From here on this request asks no store who is signed in and who runs this installation."""
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where flask-login looks first
    g.organisation = process().settings.organisation


def notice_address() -> str:
    """Where people who react and take no part read what happens with that (Art. 14)."""
    return f"{process().settings.public_url}{url_for('public.privacy')}#reacting"


def language() -> str:
    """The language of this request: chosen in this browser, the account's, else what the browser wishes."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    if current_user.is_authenticated:
        return known(person().language)
    wished = request.accept_languages
    return wished.best_match(LANGUAGES) or ("en" if wished else LANGUAGES[0])


def locale() -> str:
    """How dates and numbers are written in this request: English as in Europe, the day before the month."""
    return locale_of(language())


def browser() -> str:
    """The browser of this request in words that may be kept."""
    return device(request.headers.get("User-Agent", ""))


def sign_in(token: str) -> None:
    """Puts a login into the cookie; what the anonymous session had is left behind (no session fixation)."""
    _forget_session()
    login_user(load(token))


def sign_out() -> None:
    """Takes the login out of the cookie."""
    logout_user()
    _forget_session()


def _forget_session() -> None:
    """Nothing stays of a session but the language that was chosen in this browser."""
    chosen = session.get("language")
    session.clear()
    if chosen is not None:
        session["language"] = chosen


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(token: str) -> Person | None:
    """Whose login a cookie names; notes once a day that it is still in use."""
    now = process().clock()
    with process().reading() as reading:
        found = logins.signed_in(reading, token, now)
    if found is None:
        return None
    account, login = found
    if login.seen_at.date() < now.date():
        with process().working() as work:
            logins.touch(work, token)
    return _person(account, token)


def _person(account: Account, token: str) -> Person:
    return Person(token, account.id, account.subject_id, Role(account.role), account.language)
