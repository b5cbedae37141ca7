"""Organisations that ask for scores: whom a participant names, the tokens of programs, and the answer to a program."""

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.wrappers import Response as AnyResponse

from privacy.disclosure import FORBIDDEN, ForbiddenUseError, Reason
from privacy.vocabulary import Purpose
from server.models import Role
from server.services import consents, lookups, recipients
from server.services.lookups import NotReleasedError, UnknownTokenError
from server.web.guard import by_address, csrf, fingerprint, for_role, limiter, login_required
from server.web.schemas import Filled, Form, filled, written
from server.web.sentences import CLOSED, CLOSED_BY, LOOKS
from server.web.state import person, process
from workers import releases

pages = Blueprint("lookups", __name__)
programs = Blueprint("programs", __name__, url_prefix="/api/v1")
officers = for_role(Role.DPO, Role.ADMIN)
#: How often one token may ask, and how often one network address may try tokens.
ASKS = "60 per minute; 1000 per hour"
_SCHEME = "Bearer "
_LONG = 200
# A program has no forgery token, and no cookie that somebody else could use.
csrf.exempt(f"{__name__}.score")


@pages.get("/lookup")
@login_required
def overview() -> str:
    """The organisations that have a program, and which of them may ask."""
    mine = person().subject_id
    with process().reading() as session:
        agreed = consents.topic(session, mine, Purpose.LOOKUP, "").granted
        found = lookups.askers(session, mine)
        return render_template("consent/lookup.html", agreed=agreed, askers=found)


@pages.post("/lookup/<recipient_id>/<answer>")
@login_required
def decide(recipient_id: str, answer: str) -> AnyResponse:
    """Names an organisation, or strikes it."""
    mine = person().subject_id
    with process().working() as work:
        if answer == "name":
            lookups.name(work, mine, recipient_id)
            flash(_("It may ask from now on. You see each time that it did."), "good")
        elif releases.strike(work, mine, recipient_id):
            flash(_("It gets no answer any more."), "good")
    return redirect(url_for("lookups.overview"))


class Opened(Form):
    """What a program asks for."""

    purpose = fields.String(validate=validate.OneOf([Reason.LOOKUP.value, *FORBIDDEN]))
    declared = written(_LONG)


@pages.route("/desk/recipients/<recipient_id>/tokens", methods=["GET", "POST"])
@officers
def tokens(recipient_id: str) -> str | tuple[str, int]:
    """The tokens of a recipient's programs. A new one is on the page this once."""
    form, token = Filled({"purpose": Reason.LOOKUP.value}), None
    if request.method == "POST":
        form = filled(Opened())
        if not form.errors:
            try:
                with process().working() as work:
                    token = lookups.open_token(work, recipient_id, form.values["purpose"], form.values["declared"])
                form = Filled({"purpose": Reason.LOOKUP.value})
            except ForbiddenUseError as error:
                closed = _("Klarwert gives no score for this, whoever asks: %(law)s.", law=CLOSED_BY[error.use])
                form = form.wrong("purpose", closed)
    with process().reading() as session:
        page = render_template(
            "desk/tokens.html",
            one=recipients.one(session, recipient_id),
            tokens=lookups.tokens(session, recipient_id),
            fresh=token,
            form=form,
            purposes={Reason.LOOKUP.value: LOOKS[Reason.LOOKUP], **CLOSED},
            address=process().settings.public_url + url_for("programs.score"),
        )
    return page, 422 if form.errors else 200


@pages.post("/desk/recipients/<recipient_id>/tokens/<token_id>/revoke")
@officers
def revoke(recipient_id: str, token_id: str) -> AnyResponse:
    """Has a token work no more."""
    with process().working() as work:
        lookups.revoke(work, recipient_id, token_id)
    flash(_("Revoked. Its program gets no answer any more."), "good")
    return redirect(url_for("lookups.tokens", recipient_id=recipient_id))


class Question(Schema):
    """What a program asks: the number that the person gave to the organisation."""

    person = fields.String(required=True, validate=validate.Regexp("^[0-9a-f]{32}$"))


def _token() -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix(_SCHEME) if header.startswith(_SCHEME) else ""


def _by_token() -> str:
    return fingerprint(f"token {_token()}")


@programs.post("/score")
@limiter.limit(ASKS, key_func=_by_token)
@limiter.limit(ASKS, key_func=by_address)
def score() -> tuple[Response, int] | Response:
    """The score of somebody who named the organisation of this token. See docs/api.md."""
    try:
        asked: dict[str, Any] = Question().load(request.get_json(silent=True) or {})
    except (ValidationError, RecursionError):  # thousands of brackets
        return _refused('Please send JSON such as {"person": "<32 hex digits>"}.', 400)
    try:
        with process().working() as work:
            found = lookups.answer(work, _token(), asked["person"])
    except UnknownTokenError:
        return _refused("This token is not known, or it was revoked.", 401)
    except NotReleasedError:
        return _refused("Nobody of this number takes part, or they did not release their score to you.", 404)
    return jsonify(
        person=found.person, score=found.score, day=found.day.isoformat(), since=found.since.isoformat(),
        purpose=Reason.LOOKUP.value, not_for=sorted(FORBIDDEN),
    )  # fmt: skip


def _refused(sentence: str, status: int) -> tuple[Response, int]:
    return jsonify(error=sentence), status
