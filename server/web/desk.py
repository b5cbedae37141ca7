"""The desk of the data protection officer: one section a subject, and the pages behind them.

A section is one function below, which gives what its part of the page needs, and one template
`desk/sections/NAME.html`; adding one is a line in `SECTIONS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from privacy import hold
from privacy.documents.dpv import as_jsonld
from privacy.documents.render import as_html, as_json, as_markdown
from privacy.documents.write import DOCUMENTS, write
from privacy.hold import HoldError
from privacy.holdings import Due
from privacy.vocabulary import About
from server.models import Role
from server.services import breaches, consents, documents, recipients, requests, stored
from server.services.meanings import meanings
from server.web.guard import for_role
from server.web.schemas import Filled, Form, at_most, filled, said
from server.web.sentences import LOOKS_AT_OTHERS, OUTCOMES
from server.web.state import language, organisation, person, process
from workers import holding, tallies
from workers.models import Dispute
from workers.models.dispute import Outcome
from workers.places import holdings

pages = Blueprint("desk", __name__, url_prefix="/desk")
officers = for_role(Role.DPO, Role.ADMIN)
#: Fewer people than this are not told as a number (R43).
_FEW = 10
_FORMS = {"html": "text/html", "md": "text/markdown", "json": "application/json"}


@dataclass(frozen=True)
class Section:
    """One part of the desk."""

    name: str
    facts: Callable[[Session], Mapping[str, object]]

    @property
    def template(self) -> str:
        """What shows it; the facts are `said` in it."""
        return f"desk/sections/{self.name}.html"


def _requests(session: Session) -> Mapping[str, object]:
    found = requests.open_ones(session, process().ring, process().clock())
    running = [one for one in found if one.running]
    return {"running": running, "unproven": len(found) - len(running)}


def _breaches(session: Session) -> Mapping[str, object]:
    return {"open": [one for one in breaches.everything(session) if one.closed_at is None], "now": process().clock()}


def _retention(session: Session) -> Mapping[str, object]:
    counted = tallies.last(session, "retention")
    if counted is None:
        return {"at": None}
    found = counted.counts.values()
    return {
        "at": counted.at, "stale": counted.stale(process().clock()),
        "due": sum(one["due"] for one in found), "late": sum(one["late"] for one in found),
    }  # fmt: skip


def _holds(session: Session) -> Mapping[str, object]:
    return {"count": hold.count(session)}


def _consents(session: Session) -> Mapping[str, object]:
    """How many say yes, by purpose; small numbers only as such."""
    counted = tallies.last(session, "consents")
    if counted is None:
        return {"at": None}
    counts = {(purpose, network): number for purpose, network, number in counted.counts["yes"]}
    rows = [
        (consents.words(purpose, network, language()).title, _guarded(counts[purpose.value, network]))
        for purpose, network in consents.offered()
        if (purpose.value, network) in counts
    ]
    return {"at": counted.at, "rows": rows}


def _guarded(number: int) -> str:
    """The number, or that it is small: one or two could be somebody one knows."""
    return str(number) if number >= _FEW else _("fewer than %(few)d", few=_FEW)


def _disclosures(session: Session) -> Mapping[str, object]:
    counted = tallies.last(session, "looks")
    if counted is None:
        return {"at": None}
    return {
        "at": counted.at,
        "rows": [(text, counted.counts.get(reason.value, 0)) for reason, text in LOOKS_AT_OTHERS.items()],
    }


def _disputes(session: Session) -> Mapping[str, object]:
    """How many wait for a human, and since when; how those of a year were decided."""
    open_ = select(func.count(), func.min(Dispute.made_at)).where(Dispute.outcome == Outcome.OPEN.value)
    waiting, since = session.execute(open_).one()
    counted = tallies.last(session, "decided")
    counts = counted.counts if counted else {}
    rows = [(text, counts[outcome.value]) for outcome, (text, _) in OUTCOMES.items() if outcome.value in counts]
    return {"waiting": waiting, "since": since, "rows": rows, "at": counted.at if counted else None}


def _recipients(session: Session) -> Mapping[str, object]:
    found = recipients.everything(session)
    return {"count": len(found), "waiting": sum(waiting for _one, waiting in found)}


def _objections(session: Session) -> Mapping[str, object]:
    counted = tallies.last(session, "objections")
    return {"count": counted.counts, "at": counted.at} if counted else {"at": None}


def _documents(_session: Session) -> Mapping[str, object]:
    titles = documents.titles(process(), organisation(), language())
    return {"titles": titles}


def _log(_session: Session) -> Mapping[str, object]:
    return {"size": process().ledger.size(), "head": process().ledger.published()}


SECTIONS = (
    Section("requests", _requests),
    Section("breaches", _breaches),
    Section("retention", _retention),
    Section("holds", _holds),
    Section("consents", _consents),
    Section("disclosures", _disclosures),
    Section("disputes", _disputes),
    Section("recipients", _recipients),
    Section("objections", _objections),
    Section("documents", _documents),
    Section("log", _log),
)


@pages.get("")
@officers
def overview() -> str:
    """All sections."""
    with process().reading() as session:
        found = [(section, section.facts(session)) for section in SECTIONS]
        return render_template("desk/overview.html", sections=found)


@pages.get("/retention")
@officers
def retention() -> str:
    """Every rule with how much there was, what was due and overdue when it was last counted: a dry run."""
    installation, words = process(), meanings(language())
    with installation.reading() as session:
        counted = tallies.last(session, "retention")
    found = {kind: Due(**numbers) for kind, numbers in counted.counts.items()} if counted else {}
    rules = {one.kind: one for one in documents.facts(installation, organisation(), language(), date.min).entries}
    rows: list[tuple[str, str, Due]] = [
        (
            words.kinds[kind].title,
            stored.kept(rules[kind].rule, language(), own=rules[kind].about is About.PARTICIPANT),
            due,
        )
        for kind, due in found.items()
        if kind in rules
    ]
    return render_template(
        "desk/retention.html", rows=sorted(rows, key=lambda row: row[0]), counted=counted,
        stale=counted is not None and counted.stale(installation.clock()),
    )  # fmt: skip


class Asked(Form):
    """Asking for a hold."""

    email = fields.String(validate=at_most(254))
    kind = fields.String()
    reason = fields.String(validate=[said(lambda: str(_("A hold needs a reason."))), at_most(2000)])
    until = fields.String()


@pages.route("/holds", methods=["GET", "POST"])
@officers
def holds() -> str | AnyResponse | tuple[str, int]:
    """The holds, and the form for one more."""
    installation, form = process(), Filled()
    if request.method == "POST":
        form = _ask(filled(Asked()))
        if not form.errors:
            flash(_("Noted, and in the log. The person sees it under “My data”."), "good")
            return redirect(url_for("desk.holds"))
    with installation.reading() as session:
        found = hold.holds(session, installation.ring)
        kinds, amounts = _holdable(), hold.amounts(session)
        mine = {row.id for row, _reason in found if hold.asked_by(installation.ring, row, person().account_id)}
        page = render_template("desk/holds.html", holds=found, form=form, kinds=kinds, mine=mine, amounts=amounts)
    return page, 422 if form.errors else 200


def _holdable() -> Mapping[str, str]:
    return stored.titles(language(), holdings(process()).holdable())


def _ask(form: Filled) -> Filled:
    if form.errors:
        return form
    values = form.values
    if values["kind"] not in _holdable():
        return form.wrong("kind", _("There is no such kind of data."))
    try:
        until = date.fromisoformat(values["until"])
    except ValueError:
        return form.wrong("until", _("Please write the day like 2027-06-30."))
    with process().working() as work:
        subject_id = requests.subject_of(work.session, work.ring, values["email"])
        if subject_id is None:
            return form.wrong("email", _("Nobody has an account with this address."))
        alone = len(requests.deciders(work.session)) < 2  # noqa: PLR2004 - a second person
        try:
            holding.ask(
                work, subject_id, kind=values["kind"], reason=values["reason"], until=until, by=person().account_id,
                alone=alone,
            )  # fmt: skip
        except HoldError:
            return form.wrong("until", _("The day has to lie in the future, and not more than a year away."))
    return form


@pages.post("/holds/<hold_id>/agree")
@officers
def agree(hold_id: str) -> AnyResponse:
    """The second person's yes."""
    with process().working() as work:
        try:
            holding.agree(work, hold_id, person().account_id)
        except HoldError:
            flash(_("Whoever asked for a hold cannot agree to it alone."), "warn")
        else:
            flash(_("The hold is in force."), "good")
    return redirect(url_for("desk.holds"))


@pages.post("/holds/<hold_id>/end")
@officers
def end(hold_id: str) -> AnyResponse:
    """Ends a hold before its day."""
    with process().working() as work:
        hold.end(work.session, hold_id, work.now)
    flash(_("The hold has ended. What was set aside for it is deleted."), "good")
    return redirect(url_for("desk.holds"))


@pages.get("/documents/<name>")
@officers
def document(name: str) -> str | Response:
    """A document as a page, or with `form` as a file."""
    if name not in DOCUMENTS:
        abort(404)
    form = request.args.get("form", "")
    facts = documents.facts(process(), organisation(), language(), process().clock().date())
    made = write(name, facts)
    if not form:
        return render_template("desk/document.html", document=made)
    if form not in _FORMS:
        abort(404)
    text = {"html": as_html, "md": as_markdown, "json": as_json}[form](made)
    if (name, form) == ("ropa", "json"):
        text = as_jsonld(facts)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{language()}.{form}"'}
    return Response(text, mimetype=_FORMS[form], headers=headers)
