"""The link in the weekly mail that ends it: one click, without signing in."""

from flask import Blueprint, render_template

from server.services import digests
from server.web.guard import csrf, limiter
from server.web.state import process

pages = Blueprint("digests", __name__)
CALLS = "30 per minute; 300 per hour"
# Mailboxes call here for their people and have no forgery token (RFC 8058); the secret in the link is what counts.
csrf.exempt(f"{__name__}.leave")


@pages.get("/digest/<token>")
@limiter.limit(CALLS)
def ask(token: str) -> str:
    """Asks before anything ends: programs that look into mails open links, too."""
    with process().reading() as session:
        there = digests.agreed_by(session, token) is not None
    return render_template("digest.html", there=there)


@pages.post("/digest/<token>")
@limiter.limit(CALLS)
def leave(token: str) -> str:
    """No such mail is sent any more."""
    with process().working() as work:
        digests.leave(work, token)
    return render_template("digest.html", there=False)
