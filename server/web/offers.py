"""Offers by topics and score: those that fit a participant, and where the organisation makes them."""

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate
from werkzeug.wrappers import Response as AnyResponse

from privacy.disclosure import FORBIDDEN, ForbiddenUseError, Reason
from privacy.vocabulary import Purpose
from server.models import Role
from server.services import consents, offers
from server.services.looks import Viewer
from server.services.offers import FullError
from server.services.topics import name_of
from server.web.guard import by_person, for_role, limiter, login_required
from server.web.schemas import MAX_WRITTEN, Filled, Form, filled, written
from server.web.sentences import CLOSED, CLOSED_BY, LOOKS_AT_OTHERS
from server.web.state import language, person, process
from workers.topics import taxonomy

pages = Blueprint("offers", __name__)
makers = for_role(Role.STAFF, Role.ADMIN)
Answer = str | AnyResponse | tuple[str, int]
_LONG = 200
_MOST_PLACES = 100_000
#: For so many days an offer can stand at most: nobody's taking of it is kept for longer.
_LONGEST = 365
OFTEN = "30 per hour"


class Reached(Form):
    """How the organisation may reach somebody who takes an offer."""

    reach = written(_LONG)


@pages.get("/offers")
@login_required
def overview() -> Answer:
    """The offers that fit, and those that the person took."""
    return _overview(Filled())


@pages.post("/offers/<offer_id>")
@login_required
@limiter.limit(OFTEN, key_func=by_person)
def take(offer_id: str) -> Answer:
    """Takes one."""
    form = filled(Reached())
    if form.errors:
        return _overview(form, offer_id)
    try:
        with process().working() as work:
            offers.take(work, person().subject_id, offer_id, form.values["reach"])
        flash(_("Taken. The organisation now sees how it may reach you."), "good")
    except FullError:
        flash(_("All places of this offer are taken. The organisation learned nothing of you."), "warn")
    return redirect(url_for("offers.overview"))


def _overview(form: Filled, wrong: str = "") -> Answer:
    installation, mine = process(), person().subject_id
    with installation.reading() as session:
        page = render_template(
            "consent/offers.html",
            agreed=consents.topic(session, mine, Purpose.PERKS, "").granted,
            offers=offers.fitting(session, installation.ring, mine, installation.clock().date()),
            taken=offers.mine(session, installation.ring, mine),
            topics=_topics(),
            form=form,
            wrong=wrong,
        )
    return page, 422 if form.errors else 200


def _number(text: str, lowest: int, highest: int) -> None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(highest)) else -1
    if not lowest <= number <= highest:
        raise ValidationError(_("Please write a number from %(low)d to %(high)d.", low=lowest, high=highest))


def _until(text: str) -> None:
    today = process().clock().date()
    try:
        there = today <= date.fromisoformat(text) <= today + timedelta(days=_LONGEST)
    except ValueError:
        there = False
    if not there:
        raise ValidationError(_("Please write a day from today on, within a year, like 2027-06-30."))


def _topic(text: str) -> None:
    if text and text not in _topics():
        raise ValidationError(_("There is no such topic."))


class Made(Form):
    """A new offer."""

    purpose = fields.String(validate=validate.OneOf([Reason.CAMPAIGN.value, *FORBIDDEN]))
    title = written(_LONG)
    text = written(MAX_WRITTEN)
    from_score = fields.String(validate=lambda text: _number(text, 1, 100))
    topic = fields.String(validate=_topic)
    until = fields.String(validate=_until)
    places = fields.String(validate=lambda text: _number(text, 1, _MOST_PLACES))


@pages.route("/organisation/offers", methods=["GET", "POST"])
@makers
def made() -> Answer:
    """All offers with how many places are taken, and the form for another one."""
    form = filled(Made()) if request.method == "POST" else Filled({"purpose": Reason.CAMPAIGN.value})
    if request.method == "POST" and not form.errors:
        try:
            _make(form.values)
        except ForbiddenUseError as error:
            closed = _("Klarwert gives no score for this, whoever asks: %(law)s.", law=CLOSED_BY[error.use])
            form = form.wrong("purpose", closed)
        else:
            flash(_("The offer stands. Whom it fits sees it on their own page."), "good")
            return redirect(url_for("offers.made"))
    with process().reading() as session:
        page = render_template(
            "organisation/offers.html",
            offers=offers.everything(session),
            form=form,
            purposes={Reason.CAMPAIGN.value: LOOKS_AT_OTHERS[Reason.CAMPAIGN], **CLOSED},
            closed=[(CLOSED[use], CLOSED_BY[use]) for use in FORBIDDEN],
            topics=_topics(),
            today=process().clock().date(),
        )
    return page, 422 if form.errors else 200


def _make(values: dict[str, str]) -> None:
    with process().working() as work:
        offers.make(
            work, values["purpose"], title=values["title"], text=values["text"], topic=values["topic"],
            from_score=int(values["from_score"]), until=date.fromisoformat(values["until"]),
            places=int(values["places"]),
        )  # fmt: skip


@pages.get("/organisation/offers/<offer_id>")
@makers
def one(offer_id: str) -> str:
    """Those who took an offer, as they want to be reached; each of them sees that somebody looked (R20)."""
    who = person()
    with process().working() as work:
        offer, taken = offers.taken_by(work, Viewer(who.account_id, who.subject_id, who.role), offer_id)
        return render_template(
            "organisation/offer.html", one=offer, taken=taken, topics=_topics(), today=work.today
        )  # fmt: skip


@pages.post("/organisation/offers/<offer_id>/close")
@makers
def close(offer_id: str) -> AnyResponse:
    """Ends an offer."""
    with process().working() as work:
        offers.close(work, offer_id)
    flash(_("Closed. Nobody can take it any more."), "good")
    return redirect(url_for("offers.made"))


def _topics() -> dict[str, str]:
    """Slug to name, by name."""
    names = taxonomy.names(process().settings.topics_table)
    found = {slug: name_of(slug, names, language()) for slug in names}
    return dict(sorted(found.items(), key=lambda each: each[1].casefold()))
