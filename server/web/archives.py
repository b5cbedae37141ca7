"""Archives that people bring: which there are, how to get one, the upload, and what came of it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Response

from privacy.vocabulary import Purpose
from server.services import archives, consents
from server.services.archives import MOST_BYTES, Arriving, Brought
from server.services.missing import MissingError
from server.web.archive_sentences import HOW, WHY
from server.web.guard import by_person, csrf, limiter, login_required
from server.web.state import person, process
from workers.archives.found import BROUGHT
from workers.catalogue import ALL, Way

pages = Blueprint("archives", __name__)
#: Each upload may be as long as a thousand pages.
UPLOADS = "10 per hour"
#: The other fields of the form, and what surrounds a file.
_AROUND = 64 * 1024
#: What the parser may hold at once: the piece that it reads (64 KiB) and the end of the one before it, which may be the
#: beginning of a boundary. With no more than one piece, a file would be refused at the first line break there.
_HELD = 4 * _AROUND
_PARTS = 5


@pages.get("/archives")
@login_required
def overview() -> str:
    """Every network of which a file can be brought, and those that cannot be read at all."""
    never = [facts for facts in ALL.values() if facts.way is Way.NONE]
    return render_template("archives/overview.html", brought=_brought(), facts=ALL, never=never)


@pages.get("/archives/<network>")
@login_required
def one(network: str) -> str | Response:
    """How to get the file, where to put it, and what came of it. Without a consent the text comes first."""
    if not _granted(network):
        return redirect(url_for("consent.ask", purpose=Purpose.ARCHIVES.value, network=network))
    shown = next(each for each in _brought() if each.network == network)
    return render_template("archives/one.html", one=shown, how=HOW[network], why=WHY)


@pages.post("/archives/<network>")
@csrf.exempt  # type: ignore[untyped-decorator]  # reading the form is reading the file: the token is checked once it is known where the file goes
@login_required
@limiter.limit(UPLOADS, key_func=by_person)
def upload(network: str) -> Response:
    """Takes a file in, piece by piece and encrypted; a worker reads it."""
    if not _granted(network):
        return redirect(url_for("consent.ask", purpose=Purpose.ARCHIVES.value, network=network))
    try:
        with Arriving(process(), person().subject_id) as arriving:
            _receive(arriving)
            if arriving.size:
                with process().working() as work:
                    arriving.take(work, person().subject_id, network)
            else:
                flash(_("Please choose a file first."), "warn")
    except RequestEntityTooLarge:
        flash(_("This file is too large. Please have one made without pictures and videos."), "warn")
    return redirect(url_for("archives.one", network=network))


@pages.post("/archives/<network>/remove")
@login_required
def remove(network: str) -> Response:
    """Erases what came of a file."""
    if network not in BROUGHT:
        raise MissingError("no such archive")
    with process().working() as work:
        archives.remove(work, person().subject_id, network)
    process().forget()
    flash(_("Deleted: everything that came from this file."), "good")
    return redirect(url_for("archives.overview"))


def _receive(arriving: Arriving) -> None:
    """Reads the form; its file goes to where it arrives. Raises `CSRFError`, `RequestEntityTooLarge`."""
    request.max_content_length = MOST_BYTES + _AROUND
    opened: list[Arriving] = []

    def place(**_said: object) -> Arriving:
        if opened:
            raise RequestEntityTooLarge  # one file a form
        opened.append(arriving)
        return arriving

    parser = FormDataParser(place, max_form_memory_size=_HELD, max_form_parts=_PARTS)  # type: ignore[arg-type]  # it only writes
    _, form, _ = parser.parse(request.stream, request.mimetype, request.content_length, request.mimetype_params)
    try:
        validate_csrf(form.get("csrf_token"))
    except ValueError as error:  # of which the error of the forms library is one
        raise CSRFError(str(error)) from None


def _granted(network: str) -> bool:
    if network not in BROUGHT:
        raise MissingError("no such archive")
    with process().reading() as session:
        return consents.topic(session, person().subject_id, Purpose.ARCHIVES, network).granted


def _brought() -> list[Brought]:
    installation = process()
    with installation.reading() as session:
        return archives.brought(session, installation.ring, person().subject_id, installation.clock().date())
