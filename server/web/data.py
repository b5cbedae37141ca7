"""What is stored about a person: look at it, download it, delete it."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from privacy import hold
from privacy.disclosure import disclosures
from server.models import Role
from server.services import accounts, exports, stored
from server.services.roles import LastAdministratorError
from server.services.words import role_name
from server.web.guard import TRIES, TRIES_AN_ACCOUNT, by_person, limiter, login_required
from server.web.schemas import Filled, Form, filled, password_field
from server.web.sentences import LAST_ADMINISTRATOR, LOOKS, SEEN
from server.web.state import language, organisation, person, process, sign_out
from workers.places import holdings

pages = Blueprint("data", __name__)

#: An export reads everything there is.
EXPORTS = "10 per hour"
#: Looks on the page; all of them are in the download.
LOOKS_SHOWN = 200


class Sure(Form):
    """Downloading or deleting everything: the password says that it is its person who wants it."""

    password = password_field()


@pages.get("/data")
@login_required
def overview() -> str:
    """Every kind of data with how much there is of it and how long it stays."""
    return _overview(Filled())


def _overview(form: Filled) -> str:
    with process().reading() as session:
        kinds = stored.stored(session, holdings(process()), person().subject_id, language())
        looks = disclosures(session, process().ring, person().subject_id)
    return render_template(
        "data/overview.html",
        kinds=kinds,
        form=form,
        looks=looks[:LOOKS_SHOWN],
        all_looks=len(looks),
        seen=SEEN,
        reasons=LOOKS,
        roles={role.value: role_name(language(), role) for role in Role},
    )


@pages.post("/data/export")
@login_required
@limiter.limit(EXPORTS, key_func=by_person)
@limiter.limit(TRIES_AN_ACCOUNT, key_func=by_person)
def export() -> Response | tuple[str, int]:
    """Everything as one ZIP (Art. 15, 20), for who knows the password: a browser left open is not enough."""
    installation, form = process(), filled(Sure())
    if not form.errors and not accounts.password_fits(installation, person().account_id, form.values["password"]):
        form = form.wrong("password", _("This is not your password."))
    if form.errors:
        return _overview(form), 422
    who, name = person().subject_id, organisation().name
    packed = exports.export(installation, holdings(installation), who, language(), name)
    response = Response(packed, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="klarwert-{installation.clock():%Y-%m-%d}.zip"'
    return response


@pages.route("/data/delete", methods=["GET", "POST"])
@login_required
@limiter.limit(TRIES, methods=["POST"])
@limiter.limit(TRIES_AN_ACCOUNT, key_func=by_person, methods=["POST"])
def delete() -> str | AnyResponse | tuple[str, int]:
    """What an erasure takes and what stays; with the password it begins, and nobody is signed in any more."""
    form = filled(Sure()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        try:
            if accounts.ask_erasure(process(), person().account_id, form.values["password"]):
                sign_out()
                return redirect(url_for("data.deleted"))
            form = form.wrong("password", _("This is not your password."))
        except LastAdministratorError:
            form = form.wrong("password", str(LAST_ADMINISTRATOR))
    with process().reading() as session:
        kinds = stored.stored(session, holdings(process()), person().subject_id, language())
        held = hold.holds(session, process().ring, person().subject_id)
    words = {kind.kind: kind.words.title for kind in kinds}
    page = render_template(
        "data/delete.html", kinds=[kind for kind in kinds if kind.things], form=form, held=held, words=words
    )
    return (page, 422) if form.errors else page


@pages.get("/deleted")
def deleted() -> str:
    """Says that the erasure runs; the same for everybody, since nobody is signed in here."""
    return render_template("data/deleted.html")
