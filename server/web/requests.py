"""The register of requests for the officer: enter, answer, extend, refuse, print the letter (Art. 12)."""

from urllib.parse import quote

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate
from werkzeug.wrappers import Response

from privacy import deadlines
from privacy.deadlines import ExtensionError
from privacy.request import Kind, Way
from server.models import Role
from server.services import replies, requests
from server.services.found import sentences
from server.services.replies import Reply, kind_words
from server.services.requests import Shown, StandsError
from server.services.words import LANGUAGES
from server.web.guard import for_role
from server.web.schemas import Filled, Form, at_most, email_field, filled, written
from server.web.sentences import FAILURES, REQUEST_STATES, UNKNOWN_FAILURE, WAYS
from server.web.state import language, notice_address, organisation, page_number, process
from workers.catalogue import NETWORKS
from workers.requests import claim, enter

pages = Blueprint("requests", __name__, url_prefix="/desk/requests")
officers = for_role(Role.DPO, Role.ADMIN)
Answer = str | Response | tuple[str, int]
_LONG = 20_000
_BY_HAND = (Way.LETTER, Way.MAIL, Way.PHONE, Way.IN_PERSON)


def _text() -> fields.String:
    return written(_LONG)


class Entered(Form):
    """A request that came by another way than the pages."""

    kind = fields.String(validate=validate.OneOf([kind.value for kind in Kind]))
    way = fields.String(validate=validate.OneOf([way.value for way in _BY_HAND]))
    lang = fields.String(validate=validate.OneOf(LANGUAGES))
    wish = _text()
    contact = fields.String(validate=at_most(_LONG))
    email = fields.String(validate=at_most(254))
    network = fields.String(validate=validate.OneOf(["", *NETWORKS]))
    account = fields.String(validate=at_most(300))
    sure = fields.String()


class Written(Form):
    """An answer or a refusal."""

    text = _text()


class Longer(Form):
    """An extension."""

    months = fields.String(validate=validate.OneOf(["1", "2"]))
    text = _text()


@pages.get("")
@officers
def overview() -> str:
    """All requests with their clocks."""
    installation, page = process(), page_number()
    now = installation.clock()
    with installation.reading() as session:
        running = requests.open_ones(session, installation.ring, now) if page == 1 else []
        closed, more = requests.closed(session, installation.ring, now, page)
    return render_template("desk/requests.html", requests=[*running, *closed], page_number=page, more=more, **_words())


def _words() -> dict[str, object]:
    return {"KINDS": kind_words(language()), "WAYS": WAYS, "STATES": REQUEST_STATES}


@pages.route("/new", methods=["GET", "POST"])
@officers
def new() -> Answer:
    """A request that came by letter, mail, telephone or in person."""
    form = filled(Entered()) if request.method == "POST" else Filled({"lang": language()})
    if request.method == "POST" and not form.errors:
        form, where = _entered(form)
        if not form.errors:
            flash(_("Entered. The clock runs."), "good")
            return redirect(url_for("requests.one", request_id=where))
    page = render_template("desk/request_new.html", form=form, by_hand=_BY_HAND, **_words())
    return page, 422 if form.errors else 200


def _entered(form: Filled) -> tuple[Filled, str]:
    """Whose it is: an account here, the owner of a network account (who proves it), or somebody known by hand."""
    values, common = form.values, {"language": form.values["lang"], "state": organisation().state}
    texts = {"wish": values["wish"], "contact": values["contact"]}
    kind, way = Kind(values["kind"]), Way(values["way"])
    with process().working() as work:
        if values["network"] and values["account"]:
            made = claim(work, kind, values["network"], values["account"], way=way, **common, **texts)
            if values["sure"] == "yes":
                requests.make_sure(work, made.id)
            return form, made.id
        subject_id = None
        if values["email"]:
            subject_id = requests.subject_of(work.session, work.ring, values["email"])
            if subject_id is None:
                return form.wrong("email", _("Nobody has an account with this address.")), ""
        if subject_id is None and values["sure"] != "yes":
            return form.wrong("sure", _("Please make sure first who it is, or name their account on a network.")), ""
        return form, enter(work, kind, way, subject_id=subject_id, **common, **texts).id


@pages.get("/<request_id>")
@officers
def one(request_id: str) -> str:
    """One request, with what can be done with it."""
    return _one(request_id, Filled())


def _one(request_id: str, form: Filled) -> str:
    installation = process()
    with installation.reading() as session:
        found = requests.one(session, installation.ring, request_id, installation.clock())
    failure = FAILURES.get(found.failure, UNKNOWN_FAILURE) if found.failure else ""
    return render_template(
        "desk/request.html", one=found, form=form, failure=failure, mail=_mail(found),
        found=sentences(found.kind, found.found, language()), **_words(),
    )  # fmt: skip


def _reply(found: Shown) -> Reply:
    return replies.reply(found, organisation(), deadlines.day_of(process().clock()), notice_address())


def _mail(found: Shown) -> str:
    """A link that opens the letter in the officer's mail program; empty where the answer does not go by mail."""
    try:
        email_field().deserialize(found.contact, "contact")
    except ValidationError:
        return ""
    letter = _reply(found)
    text = quote("\r\n\r\n".join([*letter.paragraphs, letter.sender, letter.note]))
    return f"mailto:{quote(found.contact)}?subject={quote(letter.subject)}&body={text}"


@pages.post("/<request_id>/sure")
@officers
def sure(request_id: str) -> Answer:
    """The officer made sure who it is: no code is needed."""
    with process().working() as work:
        try:
            requests.make_sure(work, request_id)
        except StandsError:
            return _too_late(request_id)
    flash(_("Noted. What can be done at once is done now; you can answer it here as well."), "good")
    return redirect(url_for("requests.one", request_id=request_id))


@pages.post("/<request_id>/answer")
@officers
def answer(request_id: str) -> Answer:
    """Closes it with an answer."""
    form = filled(Written())
    if form.errors:
        return _one(request_id, form), 422
    with process().working() as work:
        try:
            requests.answer(work, request_id, form.values["text"])
        except StandsError:
            return _too_late(request_id)
    flash(_("Answered. Please print the letter or send it as a file."), "good")
    return redirect(url_for("requests.one", request_id=request_id))


@pages.post("/<request_id>/refuse")
@officers
def refuse(request_id: str) -> Answer:
    """Closes it with a refusal, which names the ways to complain."""
    form = filled(Written())
    if form.errors:
        return _one(request_id, form), 422
    with process().working() as work:
        try:
            requests.refuse(work, request_id, form.values["text"])
        except StandsError:
            return _too_late(request_id)
    flash(_("Refused. The letter names the reason, the supervisory authority and the court."), "good")
    return redirect(url_for("requests.one", request_id=request_id))


@pages.post("/<request_id>/extend")
@officers
def extend(request_id: str) -> Answer:
    """One or two months more, once, told within the first."""
    form = filled(Longer())
    if form.errors:
        return _one(request_id, form), 422
    with process().working() as work:
        try:
            requests.extend(work, request_id, int(form.values["months"]), form.values["text"], organisation().state)
        except (StandsError, ExtensionError):
            return _too_late(request_id)
    flash(_("Extended. Please send the letter that says so before the first date is over."), "good")
    return redirect(url_for("requests.one", request_id=request_id))


def _too_late(request_id: str) -> Response:
    flash(_("That cannot be done any more: the request is closed, or its first month is over."), "warn")
    return redirect(url_for("requests.one", request_id=request_id))


@pages.get("/<request_id>/letter")
@officers
def letter(request_id: str) -> str:
    """The letter for the request as it stands, for paper."""
    installation = process()
    with installation.reading() as session:
        found = requests.one(session, installation.ring, request_id, installation.clock())
    return render_template("desk/letter.html", letter=_reply(found))
