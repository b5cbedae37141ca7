"""Pages for everybody: what this is, how the score is made, who answers for it, what is kept; and whether it runs."""

from importlib.resources import files

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from server.services import connections, documents, requests
from server.services.example import worked_example
from server.services.outbox import read_outbox
from server.web.account import keep_language
from server.web.guard import own_path
from server.web.kinds import KINDS
from server.web.schemas import ChooseLanguage, filled
from server.web.start import way_in
from server.web.state import language, organisation, process
from workers.scoring import versions

pages = Blueprint("public", __name__)


@pages.get("/")
def landing() -> str | AnyResponse:
    """What it is, in three sentences; who is signed in goes on to their score."""
    if current_user.is_authenticated:
        return redirect(way_in())
    return render_template("public/landing.html", KINDS=KINDS, example=worked_example())


@pages.get("/imprint")
def imprint() -> str:
    """Who runs it."""
    return render_template("public/imprint.html")


@pages.get("/privacy")
def privacy() -> str:
    """The notices for people who take part and for those who only react (Art. 13, 14)."""
    who, wished = organisation(), language()
    own, others = (documents.document(process(), who, name, wished) for name in ("notice", "notice14"))
    return render_template("public/privacy.html", own=own, others=others)


@pages.get("/privacy/retention")
def retention() -> str:
    """The table of deletion rules, for everybody."""
    found = documents.document(process(), organisation(), "retention", language())
    return render_template("public/document.html", document=found)


@pages.get("/methodology")
def methodology() -> str:
    """How the score is made, with an example worked out by the real engine."""
    today = process().clock().date()
    model = versions.PUBLISHED.on(today)
    return render_template(
        "public/methodology.html",
        model=model,
        coming=versions.PUBLISHED.coming(today),
        KINDS=KINDS,
        example=worked_example(model.id),
    )


@pages.get("/.well-known/klarwert/standalone_verifier.py")
def verifier() -> Response:
    """The program that checks an explanation, as a file to take away and read."""
    program = files("workers.scoring").joinpath("standalone_verifier.py").read_bytes()
    response = Response(program, mimetype="text/plain")
    response.headers["Content-Disposition"] = 'attachment; filename="standalone_verifier.py"'
    return response


@pages.get("/me/<code>")
def me(code: str) -> str:
    """The page of a person that a profile can link to: it links back, and shows nothing else.

    That of somebody without an account, who proves theirs for a request, is empty.
    """
    with process().reading() as session:
        address = connections.page_link(session, process().ring, code) or ""
        asked = requests.has_code(session, process().ring, code)
    if not asked and not address.startswith(("https://", "http://")):
        abort(404)
    return render_template("public/me.html", address=address)


@pages.post("/language")
def choose_language() -> AnyResponse:
    """Another language, then back to the same page."""
    form = filled(ChooseLanguage())
    if form.errors:
        abort(400)
    keep_language(form.values["lang"])
    return redirect(own_path(form.values["next"]) or url_for("public.landing"))


@pages.get("/outbox")
def outbox() -> str:
    """The mails that the demo did not send."""
    if not process().settings.demo:
        abort(404)
    return render_template("public/outbox.html", letters=read_outbox(process().settings))


@pages.get("/favicon.ico")
def favicon() -> AnyResponse:
    """Browsers ask here for the mark of files that are no pages."""
    return redirect(url_for("static", filename="mark.svg"), 301)


@pages.get("/.well-known/klarwert/key")
def key() -> Response:
    """The public key of this installation's signatures, for whoever checks a file: 64 hex digits."""
    return Response(f"{process().ring.public_key()}\n", mimetype="text/plain")


@pages.get("/.well-known/klarwert/checkpoint")
def checkpoint() -> Response:
    """The newest published checkpoint of the log; with `since`, the size of an older one, the proof between the two."""
    ledger = process().ledger
    head = ledger.published()
    if head is None:
        abort(404)
    said: dict[str, object] = dict(head.json())
    if "since" in request.args:
        try:
            said["consistency"] = ledger.consistency(int(request.args["since"]), head.size)
        except ValueError:
            abort(404)
    return jsonify(said)


@pages.get("/health")
def health() -> Response:
    """Does it run? For whoever watches over the machine."""
    try:
        with process().reading() as session:
            session.execute(text("SELECT 1"))
        process().redis.ping()
    except (SQLAlchemyError, RedisError):
        return Response("down\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
