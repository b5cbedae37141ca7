"""Leaving, for who is signed out already: follow the erasure by its link, take it back, check a certificate."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as AnyResponse

from server.services import erasures, stored
from server.services.erasures import CertificateError, Stage, Standing
from server.web.guard import TRIES, limiter
from server.web.schemas import Filled, Form, filled
from server.web.sentences import CERTIFICATE_FAULTS, LIMITS, NEWS_STATES, WHY_KEPT
from server.web.state import language, process

pages = Blueprint("leaving", __name__)
posts = limiter.limit(TRIES, methods=["POST"])


class Check(Form):
    """A certificate, and what shows that it is about somebody."""

    file = fields.String()
    email = fields.String()
    secret = fields.String()
    receipt = fields.String()
    handle = fields.String()


@pages.get("/erasure/<token>")
def erasure(token: str) -> str:
    """How an erasure stands: it waits and can be taken back, it runs, or here is its certificate."""
    there = _standing(token)
    said = erasures.verify(process(), there.file).said if there.stage is Stage.DONE else None
    with process().reading() as reading:
        news = erasures.told(reading, token)
    return render_template(
        "leaving/erasure.html",
        there=there,
        token_of=token,
        said=said,
        words=_words(),
        WHY_KEPT=WHY_KEPT,
        LIMITS=LIMITS,
        moment=_moment,
        news=news,
        STATES=NEWS_STATES,
    )


@pages.get("/erasure/<token>/progress")
def progress(token: str) -> Response:
    """What the page asks for while the erasure runs."""
    return jsonify(state=_standing(token).stage.value)


@pages.get("/erasure/<token>/certificate")
def download(token: str) -> Response:
    """The certificate as a file."""
    there = _standing(token)
    if there.stage is not Stage.DONE:
        abort(404)
    headers = {"Content-Disposition": 'attachment; filename="klarwert-certificate.json"'}
    return Response(there.file, mimetype="application/json", headers=headers)


@pages.post("/erasure/<token>/back")
@posts
def take_back(token: str) -> AnyResponse:
    """Takes it back, for who has the link."""
    with process().reading() as reading:
        subject_id = erasures.whose(reading, token)
    return _taken_back(subject_id, url_for("leaving.erasure", token=token))


@pages.route("/back", methods=["GET", "POST"])
@posts
def back() -> str | AnyResponse:
    """The way back for who signs in meanwhile: the password was right, and this browser's session says whose it was."""
    subject_id = session.get("leaving")
    if not isinstance(subject_id, str):
        return redirect(url_for("account.sign_in"))
    if request.method == "POST":
        session.pop("leaving")
        return _taken_back(subject_id, url_for("account.sign_in"))
    with process().reading() as reading:
        due = erasures.due(reading, subject_id)
    if due is None:
        session.pop("leaving")
        return redirect(url_for("account.sign_in"))
    return render_template("leaving/back.html", due=due)


def _taken_back(subject_id: str | None, otherwise: str) -> AnyResponse:
    with process().working() as work:
        done = subject_id is not None and erasures.take_back(work, subject_id)
    if not done:
        flash(_("It cannot be taken back any more: the deletion has begun."), "warn")
        return redirect(otherwise)
    flash(_("Nothing will be deleted. Your accounts are read and your score is made again. You can sign in."), "good")
    return redirect(url_for("account.sign_in"))


@pages.route("/certificate", methods=["GET", "POST"])
@posts
def certificate() -> str | tuple[str, int]:
    """For everybody: does a certificate of erasure hold, what does it say, and is it about who shows their link?"""
    form, found, proof = Filled(), None, None
    if request.method == "POST":
        form = filled(Check())
        values = form.values
        try:
            found = erasures.verify(process(), values["file"], values["email"], values["secret"])
        except CertificateError as error:
            form = form.wrong("file", str(CERTIFICATE_FAULTS[error.args[0]]))
        if found and values["receipt"] and values["secret"]:
            with process().reading() as reading:
                proof = erasures.proven(reading, values["receipt"], values["handle"], values["secret"]) or False
    page = render_template(
        "leaving/certificate.html", form=form, found=found, proof=proof, words=_words(), WHY_KEPT=WHY_KEPT,
        LIMITS=LIMITS, moment=_moment,
    )  # fmt: skip
    return (page, 422) if form.errors else page


def _standing(token: str) -> Standing:
    with process().reading() as reading:
        there = erasures.standing(reading, token, process().clock())
    if there is None:
        abort(404)
    return there


def _moment(text: str) -> datetime:
    """A time or a day of a certificate."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _words() -> dict[str, object]:
    return {**stored.kinds(language()), **stored.kinds_of_others(language())}
