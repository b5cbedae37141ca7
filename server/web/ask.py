"""Asking for a right: people without an account prove theirs on a network; who takes part sees their requests."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from privacy import deadlines
from privacy.request import WITHOUT_ACCOUNT, Kind, Way
from server.services import replies, requests
from server.services.found import sentences
from server.services.replies import kind_words
from server.web.guard import TRIES, by_person, limiter, login_required
from server.web.schemas import MAX_TYPED, Filled, Form, at_most, filled, said
from server.web.sentences import FAILURES, REQUEST_STATES, UNKNOWN_FAILURE, WAYS
from server.web.state import language, notice_address, organisation, person, process
from workers import keys
from workers.catalogue import NETWORKS
from workers.requests import claim, enter

pages = Blueprint("ask", __name__)
Answer = str | Response | tuple[str, int]
_LONG = 5_000
#: How an account can be proven to be theirs by somebody without an account here.
_PROOFS = frozenset({"bio", "rel_me", "post"})


def _no_account() -> str:
    return str(_("Please type the name of your account."))


def _nothing() -> str:
    return str(_("Please say what you would like."))


class Claimed(Form):
    """A request of somebody without an account here."""

    kind = fields.String(validate=validate.OneOf([kind.value for kind in WITHOUT_ACCOUNT]))
    network = fields.String(validate=validate.OneOf(list(NETWORKS)))
    account = fields.String(validate=[said(_no_account), at_most(MAX_TYPED)])
    contact = fields.String(validate=at_most(500))
    wish = fields.String(validate=at_most(_LONG))


class Wished(Form):
    """A request of somebody who takes part."""

    kind = fields.String(validate=validate.OneOf([kind.value for kind in Kind]))
    wish = fields.String(validate=[said(_nothing), at_most(_LONG)])


@pages.route("/request", methods=["GET", "POST"])
@limiter.limit(TRIES, methods=["POST"])
def new() -> Answer:
    """The form for everybody: which right, which network, which account."""
    if not organisation().complete:
        return render_template("ask/closed.html"), 403
    with process().reading() as session:
        asked = {one.name: one for one in keys.switched_on(session) if one.proofs & _PROOFS}
    form = filled(Claimed()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors and form.values["network"] not in asked:
        form = form.wrong("network", str(FAILURES["unknown_account"]))
    if request.method == "POST" and not form.errors:
        values = form.values
        if not NETWORKS[values["network"]].may_be(values["account"]):
            form = form.wrong("account", str(FAILURES["bad_address"]))
        else:
            with process().working() as work:
                opened = claim(
                    work, Kind(values["kind"]), values["network"], values["account"], language=language(),
                    state=organisation().state, wish=values["wish"], contact=values["contact"],
                )  # fmt: skip
            return redirect(url_for("ask.follow", token=opened.token))
    page = render_template(
        "ask/new.html", form=form, asked=asked.values(), kinds=WITHOUT_ACCOUNT, KINDS=kind_words(language())
    )
    return page, 422 if form.errors else 200


@pages.get("/request/<token>")
def follow(token: str) -> str:
    """How a request stands; whoever has the address sees it."""
    installation = process()
    with installation.reading() as session:
        found = requests.followed(session, installation.ring, token, installation.clock())
    failure = FAILURES.get(found.failure, UNKNOWN_FAILURE) if found.failure else ""
    return render_template(
        "ask/follow.html", one=found, token_=token, failure=failure, KINDS=kind_words(language()),
        STATES=REQUEST_STATES, found=sentences(found.kind, found.found, language()),
        page=installation.settings.public_url + url_for("public.me", code=found.code) if found.code else "",
    )  # fmt: skip


@pages.post("/request/<token>/check")
@limiter.limit(TRIES)
def check(token: str) -> Response:
    """Has the proof looked for."""
    with process().working() as work:
        requests.check(work, token)
    flash(_("We are looking. This takes a moment; please reload the page then."), "info")
    return redirect(url_for("ask.follow", token=token))


@pages.get("/request/<token>/letter")
def letter(token: str) -> str:
    """The answer, for paper."""
    installation = process()
    with installation.reading() as session:
        found = requests.followed(session, installation.ring, token, installation.clock())
    made = replies.reply(found, organisation(), deadlines.day_of(installation.clock()), notice_address())
    return render_template("desk/letter.html", letter=made)


@pages.route("/data/requests", methods=["GET", "POST"])
@login_required
@limiter.limit(TRIES, key_func=by_person, methods=["POST"])
def mine() -> Answer:
    """The requests of who is signed in, with their dates, and a form for what no button does."""
    installation = process()
    form = filled(Wished()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        with installation.working() as work:
            enter(
                work, Kind(form.values["kind"]), Way.PAGE, language=language(), state=organisation().state,
                wish=form.values["wish"], contact="", subject_id=person().subject_id,
            )  # fmt: skip
        flash(_("Your request is in. You see here until when you get an answer."), "good")
        return redirect(url_for("ask.mine"))
    with installation.reading() as session:
        found = requests.of_person(session, installation.ring, person().subject_id, installation.clock())
    page = render_template(
        "ask/mine.html", requests=found, form=form, KINDS=kind_words(language()), STATES=REQUEST_STATES, WAYS=WAYS
    )
    return page, 422 if form.errors else 200
