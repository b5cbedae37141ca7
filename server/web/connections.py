"""Connecting accounts: claim one, prove it, watch how it is read, let it go."""

from typing import NamedTuple

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from privacy.consent import NoConsentError
from privacy.vocabulary import Purpose
from server.services import connections, consents, figures
from server.services.connections import Sent, Shown, TooManyError
from server.services.missing import MissingError
from server.web.guard import TRIES, by_person, limiter, login_required
from server.web.schemas import MAX_TYPED, Claim, Filled, filled
from server.web.sentences import FAILURES, NO_LONGER_YOURS, NO_SUCH_SERVER, PROOFS, SENT, STATES, UNKNOWN_FAILURE
from server.web.state import frozen, locale, person, process
from workers import keys
from workers.catalogue import ALL, NETWORKS, NetworkFacts, Way
from workers.models.connection import State

pages = Blueprint("connections", __name__)
posts = limiter.limit(TRIES, key_func=by_person, methods=["POST"])


class Seen(NamedTuple):
    """A connection with its words."""

    shown: Shown
    network: NetworkFacts
    name: str
    """The handle, or what was typed as long as the network did not tell it."""
    state: str
    tone: str
    failure: str
    retry: str
    """When it is tried again, empty if it is not."""
    read: str
    unlisted: str
    """How much the newest reading has found."""
    proof: str
    """How it was proven."""
    busy: bool
    """Is something going on that one can watch?"""
    done: bool
    """Read and scored?"""


@pages.errorhandler(NoConsentError)
def no_consent(_error: NoConsentError) -> Response:
    """Whatever needs a consent that is not there any more leads to the consents; a pause to where it ends."""
    if frozen():
        flash(_("Everything is paused: nothing is read or asked. Here you let it go on."), "warn")
        return redirect(url_for("data.overview", _anchor="pause"))
    flash(_("For this we need your consent first."), "warn")
    return redirect(url_for("consent.overview"))


@pages.get("/connections")
@login_required
def overview() -> str:
    """All connected accounts with what they are doing, and the way to another one."""
    with process().reading() as session:
        mine = connections.shown(session, process().ring, person().subject_id)
        on = keys.switched_on(session)
    off = [facts for facts in NETWORKS.values() if facts not in on]
    never = [facts for facts in ALL.values() if facts.way is Way.NONE]
    seen = [_seen(one) for one in mine]
    return render_template("connections/overview.html", seen=seen, facts=on, off=off, never=never)


@pages.route("/connections/new/<network>", methods=["GET", "POST"])
@login_required
@posts
def new(network: str) -> str | Response | tuple[str, int]:
    """Which account it is; without a consent for this network the text comes first."""
    facts = NETWORKS.get(network)
    if facts is None:
        raise MissingError("no such network")
    with process().reading() as session:
        if not keys.is_on(session, network):
            return render_template("connections/off.html", facts=facts)
        granted = consents.topic(session, person().subject_id, Purpose.SCORING, network).granted
    if not granted:
        return redirect(url_for("consent.ask", purpose=Purpose.SCORING.value, network=network))
    form = filled(Claim()) if request.method == "POST" else Filled({"typed": request.args.get("typed", "")[:MAX_TYPED]})
    if request.method == "POST" and not form.errors and not facts.may_be(form.values["typed"]):
        form = form.wrong("typed", str(FAILURES["bad_address"]))
    if request.method == "POST" and not form.errors:
        try:
            with process().working() as work:
                made = connections.claim(work, person().subject_id, network, form.values["typed"])
            return redirect(url_for("connections.one", connection_id=made))
        except TooManyError:
            form = form.wrong("typed", _("You have connected as many accounts as are possible here."))
    return render_template("connections/new.html", form=form, facts=facts), 422 if form.errors else 200


@pages.get("/connections/<connection_id>")
@login_required
def one(connection_id: str) -> str:
    """One account, step by step: found, proven, read, scored."""
    shown = _mine(connection_id)
    page = url_for("public.me", code=shown.code)
    address = process().settings.public_url + page
    expired = shown.code_until < process().clock()
    receives = process().settings.public_url + url_for("webmentions.receive", connection_id=connection_id)
    return render_template(
        "connections/one.html", seen=_seen(shown), address=address, expired=expired, receives=receives
    )


@pages.get("/connections/<connection_id>/progress")
@login_required
def progress(connection_id: str) -> Response:
    """What the page asks for again and again while something is going on."""
    seen = _seen(_mine(connection_id))
    shown = seen.shown
    return jsonify(
        state=shown.state.value,
        busy=seen.busy,
        failure=seen.failure,
        posts=shown.run.posts if shown.run else 0,
        reactions=shown.run.reactions if shown.run else 0,
        read=seen.read,
        next=url_for("score.score") if seen.done and not shown.failure else None,
    )


@pages.post("/connections/<connection_id>/look-up")
@login_required
@posts
def look_up(connection_id: str) -> Response:
    """Has the account looked up once more."""
    with process().working() as work:
        connections.look_up_again(work, person().subject_id, connection_id)
    return redirect(url_for("connections.one", connection_id=connection_id))


@pages.post("/connections/<connection_id>/check")
@login_required
@posts
def check(connection_id: str) -> Response:
    """Has the proof looked for."""
    with process().working() as work:
        connections.check(work, person().subject_id, connection_id)
    return redirect(url_for("connections.one", connection_id=connection_id))


@pages.post("/connections/<connection_id>/read")
@login_required
@posts
def read(connection_id: str) -> Response:
    """Has the account read now."""
    with process().working() as work:
        sent = connections.read_now(work, person().subject_id, connection_id)
    flash(str(SENT[sent]), "good" if sent is Sent.YES else "info")
    return redirect(url_for("connections.one", connection_id=connection_id))


@pages.post("/connections/<connection_id>/disconnect")
@login_required
def disconnect(connection_id: str) -> Response:
    """Lets an account go, with all that was read from it."""
    with process().working() as work:
        was_proven = connections.disconnect(work, person().subject_id, connection_id)
    process().forget()
    if was_proven:
        flash(_("Disconnected. What was read from this account is deleted."), "good")
    else:
        flash(_("The entry is removed."), "good")
    return redirect(url_for("connections.overview"))


def _mine(connection_id: str) -> Shown:
    with process().reading() as session:
        return connections.one(session, process().ring, person().subject_id, connection_id)


def _seen(shown: Shown) -> Seen:
    words, tone = STATES[shown.state] if shown.failure != connections.TAKEN else NO_LONGER_YOURS
    done = connections.read_by_now(shown, process().clock())
    reading = shown.state is State.PROVEN and shown.failure is None and not done and not frozen()
    failure = "" if frozen() and shown.retry_at else _failure(shown)  # paused, nothing is tried again
    return Seen(
        shown=shown,
        network=NETWORKS[shown.network],
        name=shown.handle or shown.typed,
        state=_("is being read") if reading else str(words),
        tone="warn" if failure and tone in ("good", "quiet") else tone,
        failure=failure,
        retry=figures.clock(shown.retry_at, locale()) if failure and shown.retry_at else "",
        read=_found(shown),
        unlisted=_unlisted(shown),
        proof=str(PROOFS.get(shown.proof or "", "")),
        busy=(reading or shown.busy) and not frozen(),
        done=done,
    )


def _failure(shown: Shown) -> str:
    if not shown.failure:
        return ""
    if shown.state is State.LOOKING and shown.failure == "unreachable":
        return str(NO_SUCH_SERVER)
    return str(FAILURES.get(shown.failure, UNKNOWN_FAILURE))


def _found(shown: Shown) -> str:
    run = shown.run
    if run is None:
        return ""
    posts_read = ngettext("%(count)s post", "%(count)s posts", run.posts, count=format_decimal(run.posts))
    reactions = ngettext(
        "%(count)s reaction", "%(count)s reactions", run.reactions, count=format_decimal(run.reactions)
    )
    return str(_("%(posts)s, %(reactions)s", posts=posts_read, reactions=reactions))


def _unlisted(shown: Shown) -> str:
    """How many reactions the network counts but does not list; empty where it lists all, or while it is read."""
    number = shown.run.unlisted if shown.run and shown.run.ended_at else 0
    if number == 0:
        return ""
    return str(
        ngettext(
            "%(network)s counts %(count)s more reaction than its lists show. That happens where accounts are closed "
            "or block somebody. It is not in your score. Every reading looks again.",
            "%(network)s counts %(count)s more reactions than its lists show. That happens where accounts are closed "
            "or block somebody. They are not in your score. Every reading looks again.",
            number, network=NETWORKS[shown.network].title, count=format_decimal(number),
        )
    )  # fmt: skip
