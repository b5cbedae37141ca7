"""What is stored about a person: look at it, download it, delete it."""

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields, validate
from werkzeug.wrappers import Response as AnyResponse

from privacy import hold
from privacy.archive import KindWords
from privacy.disclosure import RECIPIENT, disclosures, times
from privacy.holdings import declarations
from privacy.request import Kind
from privacy.vocabulary import About, Erased
from server.models import Role
from server.services import accounts, erasures, exports, meanings, stored
from server.services.erasures import DAYS_TO_THINK
from server.services.exports import Status
from server.services.roles import LastAdministratorError
from server.services.words import role_name
from server.web.guard import TRIES, TRIES_AN_ACCOUNT, by_person, limiter, login_required
from server.web.schemas import Filled, Form, filled, password_field
from server.web.sentences import ACTS, LAST_ADMINISTRATOR, LOOKS, NEWS_STATES, SEEN, STEPS
from server.web.state import language, person, process, sign_out
from workers import telling
from workers.places import holdings
from workers.requests import done_at_once
from workers.restriction import freeze, thaw

pages = Blueprint("data", __name__)

#: An export reads everything there is.
EXPORTS = "10 per hour"
#: Looks on the page; all of them are in the download.
LOOKS_SHOWN = 200


class Sure(Form):
    """Downloading or deleting everything: the password says that it is its person who wants it."""

    password = password_field()


class Leave(Sure):
    """Deleting everything: when, and whether the own reactions under others' posts go as well."""

    when = fields.String(validate=validate.OneOf(["", "now", "later"]))
    reactions = fields.String(validate=validate.OneOf(["", "yes"]))


@pages.get("/data")
@login_required
def overview() -> str:
    """Every kind of data with how much there is of it and how long it stays; and the download that was ordered."""
    return _overview(Filled())


def _overview(form: Filled) -> str:
    with process().reading() as session:
        kinds = stored.stored(session, holdings(process()), person().subject_id, language())
        looks = disclosures(session, process().ring, person().subject_id, LOOKS_SHOWN)
        counts = times(session, person().subject_id)
        news = telling.of_person(session, person().subject_id)
    there = exports.status(process(), person().subject_id)
    return render_template(
        "data/overview.html",
        kinds=kinds,
        form=form,
        there=there,
        at=_at(there),
        step=_step(there),
        looks=looks,
        all_looks=counts.total(),
        given=counts[RECIPIENT],
        seen=SEEN,
        reasons=LOOKS,
        news=news,
        ACTS=ACTS,
        STATES=NEWS_STATES,
        roles={**{role.value: role_name(language(), role) for role in Role}, RECIPIENT: str(_("Recipient"))},
    )


def _at(there: Status | None) -> str:
    """What is being written, or failed, in words."""
    if there is None:
        return ""
    return str(STEPS.get(there.at, "")) or stored.kinds(language()).get(there.at, KindWords(there.at, "")).title


@pages.post("/data/pause")
@login_required
def pause() -> AnyResponse:
    """Restricts the use of everything (Art. 18), or lets it go on: one click each, and no question why."""
    go_on = request.form.get("what") == "go on"
    with process().working() as work:
        changed = (thaw if go_on else freeze)(work, person().subject_id)
    if changed and go_on:
        flash(_("It goes on: your accounts are read again and your score is made anew."), "good")
    elif changed:
        flash(_("Paused. From now on nothing is read, calculated or shown to others."), "good")
    return redirect(url_for("data.overview"))


@pages.post("/data/export")
@login_required
@limiter.limit(EXPORTS, key_func=by_person)
@limiter.limit(TRIES_AN_ACCOUNT, key_func=by_person)
def export() -> AnyResponse | tuple[str, int]:
    """Orders everything as a file (Art. 15, 20), for who knows the password: a browser left open is not enough."""
    form = filled(Sure())
    if not form.errors and not accounts.password_fits(process(), person().account_id, form.values["password"]):
        form = form.wrong("password", _("This is not your password."))
    if form.errors:
        return _overview(form), 422
    with process().working() as work:
        exports.order(work, person().subject_id, language())
        done_at_once(work, person().subject_id, Kind.PORTABILITY, language())
    return redirect(url_for("data.overview"))


@pages.get("/data/export/progress")
@login_required
def progress() -> Response:
    """What the page asks for again and again while the download is being made."""
    there = exports.status(process(), person().subject_id)
    if there is None:
        return jsonify(state="none", share=0, text="")
    return jsonify(state=there.state.value, share=there.share, text=_step(there))


def _step(there: Status | None) -> str:
    if there is None:
        return ""
    return str(
        _("Step %(done)s of %(all)s: %(what)s", done=min(there.done + 1, there.steps), all=there.steps, what=_at(there))
    )


@pages.get("/data/export/<export_id>/<int:number>")
@login_required
def download(export_id: str, number: int) -> Response:
    """One file of the download, opened piece by piece while it is sent, for its person alone."""
    length, pieces = exports.download(process(), person().subject_id, export_id, number)
    response = Response(pieces, mimetype="application/zip")
    response.content_length = length
    name = f"klarwert-{process().clock():%Y-%m-%d}{f'-{number}' if number > 1 else ''}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.route("/data/delete", methods=["GET", "POST"])
@login_required
@limiter.limit(TRIES, methods=["POST"])
@limiter.limit(TRIES_AN_ACCOUNT, key_func=by_person, methods=["POST"])
def delete() -> str | AnyResponse | tuple[str, int]:
    """What an erasure takes and what stays; with the password it begins, and nobody is signed in any more."""
    form = filled(Leave()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        form, answer = _leave(form)
        if answer is not None:
            return answer
    with process().reading() as session:
        kinds = stored.stored(session, holdings(process()), person().subject_id, language())
        held = hold.holds(session, process().ring, person().subject_id)
    words = {kind.kind: kind.words.title for kind in kinds}
    stays = [
        (
            stored.kinds_of_others(language())[one.kind],
            meanings.bases(language())[one.basis],
            stored.kept(one.rule, language(), own=False),
        )
        for one in declarations()
        if one.about is About.PARTICIPANT and one.erased is Erased.UNTOUCHED
    ]
    page = render_template(
        "data/delete.html",
        kinds=[kind for kind in kinds if kind.things],
        form=form,
        held=held,
        words=words,
        stays=stays,
        days=DAYS_TO_THINK,
        backup_days=process().settings.backup_days,
    )
    return (page, 422) if form.errors else page


def _leave(form: Filled) -> tuple[Filled, AnyResponse | None]:
    """Has the erasure begin, and leads to the page that follows it; or says what is wrong."""
    values = form.values
    try:
        token = erasures.ask(
            process(), person().account_id, values["password"], at_once=values["when"] != "later",
            reactions_too=values["reactions"] == "yes",
        )  # fmt: skip
    except LastAdministratorError:
        return form.wrong("password", str(LAST_ADMINISTRATOR)), None
    if token is None:
        return form.wrong("password", _("This is not your password.")), None
    sign_out()
    return form, redirect(url_for("leaving.erasure", token=token))
