"""Deleting a part: all signals of one post, or of one day. First what goes and what stays, then one click."""

from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from privacy.keyring import PersonKey
from privacy.request import Kind
from server.services.missing import MissingError
from server.web.guard import by_person, limiter, login_required
from server.web.kinds import KINDS
from server.web.schemas import cleaned
from server.web.state import language, person, process
from workers.catalogue import NETWORKS
from workers.models import Connection
from workers.parts import NothingThereError, Part, erase_part, part
from workers.requests import done_at_once
from workers.signals.store import address_of

pages = Blueprint("part", __name__)
#: Each makes the score anew and has files rewritten.
OFTEN = "30 per hour"
#: So long the list keeps what was deleted from being read again, in days.
REMEMBERED = 92


@pages.get("/data/part")
@login_required
def look() -> str | Response:
    """What goes, and what stays and why; nothing has happened yet."""
    installation, who = process(), person()
    post_id, day = _which()
    if post_id is None and day is None:
        flash(_("Please write the day like 2027-06-30."), "warn")
        return redirect(url_for("data.overview"))
    with installation.reading() as session:
        try:
            found = part(session, who.subject_id, post_id, day)
        except NothingThereError:
            raise MissingError("no such post") from None
        about = _about(installation.ring.person(who.subject_id), found)
        network = session.get_one(Connection, found.post.connection_id).network if found.post else ""
    return render_template(
        "data/part.html",
        part=found,
        post_id=post_id,
        address=about,
        network=NETWORKS[network].title if network else "",
        kinds=[(KINDS[kind], number) for kind, number in sorted(found.kinds.items())],
        remembered=REMEMBERED,
        backup_days=installation.settings.backup_days,
    )


@pages.post("/data/part")
@login_required
@limiter.limit(OFTEN, key_func=by_person)
def erase() -> Response:
    """Deletes it for good."""
    post_id, day = _which()
    if post_id is None and day is None:
        abort(404)
    with process().working() as work:
        try:
            erase_part(work, person().subject_id, post_id, day)
        except NothingThereError:
            raise MissingError("no such post") from None
        done_at_once(work, person().subject_id, Kind.ERASURE, language())
    flash(_("Deleted, and not read again. Your score is being made anew."), "good")
    return redirect(url_for("data.overview"))


def _which() -> tuple[str | None, date | None]:
    """A post by its id, or else a day that is over or running."""
    if post_id := cleaned(request.values.get("post", "")):
        return post_id[:64], None
    try:
        day = date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return None, None
    return None, day if day <= process().clock().date() else None


def _about(key: PersonKey, found: Part) -> str:
    return address_of(found.post, key) if found.post is not None else ""
