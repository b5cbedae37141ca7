"""For who runs this installation: which networks are on, the keys they need, what is used of their allowances."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.models import Role
from server.services import networks
from server.services.missing import MissingError
from server.web.guard import TRIES, by_person, for_role, limiter
from server.web.schemas import Filled, Form, Secret, filled
from server.web.sentences import FAILURES, UNKNOWN_FAILURE
from server.web.state import process
from workers.catalogue import NETWORKS, NetworkFacts, Way
from workers.keys import WrongKeyError

pages = Blueprint("networks", __name__)
posts = limiter.limit(TRIES, key_func=by_person, methods=["POST"])


@pages.get("/organisation/networks")
@for_role(Role.ADMIN)
def overview() -> str:
    """Every network with what it needs."""
    installation = process()
    with installation.reading() as session:
        seen = networks.networks(session, installation.clock().date())
    return render_template(
        "networks/overview.html", seen=seen, failures=FAILURES, unknown=UNKNOWN_FAILURE, day=installation.clock().date()
    )


@pages.route("/organisation/networks/<network>/key", methods=["GET", "POST"])
@for_role(Role.ADMIN)
@posts
def key(network: str) -> str | Response | tuple[str, int]:
    """Where to get the key, and the form to enter it. What was entered is never shown again."""
    facts = _known(network)
    if facts.way is not Way.KEY:
        raise MissingError("this network needs no key")
    form = Filled()
    if request.method == "POST":
        form = filled(_key_form(facts))
        try:
            with process().working() as work:
                networks.give(work, network, {part.name: form.values.get(part.name, "") for part in facts.key})
        except WrongKeyError:
            form = form.wrong(facts.key[0].name, _("Please enter every part, in plain letters and digits."))
        else:
            flash(_("Saved. The key is locked away and is not shown again."), "good")
            return redirect(url_for("networks.overview"))
    return render_template("networks/key.html", facts=facts, form=form), 422 if form.errors else 200


@pages.post("/organisation/networks/<network>/key/remove")
@for_role(Role.ADMIN)
def remove(network: str) -> Response:
    """Deletes a key."""
    with process().working() as work:
        networks.take_away(work, _known(network).name)
    process().forget()
    flash(_("The key is deleted. The network is not asked any more."), "good")
    return redirect(url_for("networks.overview"))


@pages.post("/organisation/networks/<network>/<state>")
@for_role(Role.ADMIN)
def switch(network: str, state: str) -> Response:
    """Switches a network off, or on again."""
    if state not in ("on", "off"):
        raise MissingError("no such state")
    with process().working() as work:
        networks.switch(work, _known(network).name, on=state == "on")
    flash(_("Saved, and noted in the log."), "good")
    return redirect(url_for("networks.overview"))


def _known(network: str) -> NetworkFacts:
    facts = NETWORKS.get(network)
    if facts is None:
        raise MissingError("no such network")
    return facts


def _key_form(facts: NetworkFacts) -> Form:
    made = Form.from_dict({part.name: Secret() for part in facts.key}, name="Key")
    return made()  # type: ignore[return-value]  # from_dict gives a subclass of this class
