"""The Webmention endpoint of a participant's blog (W3C Recommendation Webmention, 3.2), for other websites to call."""

from flask import Blueprint, Response, jsonify, request, url_for

from server.services import webmentions
from server.services.missing import MissingError
from server.services.webmentions import WrongMentionError
from server.web.guard import csrf, limiter
from server.web.state import process
from workers.signals.webmentions import TooManyWaitingError

pages = Blueprint("webmentions", __name__)
#: How often one network address may call.
CALLS = "30 per minute; 300 per hour"
# Other websites have no forgery token, and nobody is signed in here.
csrf.exempt(f"{__name__}.receive")


@pages.errorhandler(MissingError)
def nobody(_error: MissingError) -> tuple[Response, int]:
    """Machines call here: they get a plain sentence and no page."""
    return _plain("Nobody receives webmentions here."), 404


@pages.post("/webmention/<connection_id>")
@limiter.limit(CALLS)
def receive(connection_id: str) -> tuple[Response, int]:
    """Takes a webmention to be verified, and names the page that says what became of it (201)."""
    source, target = (request.form.get(name, "").strip() for name in ("source", "target"))
    try:
        with process().working() as work:
            made = webmentions.receive(work, connection_id, source, target)
    except WrongMentionError as error:
        return _plain(f"Not accepted: {error}."), 400
    except TooManyWaitingError:
        return _plain("Too many webmentions wait already. Please send it again in an hour."), 429
    answer = _plain("Accepted. It is verified soon.")
    answer.headers["Location"] = process().settings.public_url + url_for("webmentions.status", webmention_id=made)
    return answer, 201


@pages.get("/webmention/status/<webmention_id>")
def status(webmention_id: str) -> Response:
    """What became of a webmention; nothing about source and target."""
    with process().reading() as session:
        return jsonify(status=webmentions.outcome(session, webmention_id))


def _plain(text: str) -> Response:
    return Response(f"{text}\n", mimetype="text/plain")
