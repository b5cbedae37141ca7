"""Members and roles: the administrator's list, invitations by link, changes; and the page that an invitation opens."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.models import Role
from server.services import accounts, members
from server.services.accounts import EmailTakenError, LinkDeadError
from server.services.roles import GIVEN, LastAdministratorError, OwnRoleError
from server.services.words import role_name
from server.web import state
from server.web.guard import TRIES, by_person, for_role, limiter
from server.web.schemas import ChangeRole, Confirm, Filled, Invite, Reset, filled, year_of_birth
from server.web.sentences import LAST_ADMINISTRATOR
from server.web.start import way_in
from server.web.state import browser, language, person, process

pages = Blueprint("members", __name__)
Answer = str | Response | tuple[str, int]
posts = limiter.limit(TRIES, methods=["POST"])
posts_a_person = limiter.limit(TRIES, key_func=by_person, methods=["POST"])


@pages.route("/organisation/members", methods=["GET", "POST"])
@for_role(Role.ADMIN)
@posts_a_person
def overview() -> Answer:
    """Everybody with a role, whoever is invited, and the form to invite somebody."""
    form = filled(Invite()) if request.method == "POST" else Filled({"role": Role.AUDITOR.value})
    if request.method == "POST" and not form.errors:
        try:
            members.invite(process(), person().account_id, form.values["email"], Role(form.values["role"]), language())
        except OwnRoleError:
            form = form.wrong("email", _("This is your own account. Nobody changes their own role."))
        except EmailTakenError:
            form = form.wrong("email", _("Somebody is signing up with this address just now. Please try again."))
        else:
            flash(_("The invitation is on its way by mail. It works for seven days."), "good")
            return redirect(url_for("members.overview"))
    installation = process()
    with installation.reading() as reading:
        page = render_template(
            "members/overview.html",
            form=form,
            members=members.members(reading, installation.ring),
            invited=members.invited(reading, installation.ring, installation.clock()),
            roles=[(role.value, role_name(language(), role)) for role in GIVEN],
            names={role.value: role_name(language(), role) for role in Role},
            mine=person().account_id,
        )
    return page, 422 if form.errors else 200


@pages.post("/organisation/members/<account_id>")
@for_role(Role.ADMIN)
@posts_a_person
def change(account_id: str) -> Response:
    """Another role for a member, or none."""
    form = filled(ChangeRole())
    if form.errors:
        flash(_("There is no such role."), "warn")
        return redirect(url_for("members.overview"))
    try:
        with process().working() as work:
            changed = members.change(work, person().account_id, account_id, Role(form.values["role"]))
    except OwnRoleError:
        flash(_("Nobody changes their own role. Another administrator can do it."), "warn")
    except LastAdministratorError:
        flash(_("Somebody has to administrate: the last administrator keeps the role."), "warn")
    else:
        if changed:
            flash(_("Changed, and noted in the log. The person is told by mail."), "good")
    return redirect(url_for("members.overview"))


@pages.post("/organisation/invitations/<account_id>/revoke")
@for_role(Role.ADMIN)
def revoke(account_id: str) -> Response:
    """The link of an invitation works no more."""
    with process().working() as work:
        members.revoke(work, account_id)
    flash(_("The invitation does not work any more."), "good")
    return redirect(url_for("members.overview"))


@pages.errorhandler(LinkDeadError)
def dead_link(_error: Exception) -> tuple[str, int]:
    """The invitation was used, taken back, has run out, or never was one."""
    sentence = _(
        "It was used, taken back, or its time is over. Did you accept it already? Then sign in. If not, ask who "
        "invited you for a new one."
    )
    return render_template("error.html", title=_("This invitation does not work any more"), sentence=sentence), 404


@pages.route("/invitation/<token>", methods=["GET", "POST"])
@posts
def accept(token: str) -> Answer:
    """What the invitation is to; with a password the role begins. Whoever is new here chooses it now."""
    with process().reading() as reading:
        invitation = members.invitation(reading, token, process().clock())
    if session.get("young"):
        return render_template("account/young.html"), 403
    form = Filled()
    if request.method == "POST":
        form = filled(Reset() if invitation.new else Confirm())
        if invitation.new:
            form = _with_year(form, token)
            if session.get("young"):
                return render_template("account/young.html"), 403
        if not form.errors:
            entered = _accept(token, form)
            if isinstance(entered, Response):
                return entered
            form = entered
    role = role_name(language(), invitation.role)
    page = render_template("members/accept.html", form=form, invitation=invitation, role=role)
    return page, 422 if form.errors else 200


def _accept(token: str, form: Filled) -> Response | Filled:
    try:
        login = members.accept(process(), token, form.values["password"], browser())
    except LastAdministratorError:
        return form.wrong("password", str(LAST_ADMINISTRATOR))
    if login is None:
        return form.wrong("password", _("This is not the password of your account here."))
    if login:
        state.sign_in(login)
    flash(_("Welcome. Your role begins now."), "good")
    if not login:
        return redirect(url_for("account.sign_in"))
    return redirect(way_in())


def _with_year(form: Filled, token: str) -> Filled:
    """Asks as the sign-up does: whoever is too young is refused, and nothing of them stays (R6)."""
    now, typed = process().clock().year, request.form.get("year", "").strip()
    year = year_of_birth(typed, now)
    if year is None:
        wrong = {"year": [_("Please type the year with four digits, such as 1990.")]}
        return Filled({**form.values, "year": typed}, wrong | form.errors)
    if not accounts.old_enough(year, now):
        session["young"] = True
        with process().working() as work:
            members.decline(work, token)
    return Filled({**form.values, "year": typed}, form.errors)
