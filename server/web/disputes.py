"""Disputes: a button at every item, the list of one's own, and the page on which the organisation decides."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields, validate
from werkzeug.wrappers import Response as AnyResponse

from server.models import Account
from server.services import disputes, topics
from server.services.disputes import DECIDERS, OwnDisputeError, TwiceError
from server.services.missing import MissingError
from server.services.words import role_name
from server.web.guard import by_person, for_role, limiter, login_required
from server.web.kinds import KINDS
from server.web.schemas import Filled, Form, at_most, filled, said
from server.web.sentences import OUTCOMES
from server.web.state import language, person, process
from workers.catalogue import NETWORKS
from workers.runtime.work import Work
from workers.topics import taxonomy

pages = Blueprint("disputes", __name__)

TITLES = {name: facts.title for name, facts in NETWORKS.items()}
#: A dispute sends mails.
OFTEN = "30 per hour"
LONGEST = 4000


def _no_reason() -> str:
    return str(_("Please write a reason."))


_WORDS = (said(_no_reason), at_most(LONGEST))


class Reason(Form):
    """Why somebody disputes something."""

    reason = fields.String(validate=_WORDS)


class Decision(Form):
    """How it was decided, with reasons."""

    answer = fields.String(validate=_WORDS)
    upheld = fields.String(validate=validate.OneOf(["yes", "no"]))


@pages.errorhandler(TwiceError)
def twice(_error: TwiceError) -> AnyResponse:
    """The list has it."""
    flash(_("You have disputed this already. It stands here."), "info")
    return redirect(url_for("disputes.overview"))


@pages.get("/disputes")
@login_required
def overview() -> str:
    """One's own disputes with what was decided, and the right to complain."""
    installation = process()
    with installation.reading() as session:
        shown = disputes.mine(session, installation.ring, person().subject_id)
    return render_template("disputes/overview.html", shown=shown, **_common())


@pages.route("/disputes/new", methods=["GET", "POST"])
@login_required
@limiter.limit(OFTEN, key_func=by_person, methods=["POST"])
def new() -> str | AnyResponse | tuple[str, int]:
    """Says what is disputed and asks for the reason; once it is sent, it counts nothing any more."""
    installation, who = process(), person()
    target = {name: request.args.get(name, "") for name in ("post", "signal", "topic")}
    with installation.reading() as session:
        item = disputes.find(session, installation.ring, who.subject_id, **target)
    form = filled(Reason()) if request.method == "POST" else Filled({"reason": ""})
    if request.method == "POST" and not form.errors:
        with installation.working() as work:
            disputes.dispute(work, who.subject_id, form.values["reason"], **target)
        flash(_("Your dispute has arrived. It does not count any more; your score is being made anew."), "good")
        return redirect(url_for("disputes.overview"))
    page = render_template("disputes/new.html", item=item, form=form, longest=LONGEST, **_common())
    return (page, 422) if form.errors else page


@pages.post("/disputes/<dispute_id>/take-back")
@login_required
def take_back(dispute_id: str) -> AnyResponse:
    """The person does not want it any more."""
    with process().working() as work:
        disputes.take_back(work, person().subject_id, dispute_id)
    flash(_("Taken back. It counts again; your score is being made anew."), "good")
    return redirect(url_for("disputes.overview"))


@pages.get("/organisation/disputes")
@for_role(*DECIDERS)
def to_decide() -> str:
    """All disputes, open ones first; without a word of the people."""
    with process().reading() as session:
        shown = disputes.to_decide(session, person().subject_id)
    return render_template("disputes/to_decide.html", shown=shown, **_common())


@pages.route("/organisation/disputes/<dispute_id>", methods=["GET", "POST"])
@for_role(*DECIDERS)
def decide(dispute_id: str) -> str | AnyResponse | tuple[str, int]:
    """One dispute with its reason; the decision needs reasons, too. Nobody decides on their own."""
    form = filled(Decision()) if request.method == "POST" else Filled({"answer": ""})
    if request.method == "POST" and not form.errors:
        return _decide(dispute_id, form)
    with process().working() as work:
        shown = disputes.look(work, _me(work), dispute_id)
    page = render_template("disputes/decide.html", shown=shown, form=form, longest=LONGEST, **_common())
    return (page, 422) if form.errors else page


def _decide(dispute_id: str, form: Filled) -> AnyResponse:
    try:
        with process().working() as work:
            upheld = form.values["upheld"] == "yes"
            disputes.decide(work, _me(work), dispute_id, form.values["answer"], upheld=upheld)
    except OwnDisputeError:
        flash(_("This dispute is your own: somebody else has to decide."), "warn")
    except MissingError:
        flash(_("This dispute is not open any more."), "warn")
    else:
        flash(_("Decided. The person gets a mail and sees your reasons."), "good")
    return redirect(url_for("disputes.to_decide"))


def _me(work: Work) -> Account:
    return work.session.get_one(Account, person().account_id)


def _common() -> dict[str, object]:
    names = taxonomy.names(process().settings.topics_table)
    return {
        "titles": TITLES,
        "kinds": KINDS,
        "OUTCOMES": OUTCOMES,
        "role_name": lambda role: role_name(language(), role),
        "topic_name": lambda slug: topics.name_of(slug, names, language()),
    }
