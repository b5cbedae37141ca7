"""The auditor's room: draw, look, have checked, download, hold the log against the last visit, write findings."""

import json
from datetime import date, datetime

import numpy as np
from babel.dates import format_interval
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields, validate
from werkzeug.wrappers import Response as AnyResponse

from server.models import Role
from server.services import audits, explanations, findings, log_checks, members
from server.services.audits import DrawnAlreadyError, NoScoresError
from server.services.looks import Viewer, Why
from server.services.missing import MissingError
from server.services.words import role_name
from server.web.guard import TRIES, by_person, for_role, limiter
from server.web.kinds import KINDS
from server.web.schemas import Filled, Form, Said, filled
from server.web.sentences import NOTED, RECOUNTS, VERDICTS
from server.web.state import language, locale, organisation, page_number, person, process
from workers import logbook
from workers.audit import figures
from workers.catalogue import NETWORKS
from workers.scoring.explain import Explanation
from workers.scoring.model import KLARWERT_1

pages = Blueprint("audit", __name__)
posts = limiter.limit(TRIES, key_func=by_person, methods=["POST"])
TITLES = {name: facts.title for name, facts in NETWORKS.items()}
_LONGEST_NUMBER = 40


class Lots(Form):
    """A draw: the auditor's own number, and how many scores."""

    number = fields.String(validate=validate.Regexp(rf"[0-9]{{1,{_LONGEST_NUMBER}}}\Z"))
    size = fields.String(validate=validate.Regexp(r"[0-9]{1,2}\Z"))


def viewer() -> Viewer:
    """Who looks."""
    who = person()
    return Viewer(who.account_id, who.subject_id, who.role)


@pages.get("/audit")
@for_role(Role.AUDITOR)
def room() -> str:
    """The newest day, what was drawn, the log."""
    return _room(Filled({"size": "5"}))


def _room(form: Filled) -> str:
    installation = process()
    with installation.reading() as session:
        found = audits.room(session, viewer())
        return render_template(
            "audit/room.html",
            room=found,
            form=form,
            largest=audits.LARGEST,
            lots={one.id: audits.numbers(one, samples) for one, samples in found.draws},
            busy=any(one.computing or one.counting for _draw, samples in found.draws for one in samples),
            log=log_checks.last(session, person().subject_id),
            verdicts=VERDICTS,
            mine=members.label(installation.ring, person().account_id),
        )


@pages.post("/audit/draw")
@for_role(Role.AUDITOR)
@posts
def draw() -> AnyResponse | tuple[str, int]:
    """Draws a sample by the auditor's number."""
    form = filled(Lots())
    size = int(form.values["size"]) if not form.errors else 0
    if "number" in form.errors:
        form = form.wrong("number", _("Please type a number of your own, of 1 to 40 digits."))
    if "size" in form.errors or (not form.errors and not 1 <= size <= audits.LARGEST):
        form = form.wrong("size", _("Please type a number from 1 to %(largest)d.", largest=audits.LARGEST))
    if form.errors:
        return _room(form), 422
    try:
        with process().working() as work:
            audits.draw_sample(work, viewer(), form.values["number"], size)
    except DrawnAlreadyError:
        flash(_("You have drawn a sample of this day already. The next day brings the next one."), "warn")
    except NoScoresError:
        flash(_("There are no published scores yet."), "warn")
    return redirect(url_for("audit.room"))


@pages.post("/audit/log")
@for_role(Role.AUDITOR)
@posts
def check_log() -> AnyResponse:
    """Holds the log against that of the last visit."""
    logbook.append(process())
    found = log_checks.check(process(), person().subject_id)
    if found is None:
        flash(_("There is no published checkpoint yet."), "warn")
    elif not found.held:
        flash(_("The log does not go on from what you saw last. Please write this down as a finding."), "bad")
    return redirect(url_for("audit.room"))


@pages.get("/audit/sample/<sample_id>")
@for_role(Role.AUDITOR)
def sample(sample_id: str) -> str:
    """One drawn score: what the checks found, and the buttons to start them."""
    with process().reading() as session:
        drawn, one = audits.shown(session, viewer(), sample_id)
    return render_template(
        "audit/sample.html",
        drawn=drawn,
        one=one,
        verdicts=VERDICTS,
        recounts=RECOUNTS,
        kinds=KINDS,
        titles=TITLES,
        invented=process().settings.demo,
        moment=datetime.fromisoformat,
    )


@pages.post("/audit/sample/<sample_id>/recompute")
@for_role(Role.AUDITOR)
@posts
def recompute(sample_id: str) -> AnyResponse:
    """Has the score computed anew."""
    return _ask(sample_id, "recompute")


@pages.post("/audit/sample/<sample_id>/recount")
@for_role(Role.AUDITOR)
@posts
def recount(sample_id: str) -> AnyResponse:
    """Has some of its posts collected anew; in the demo there is no network to ask."""
    if process().settings.demo:
        flash(_("This account is invented, as everything in the demo is: no network is asked."), "info")
        return redirect(url_for("audit.sample", sample_id=sample_id))
    return _ask(sample_id, "recount")


def _ask(sample_id: str, job: str) -> AnyResponse:
    with process().working() as work:
        audits.ask(work, viewer(), sample_id, job)
    return redirect(url_for("audit.sample", sample_id=sample_id))


@pages.get("/audit/sample/<sample_id>/explanation")
@for_role(Role.AUDITOR)
def explanation(sample_id: str) -> str:
    """The explanation as its person has it, with labels; the look is noted first."""
    told, one, day = _look(sample_id, Why.EXPLANATION)
    total = told.total.score
    loose, loose_points = explanations.postless(told)
    weeks = explanations.weeks(told)
    return render_template(
        "audit/explanation.html",
        told=told,
        one=one,
        day=day,
        basis=explanations.basis(told),
        counts=explanations.counted(told),
        weeks=weeks,
        week_names=[format_interval(week.first, week.last, "MMMd", locale=locale()) for week in weeks],
        networks_of=_networks(told),
        loose=(loose, loose_points),
        sums={
            "networks": explanations.add_up(total, [part.points for part in told.networks]),
            "kinds": explanations.add_up(total, [part.points for part in told.kinds]),
            "weeks": explanations.add_up(total, [part.points for part in told.weeks]),
            "posts": explanations.add_up(total, [*(part.points for part in told.posts), loose_points]),
        },
        kinds=KINDS,
        titles=TITLES,
        model=KLARWERT_1,
    )


@pages.get("/audit/sample/<sample_id>/explanation/<int:rank>")
@for_role(Role.AUDITOR)
def signals(sample_id: str, rank: int) -> str:
    """The signals of one post (by its rank), or with 0 those that belong to none; the look is noted first."""
    told, one, day = _look(sample_id, Why.SIGNALS)
    post = next((part for part in told.posts if part.rank == rank), None)
    if rank and post is None:
        raise MissingError("no such post")
    listed = explanations.signals_of(told, post.label if post else None, page_number())
    return render_template(
        "audit/signals.html", told=told, one=one, day=day, rank=rank, post=post, listed=listed, kinds=KINDS,
        titles=TITLES,
    )  # fmt: skip


def _look(sample_id: str, why: Why) -> tuple[Explanation, audits.Shown, date]:
    """Notes a look, then gives the explanation. Raises `MissingError`."""
    with process().working() as work:
        audits.look(work, viewer(), sample_id, why)
    with process().reading() as session:
        drawn, one = audits.shown(session, viewer(), sample_id)
        return audits.explanation(session, viewer(), sample_id), one, drawn.day


def _networks(told: Explanation) -> dict[str, str]:
    """The network of each post, by its id."""
    signals_ = told.frame.signals
    first = {}
    for post, row in zip(*np.unique(signals_.post, return_index=True), strict=True):
        if post >= 0:
            first[signals_.posts[int(post)]] = signals_.networks[int(signals_.network[row])]
    return first


@pages.post("/audit/sample/<sample_id>/file")
@for_role(Role.AUDITOR)
@posts
def file(sample_id: str) -> Response:
    """The signed explanation with labels."""
    made = audits.file(process(), viewer(), sample_id, organisation().name)
    return _download(made.text, f"klarwert-audit-{made.day}-{_label(sample_id)}.json")


@pages.post("/audit/sample/<sample_id>/proof")
@for_role(Role.AUDITOR)
@posts
def proof(sample_id: str) -> Response:
    """The way of the score up to the root of its day, and of the root into the log."""
    with process().working() as work:
        told, entry_id = audits.score_proof(work, viewer(), sample_id)
    told["log"] = logbook.openings(process(), [entry_id])
    return _download(json.dumps(told, indent=1), f"klarwert-proof-{told['day']}-{_label(sample_id)}.json")


def _label(sample_id: str) -> str:
    with process().reading() as session:
        return audits.shown(session, viewer(), sample_id)[1].label


def _download(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="application/json", headers=headers)


@pages.get("/audit/figures")
@for_role(Role.AUDITOR)
def overview() -> str:
    """Figures over everybody, versions, and what the log says about the installation."""
    with process().reading() as session:
        return render_template(
            "audit/figures.html",
            decided=audits.decided(session, process().ring, viewer()),
            roles={role.value: role_name(language(), role) for role in Role},
            figures=figures.newest(session),
            least=figures.LEAST,
            versions=log_checks.versions(session),
            events=log_checks.events(session),
            names=NOTED,
            kinds=KINDS,
            titles=TITLES,
            model=KLARWERT_1,
        )


@pages.route("/audit/findings", methods=["GET", "POST"])
@for_role(Role.AUDITOR)
@posts
def own_findings() -> str | AnyResponse | tuple[str, int]:
    """What this auditor found, with the answers; and the form for the next one."""
    labels = _labels()
    form = filled(Said()) if request.method == "POST" else Filled()
    if request.method == "POST" and not form.errors:
        about = form.values["about"] if form.values["about"] in labels else ""
        with process().working() as work:
            findings.write(work, person().subject_id, form.values["text"], about)
        flash(_("Written down, and noted in the log. The organisation answers here."), "good")
        return redirect(url_for("audit.own_findings"))
    with process().reading() as session:
        mine = findings.findings(session, process().ring, person().subject_id)
    page = render_template("audit/findings.html", findings=mine, form=form, labels=labels)
    return page, 422 if form.errors else 200


def _labels() -> list[str]:
    """Labels of everything that this auditor drew, the newest draw first."""
    with process().reading() as session:
        return [one.label for _draw, samples in audits.room(session, viewer()).draws for one in samples]
