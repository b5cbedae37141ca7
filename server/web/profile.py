"""The public page with a score, its badge, and where its person opens it."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from privacy.vocabulary import Purpose
from server.services import consents, profiles
from server.web.guard import login_required
from server.web.schemas import Filled, Form, filled, written
from server.web.state import person, process

pages = Blueprint("profile", __name__)
_LONG = 60


class Named(Form):
    """As whom others see the person."""

    name = written(_LONG)


@pages.route("/profile", methods=["GET", "POST"])
@login_required
def own() -> str | AnyResponse | tuple[str, int]:
    """Opens one's page, or gives it another name."""
    mine = person().subject_id
    form = filled(Named()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        with process().working() as work:
            profiles.open_page(work, mine, form.values["name"])
        flash(_("Your page is open."), "good")
        return redirect(url_for("profile.own"))
    with process().reading() as session:
        agreed = consents.topic(session, mine, Purpose.PROFILE, "").granted
        found = profiles.mine(session, process().ring, mine)
    address = process().settings.public_url + url_for("profile.public", page=found.path) if found else ""
    page = render_template("profile/own.html", agreed=agreed, one=found, form=form, address=address)
    return page, 422 if form.errors else 200


@pages.get("/p/<page>")
def public(page: str) -> str:
    """What everybody sees who has the address."""
    with process().reading() as session:
        found = profiles.show(session, process().ring, page)
    return render_template("profile/public.html", one=found)


@pages.get("/p/<page>.svg")
def badge(page: str) -> Response:
    """The same as a picture for another website, which may show it."""
    with process().reading() as session:
        found = profiles.show(session, process().ring, page)
    response = Response(render_template("profile/badge.svg", one=found), mimetype="image/svg+xml")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
