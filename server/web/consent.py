"""Consents: the text, two equal answers, what was decided, receipts, and taking it back with one click."""

from operator import itemgetter
from typing import NamedTuple

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from privacy.notices import Notice
from privacy.vocabulary import Purpose
from server.services import comparison, connections, consents
from server.services.consents import Topic
from server.services.topics import name_of
from server.web.guard import login_required
from server.web.schemas import Answer, filled
from server.web.state import language, organisation, person, process
from workers import keys
from workers.catalogue import ALL
from workers.comparing import FEWEST
from workers.topics import taxonomy

pages = Blueprint("consent", __name__)
#: Where a yes to what has a page of its own leads.
_ON = {
    Purpose.COMPARISON: "consent.compared",
    Purpose.PROFILE: "profile.own",
    Purpose.LOOKUP: "lookups.overview",
    Purpose.PERKS: "offers.overview",
    Purpose.TOPICS: "topics.overview",
}


class Asked(NamedTuple):
    """A topic with its words."""

    topic: Topic
    title: str
    about: str
    withdrawing: str
    notice: Notice


@pages.get("/consent")
@login_required
def overview() -> str:
    """Everything that can be decided, what was said, and the receipts."""
    with process().reading() as session:
        topics = consents.topics(session, person().subject_id)
        past = consents.past(session, person().subject_id)
    asked = [_asked(topic) for topic in topics]
    titles = {(one.topic.purpose.value, one.topic.network): one.title for one in asked}
    return render_template(
        "consent/overview.html",
        asked=asked,
        past=past,
        titles=titles,
        accounts={name: facts.title for name, facts in ALL.items()},
    )


@pages.get("/comparison")
@login_required
def compared() -> str:
    """Where a person stands among those who agreed to be compared."""
    with process().reading() as session:
        agreed = consents.topic(session, person().subject_id, Purpose.COMPARISON, "").granted
        found = comparison.compare(session, process().ring, person().subject_id, process().clock())
    names = taxonomy.names(process().settings.topics_table)
    by_topic = [(name_of(slug, names, language()), tenth) for slug, tenth in found.topics.items()] if found else []
    return render_template(
        "consent/comparison.html",
        agreed=agreed,
        one=found,
        fewest=FEWEST,
        topics=sorted(by_topic, key=itemgetter(1, 0)),
    )


@pages.get("/consent/scoring/choose")
@login_required
def choose() -> str:
    """The first step: which network to begin with."""
    with process().reading() as session:
        on = keys.switched_on(session)
    return render_template("consent/choose.html", facts=on)


@pages.route("/consent/<purpose>", methods=["GET", "POST"], defaults={"network": ""})
@pages.route("/consent/<purpose>/<network>", methods=["GET", "POST"])
@login_required
def ask(purpose: str, network: str) -> str | AnyResponse | tuple[str, int]:
    """One text and two answers. What is recorded is the text that was on the screen, and no other."""
    wanted = consents.purpose_named(purpose)
    shown = consents.notice_for(wanted, network, language(), organisation())
    if not organisation().complete:
        return render_template("account/closed.html"), 403
    if request.method == "POST":
        form = filled(Answer())
        if not form.errors and form.values["digest"] == shown.digest:
            return _decided(shown, network, granted=form.values["answer"] == "yes")
        flash(_("The text has changed in the meantime, or the answer was missing. Please read it once more."), "warn")
    with process().reading() as session:
        topic = consents.topic(session, person().subject_id, wanted, network)
    return render_template("consent/ask.html", one=_asked(topic)), 422 if request.method == "POST" else 200


def _decided(shown: Notice, network: str, *, granted: bool) -> AnyResponse:
    with process().working() as work:
        connected = connections.proven(work.session, person().subject_id, network)
        consents.decide(work, person().subject_id, shown, network, granted=granted)
    if not granted:
        process().forget()  # what a withdrawn yes took along
    if granted and shown.purpose is Purpose.ARCHIVES:
        return redirect(url_for("archives.one", network=network))
    if granted and network and not connected:
        return redirect(url_for("connections.new", network=network))
    if granted:
        flash(_("Noted: yes. You can take it back at any time, on the page “Consents”."), "good")
        return redirect(url_for(_ON.get(shown.purpose, "consent.overview")))
    flash(_("Noted: no. Nothing is read or calculated, and we will not ask again by ourselves."), "good")
    return redirect(url_for("consent.overview"))


@pages.post("/consent/<purpose>/withdraw", defaults={"network": ""})
@pages.post("/consent/<purpose>/<network>/withdraw")
@login_required
def withdraw(purpose: str, network: str) -> AnyResponse:
    """Takes a yes back, with all that rested on it."""
    wanted = consents.purpose_named(purpose)
    consents.notice_for(wanted, network, language(), organisation())  # refuses what does not exist
    with process().working() as work:
        there_was = consents.withdraw(work, person().subject_id, wanted, network)
    process().forget()
    if there_was:
        flash(_("Withdrawn. What rested on this consent is deleted."), "good")
    else:
        flash(_("There was no consent to withdraw."), "info")
    return redirect(url_for("consent.overview"))


@pages.get("/consent/receipt/<consent_id>")
@login_required
def receipt(consent_id: str) -> Response:
    """The receipt of one decision, for other programs too."""
    with process().reading() as session:
        text = consents.receipt_json(session, person().subject_id, consent_id)
    headers = {"Content-Disposition": f'attachment; filename="klarwert-consent-{consent_id[:8]}.jsonld"'}
    return Response(text, mimetype="application/ld+json", headers=headers)


def _asked(topic: Topic) -> Asked:
    words = consents.words(topic.purpose, topic.network, language())
    notice = consents.notice_for(topic.purpose, topic.network, language(), organisation())
    return Asked(topic, words.title, words.about, words.withdrawing, notice)
