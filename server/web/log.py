"""The public side of the transparency log: its checkpoints, proofs that it only ever grows, and how to check them."""

from itertools import islice

from flask import Blueprint, Response, abort, jsonify, render_template, request

from server.web.state import process

pages = Blueprint("log", __name__)

#: Checkpoints on the page; all of them are in the JSON.
SHOWN = 60


@pages.get("/log")
def overview() -> str:
    """The newest checkpoints, and how anybody holds two of them against each other."""
    every = process().ledger.all_published()
    return render_template(
        "log/overview.html",
        checkpoints=list(islice(reversed(every), SHOWN)),
        all=len(every),
        public_key=process().ring.public_key(),
        house=process().settings.public_url,
    )


@pages.get("/.well-known/klarwert/checkpoints")
def checkpoints() -> Response:
    """All published checkpoints, oldest first, exactly as signed."""
    return jsonify([one.json() for one in process().ledger.all_published()])


@pages.get("/.well-known/klarwert/consistency")
def consistency() -> Response:
    """The proof (RFC 9162, 2.1.4.1) that the first `old` leaves are the beginning of the first `size`.

    Not beyond the newest published checkpoint: what happens within a day is not told.
    """
    head = process().ledger.published()
    try:
        old, size = (int(request.args[name]) for name in ("old", "size"))
    except (KeyError, ValueError):
        abort(400)
    if head is None or not 0 < old <= size <= head.size:
        abort(404)
    return jsonify(old=old, size=size, consistency=process().ledger.consistency(old, size))
