"""The score and its explanation, from the sentence to the last signal."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from babel import Locale
from babel.dates import format_interval
from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from privacy.disclosure import Reason, disclosures
from privacy.vocabulary import Purpose
from server.services import archives, bundles, connections, consents, disputes, explanations, helpers, scores
from server.services.bundles import Reader
from server.services.connections import Shown
from server.services.explanations import Explained
from server.services.missing import MissingError
from server.services.scores import Step
from server.services.timeline import Event, events
from server.services.whatif import Asked, answer
from server.services.words import change_words, role_name
from server.web import charts, drawing
from server.web.charts import Bar
from server.web.guard import by_person, limiter, login_required
from server.web.kinds import KINDS
from server.web.schemas import Form, filled
from server.web.sentences import (
    CONSTANTS,
    EVENTS,
    FAILURES,
    LOOKS,
    NO_ANSWER,
    OUTCOMES,
    UNKNOWN_FAILURE,
)
from server.web.state import language, locale, organisation, page_number, person, process
from server.web.whatif import MOST_DAYS, MOST_PEOPLE, REACTIONS, asked, wants_outcome_only
from workers.catalogue import NETWORKS
from workers.models.connection import State
from workers.models.dispute import Outcome
from workers.results import history, newest
from workers.scoring.explain import Explanation

pages = Blueprint("score", __name__)

#: Names of the networks as people read them.
TITLES = {name: facts.title for name, facts in NETWORKS.items()}
#: Scores whose meaning is worked out on the score page.
EXAMPLES = (25, 50, 75)
#: On the explanation page; "My data" has more.
LOOKS_SHOWN = 10
FORWARD_DAYS = (7, 21, 30)
#: Making a file goes through all signals.
FILES = "30 per hour"
#: "What if so many more people each did this once today" on the explanation page.
FORWARD_KINDS = (("like", 10), ("repost", 10))


class _Copy(Form):
    """For whom a file of the explanation is."""

    reader = fields.Enum(Reader, by_value=True, load_default=Reader.PERSON)


@pages.get("/score")
@login_required
def score() -> str:
    """The number, its history, its shares, the posts that gave most; before the first score the next step to it."""
    installation, who = process(), person()
    with installation.reading() as session:
        shown = scores.overview(session, installation.ring, who.subject_id, installation.clock().date())
        if shown is None:
            step, connection_id = scores.next_step(session, who.subject_id)
            return render_template(
                "score/empty.html", step=step, href=_way(step, connection_id), taken=FAILURES[connections.TAKEN]
            )
        return render_template(
            "score/score.html",
            shown=shown,
            networks_of=_named(shown.score.by_network, TITLES),
            kinds_of=_named(shown.score.by_kind, KINDS),
            people=scores.people_for(shown.score.score, shown.model),
            examples=[(score, scores.people_for(score, shown.model)) for score in EXAMPLES],
            bars_height=charts.bars_height,
            titles=TITLES,
            brought=archives.brought(session, installation.ring, who.subject_id, installation.clock().date()),
            helped=list(dict.fromkeys(helpers.named(session, installation.ring, who.subject_id).values())),
            CHANGES=change_words(language()),
            yesterday=installation.clock().date() - timedelta(days=1),
            over=datetime.combine(shown.score.day + timedelta(days=1), time(), UTC),
            coming=None
            if shown.kept
            else explanations.coming(session, who.subject_id, shown.score.day, installation.clock().date()),
            outdated=consents.outdated(session, who.subject_id),
            stale=_stale(connections.shown(session, installation.ring, who.subject_id)),
        )


def _stale(mine: Iterable[Shown]) -> list[tuple[Shown, str]]:
    """The accounts that could not be read the last time, each with a sentence."""
    return [
        (one, str(FAILURES.get(one.failure, UNKNOWN_FAILURE)) if one.failure not in NO_ANSWER else "")
        for one in mine
        if one.failure and one.state is State.PROVEN
    ]


@pages.get("/score/history")
@login_required
def past() -> str | AnyResponse:
    """The daily scores of a year with what happened meanwhile; before the first one the page that says what to do."""
    installation, who = process(), person()
    with installation.reading() as session:
        rows = history(session, who.subject_id, scores.HISTORY_DAYS, installation.clock().date())
        happened = events(session, who.subject_id, scores.HISTORY_DAYS, installation.clock().date())
    if not rows:
        return redirect(url_for("score.score"))
    first, last = rows[0].day, rows[-1].day
    marks = {day: sign for day, sign in _marks(happened) if first <= day <= last}  # those that are drawn
    told = [(event.day, marks.get(event.day, ""), _event(event)) for event in reversed(happened)]
    return render_template("score/history.html", rows=rows, happened=told)


@pages.get("/score/history.svg")
@login_required
def history_chart() -> Response:
    """The daily scores as a line, with the days on which something happened where that is asked for."""
    wanted = drawing.wish()
    installation, who = process(), person()
    today = installation.clock().date()
    with installation.reading() as session:
        rows = history(session, who.subject_id, scores.HISTORY_DAYS, today)
        happened = events(session, who.subject_id, scores.HISTORY_DAYS, today) if wanted["of"] == "events" else []
    if not rows:
        abort(404)
    days = [(row.day, row.score, row.preliminary) for row in rows]
    return drawing.picture(charts.history(days, drawing.look(wanted), _("Points"), _marks(happened)))


def _marks(happened: Iterable[Event]) -> list[tuple[date, str]]:
    """Each day on which something happened, with its number."""
    return [(day, str(number)) for number, day in enumerate(sorted({event.day for event in happened}), 1)]


def _event(event: Event) -> str:
    """A sentence."""
    if event.kind in ("agreed", "withdrawn"):
        purpose, _slash, network = event.what.partition("/")
        what = consents.words(Purpose(purpose), network, language()).title
    else:
        what = TITLES.get(event.what, event.what)
    if event.kind == "dispute over":
        what = str(OUTCOMES[Outcome(event.what)][0])
    return str(EVENTS[event.kind]) % {"what": what}


@pages.get("/score/shares.svg")
@login_required
def shares_chart() -> Response:
    """The points of each network, or of each kind of reaction, as bars."""
    wanted = drawing.wish()
    with process().reading() as session:
        row = newest(session, person().subject_id)
    if row is None:
        abort(404)
    named = _named(row.by_network, TITLES) if wanted["of"] == "networks" else _named(row.by_kind, KINDS)
    return drawing.picture(charts.bars(named, drawing.look(wanted)))


@pages.get("/explanation")
@login_required
def explanation() -> str | AnyResponse:
    """Every point of the newest score: the sum, the steps, the parts with what the score would be without each."""
    installation, who = process(), person()
    page, wish = page_number(), asked()
    with installation.reading() as session:
        explained = explanations.explained(session, who.subject_id)
        if explained is None:
            return redirect(url_for("score.score"))
        found = explained
        told = found.told
        if wants_outcome_only():
            return render_template("score/outcome.html", told=told, asked=wish, answer=answer(told, wish))
        start = (page - 1) * explanations.POSTS_A_PAGE
        if page > 1 and start >= len(told.posts):
            raise MissingError("no such page")
        posts = explanations.posts(session, installation.ring, who.subject_id, told, start)
        loose, loose_points = explanations.postless(told)
        rest = sum(part.points for part in told.posts) - sum(post.part.points for post in posts)
        total = told.total.score
        weeks = explanations.weeks(told)
        return render_template(
            "score/explanation.html",
            found=found,
            told=told,
            basis=explanations.basis(told),
            counts=explanations.counted(told),
            reading=explanations.last_reading(session, who.subject_id),
            weeks=weeks,
            week_names=[format_interval(week.first, week.last, "MMMd", locale=locale()) for week in weeks],
            posts=posts,
            current=page,
            pages=max(1, -(-len(told.posts) // explanations.POSTS_A_PAGE)),
            others=len(told.posts) - len(posts),
            loose=loose,
            sums={
                "networks": explanations.add_up(total, [part.points for part in told.networks]),
                "kinds": explanations.add_up(total, [part.points for part in told.kinds]),
                "weeks": explanations.add_up(total, [part.points for part in told.weeks]),
                "posts": explanations.add_up(total, [*(post.part.points for post in posts), rest, loose_points]),
            },
            forward=[(days, told.forward(days)) for days in FORWARD_DAYS],
            more=[(kind, number, told.with_more(kind, number)) for kind, number in FORWARD_KINDS],
            kinds=KINDS,
            titles=TITLES,
            model=told.model,
            public_key=installation.ring.public_key(),
            disputed=explanations.disputed(told),
            change=scores.change(session, found.stored),
            CHANGES=change_words(language()),
            looks=_looks(session),
            **_switches(told, wish),
            **_coming(session, found),
        )


def _looks(session: Session) -> list[str]:
    """Who has seen something of the person last, in words, and where the others stand (R17, R20)."""
    found = disclosures(session, process().ring, person().subject_id, LOOKS_SHOWN + 1)
    words = [
        f"{role_name(language(), look.role) or _('Recipient')} {recipient}, {format_date(look.made_at, 'medium')}: "
        f"{LOOKS[Reason(look.purpose)]}{f' ({aim})' if aim else ''}"
        for look, recipient, aim in found[:LOOKS_SHOWN]
    ]
    return [*words, _("The older ones stand under “My data”.")] if len(found) > LOOKS_SHOWN else words


def _switches(told: Explanation, wish: Asked) -> dict[str, object]:
    """What the card with the switches needs."""
    return {
        "asked": wish,
        "answer": answer(told, wish),
        "most_days": MOST_DAYS,
        "most_people": MOST_PEOPLE,
        "reactions": REACTIONS,
    }


def _coming(session: Session, found: Explained) -> dict[str, object]:
    """The announced version of the model beside the one that applies, on the person's own data."""
    today = process().clock().date()
    coming = explanations.coming(session, person().subject_id, found.stored.day, today)
    if coming is None:
        return {"coming": None}
    old, new = found.told.model, coming.version.model
    pairs = [(name, old.constants()[name], new.constants()[name]) for name in old.constants()]
    return {
        "coming": coming,
        "new_kinds": {part.label: part.points for part in coming.told.kinds},
        "differences": [
            (CONSTANTS.get(name, KINDS.get(name, name)), *pair) for name, *pair in pairs if len(set(pair)) > 1
        ],
    }


@pages.post("/explanation/file")
@login_required
@limiter.limit(FILES, key_func=by_person)
def file() -> Response:
    """The signed explanation, with the addresses of posts or, to be handed to others, without."""
    installation, form = process(), filled(_Copy())
    if form.errors:
        abort(400)
    reader = Reader(form.values["reader"])
    made = bundles.bundle(installation, person().subject_id, organisation().name, reader)
    response = Response(made.text, mimetype="application/json")
    name = f"klarwert-explanation-{made.day}-{reader}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.get("/explanation/post/<post_id>")
@login_required
def post(post_id: str) -> str:
    """One post: each of its signals down to the last factor."""
    installation, who = process(), person()
    with installation.reading() as session:
        found = _explained(explanations.explained(session, who.subject_id))
        shown = explanations.one_post(session, installation.ring, who.subject_id, found.told, post_id)
    return _signals(found, post_id, shown=shown)


@pages.get("/explanation/followers")
@login_required
def followers() -> str:
    """Signals that belong to no post: numbers of followers, mentions."""
    with process().reading() as session:
        found = _explained(explanations.explained(session, person().subject_id))
    return _signals(found, None)


def _signals(found: Explained, post_id: str | None, **more: object) -> str:
    told = found.told
    listed = explanations.signals_of(told, post_id, page_number())
    with process().reading() as session:
        lenders = {row.actor for row in listed.shown if row.lent and row.actor}
        names = helpers.named(session, process().ring, person().subject_id, lenders) if lenders else {}
    return render_template(
        "score/signals.html",
        told=told,
        listed=listed,
        names=names,
        references=disputes.references(process().ring, person().subject_id, told, listed.shown),
        per_voice=(told.total.score - told.model.lowest) / told.tally.total if told.tally.total else 0.0,
        kinds=KINDS,
        titles=TITLES,
        # The way in which the language writes per cents, with one decimal.
        share_pattern=Locale(language()).percent_formats[None].pattern.replace("##0", "##0.0"),
        **more,
    )


def _explained(found: Explained | None) -> Explained:
    if found is None:
        raise MissingError("no score yet")
    return found


def _way(step: Step, connection_id: str | None) -> str:
    ways = {Step.CONSENT: "consent.overview", Step.CONNECT: "connections.overview"}
    return url_for(ways[step]) if step in ways else url_for("connections.one", connection_id=connection_id)


def _named(points: Mapping[str, float], names: Mapping[str, str]) -> list[Bar]:
    """Points under the names that people read, the most first."""
    ranked = sorted(points.items(), key=lambda item: (-item[1], item[0]))
    return [Bar(str(names.get(label, label)), value) for label, value in ranked]
