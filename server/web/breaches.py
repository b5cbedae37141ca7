"""The register of breaches: the clock of 72 hours, whose data it is, drafts of what has to be told, an end."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from privacy.breach import LIMIT, Risk, kinds_of_people
from privacy.deadlines import ZONE
from server.models import Role
from server.services import breaches, stored
from server.services.breaches import NotYetError
from server.web.guard import for_role
from server.web.schemas import Filled, Form, filled, written
from server.web.state import language, organisation, process

pages = Blueprint("breaches", __name__, url_prefix="/desk/breaches")
officers = for_role(Role.DPO, Role.ADMIN)
Answer = str | Response | tuple[str, int]
_LONG = 10_000


def _text() -> fields.String:
    return written(_LONG)


class Entered(Form):
    """What is known of a breach."""

    known_at = fields.String()
    what = _text()
    consequences = _text()
    measures = _text()
    risk = fields.String(validate=validate.OneOf([risk.value for risk in Risk]))


class Closed(Form):
    """Why it is closed."""

    reason = _text()


@pages.get("")
@officers
def overview() -> str:
    """All breaches."""
    with process().reading() as session:
        return render_template("desk/breaches.html", breaches=breaches.everything(session), now=process().clock())


@pages.route("/new", methods=["GET", "POST"])
@officers
def new() -> Answer:
    """Enters one; the number of people comes from the data map."""
    kinds = stored.titles(language(), kinds_of_people())
    now = process().clock().astimezone(ZONE)
    form = filled(Entered()) if request.method == "POST" else Filled({"known_at": f"{now:%Y-%m-%dT%H:%M}"})
    chosen = [kind for kind in request.form.getlist("kinds") if kind in kinds]
    if request.method == "POST" and not form.errors:
        known = _moment(form.values["known_at"])
        if known is None or known > process().clock():
            form = form.wrong("known_at", _("Please write since when you know it; it cannot lie in the future."))
        elif not chosen:
            form = form.wrong("kinds", _("Please choose at least one kind of data."))
        else:
            values = {name: form.values[name] for name in ("what", "consequences", "measures")}
            with process().working() as work:
                made = breaches.enter(work, known, risk=Risk(form.values["risk"]), kinds=chosen, **values)
            return redirect(url_for("breaches.one", breach_id=made.id))
    page = render_template("desk/breach_new.html", form=form, kinds=kinds, chosen=chosen)
    return page, 422 if form.errors else 200


def _moment(text: str) -> datetime | None:
    """What was typed as a local time of the organisation, in UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@pages.get("/<breach_id>")
@officers
def one(breach_id: str) -> str:
    """One breach with its clock and what is left to do."""
    return _one(breach_id, Filled())


def _one(breach_id: str, form: Filled) -> str:
    with process().reading() as session:
        found = breaches.one(session, breach_id)
        kinds = stored.titles(language(), kinds_of_people())
        return render_template(
            "desk/breach.html", one=found, form=form, kinds=kinds, now=process().clock(), limit=LIMIT
        )


@pages.post("/<breach_id>/told/<whom>")
@officers
def told(breach_id: str, whom: str) -> Response:
    """Notes that somebody was told."""
    with process().working() as work:
        breaches.told(work, breach_id, whom)
    flash(_("Noted."), "good")
    return redirect(url_for("breaches.one", breach_id=breach_id))


@pages.post("/<breach_id>/close")
@officers
def close(breach_id: str) -> Answer:
    """Closes it with the reason."""
    form = filled(Closed())
    if form.errors:
        return _one(breach_id, form), 422
    with process().working() as work:
        try:
            breaches.close(work, breach_id, form.values["reason"])
        except NotYetError as error:
            whom = _("the authority") if error.missing == "authority" else _("the people")
            flash(_("It cannot be closed yet: %(whom)s must be told first.", whom=whom), "warn")
        else:
            flash(_("Closed."), "good")
    return redirect(url_for("breaches.one", breach_id=breach_id))


@pages.get("/<breach_id>/draft/<name>")
@officers
def draft(breach_id: str, name: str) -> str:
    """The draft of what is told to the authority or to the people."""
    with process().reading() as session:
        found = breaches.one(session, breach_id)
    made = breaches.drafted(process(), organisation(), found, name, language())
    return render_template("desk/document.html", document=made, breach=found)
