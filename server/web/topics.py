"""What a person's posts are about: asked first, then topic by topic with the posts behind it, rejected with a click."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from privacy.consent import NoConsentError
from privacy.vocabulary import Purpose
from server.services import comparison, consents, topics
from server.web.guard import login_required
from server.web.state import language, person, process
from workers.catalogue import NETWORKS
from workers.comparing import FEWEST
from workers.topics import taxonomy

pages = Blueprint("topics", __name__)

TITLES = {name: facts.title for name, facts in NETWORKS.items()}


@pages.get("/topics")
@login_required
def overview() -> str | AnyResponse:
    """Points by topic; whoever was never asked is asked first, and a no is remembered (R2)."""
    installation, who = process(), person()
    with installation.reading() as session:
        asked = consents.topic(session, who.subject_id, Purpose.TOPICS, "")
        if not asked.granted and not asked.asked:
            return redirect(url_for("consent.ask", purpose=Purpose.TOPICS.value))
        names = taxonomy.names(installation.settings.topics_table)
        found = (
            topics.overview(session, installation.ring, who.subject_id, names, language()) if asked.granted else None
        )
        compared = comparison.compare(session, installation.ring, who.subject_id, installation.clock())
    return render_template(
        "topics/overview.html", granted=asked.granted, found=found, titles=TITLES, compared=compared, fewest=FEWEST
    )


@pages.post("/topics/<topic>/reject")
@login_required
def reject(topic: str) -> AnyResponse:
    """No post gets this topic any more."""
    return _changed(topic, rejecting=True)


@pages.post("/topics/<topic>/take-back")
@login_required
def take_back(topic: str) -> AnyResponse:
    """The topic may be given again."""
    return _changed(topic, rejecting=False)


def _changed(topic: str, *, rejecting: bool) -> AnyResponse:
    try:
        with process().working() as work:
            (topics.reject if rejecting else topics.take_back)(work, person().subject_id, topic)
    except NoConsentError:
        return redirect(url_for("topics.overview"))
    if rejecting:
        flash(_("Rejected. Your posts do not get this topic any more."), "good")
    else:
        flash(_("Taken back. The next reading may give this topic again."), "good")
    return redirect(url_for("topics.overview"))
