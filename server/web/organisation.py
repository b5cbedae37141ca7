"""For who runs this installation: how it is doing, and the facts that sign-up waits for (R3)."""

from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from privacy.deadlines import STATES
from server.models import Role
from server.services import house, organisations
from server.web.guard import for_role
from server.web.schemas import Filled, facts_form, filled
from server.web.sentences import FAILURES, FAULTS, UNKNOWN_FAILURE
from server.web.state import organisation, process
from workers.catalogue import NETWORKS

pages = Blueprint("organisation", __name__)

#: Names of the networks as people read them.
TITLES = {name: facts.title for name, facts in NETWORKS.items()}


@pages.get("/organisation/overview")
@for_role(Role.ADMIN)
def overview() -> str:
    """How the installation is doing."""
    installation = process()
    with installation.reading() as session:
        shown = house.house(installation, session)
    return render_template(
        "organisation/overview.html",
        shown=shown,
        titles=TITLES,
        failures=FAILURES,
        unknown=UNKNOWN_FAILURE,
        faults=FAULTS,
        mails_sent=bool(installation.settings.smtp) or installation.settings.demo,
    )


@pages.route("/organisation", methods=["GET", "POST"])
@for_role(Role.ADMIN)
def facts() -> str | Response | tuple[str, int]:
    """Shows the facts; those that the environment says cannot be changed here."""
    fixed = organisations.fixed(process().settings)
    form = Filled(asdict(organisation()))
    if request.method == "POST":
        form = filled(facts_form(tuple(name for name in organisations.FACTS if name not in fixed)))
        if not form.errors:
            with process().working() as work:
                organisations.set_facts(work, form.values)
            flash(_("Saved. Sign-up is open."), "good")
            return redirect(url_for("organisation.facts"))
        form = Filled(asdict(organisation()) | form.values, form.errors)
    page = render_template("organisation/facts.html", form=form, fixed=fixed, states=STATES)
    return page, 422 if form.errors else 200
