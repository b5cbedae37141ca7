"""Recipients for the officer: who they are, how they are told, what they got, what they answered (Art. 19)."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate, validates_schema
from werkzeug.wrappers import Response

from privacy.disclosure import Reason
from privacy.recipient import Channel
from server.models import Role
from server.services import recipients, removal
from server.services.recipients import REASONS, WHAT, NotAllowedError
from server.services.requests import subject_of
from server.services.words import LANGUAGES
from server.web.guard import for_role
from server.web.schemas import Filled, Form, at_most, email_field, filled, written
from server.web.sentences import ACTS, ANSWERS, CHANNELS, LOOKS_AT_OTHERS, NEWS_STATES, SEEN
from server.web.state import language, process
from workers import telling

pages = Blueprint("recipients", __name__, url_prefix="/desk/recipients")
officers = for_role(Role.DPO, Role.ADMIN)
Answer = str | Response | tuple[str, int]
_LONG = 300


class Registered(Form):
    """Who it is, and how they are told."""

    name = written(_LONG)
    channel = fields.String(validate=validate.OneOf([channel.value for channel in Channel]))
    address = written(_LONG)
    language = fields.String(validate=validate.OneOf(LANGUAGES))

    @validates_schema
    def fits(self, values: dict[str, str], **_kwargs: object) -> None:
        """The address is one of the channel."""
        if values["channel"] == Channel.MAIL:
            email_field().deserialize(values["address"], "address")
        elif not recipients.can_be_asked(process().settings, values["address"]):
            raise ValidationError(_("Please give an address that begins with https://."), "address")


class Handed(Form):
    """What they get of whom."""

    email = fields.String(validate=at_most(254))
    reason = fields.String(validate=validate.OneOf([reason.value for reason in REASONS]))
    what = fields.String(validate=validate.OneOf(WHAT))


@pages.route("", methods=["GET", "POST"])
@officers
def overview() -> Answer:
    """All recipients, and the form for one more."""
    form = filled(Registered()) if request.method == "POST" else Filled({"language": language()})
    if request.method == "POST" and not form.errors:
        with process().working() as work:
            made = recipients.register(work, **form.values)
        flash(_("Registered."), "good")
        return redirect(url_for("recipients.one", recipient_id=made.id))
    with process().reading() as session:
        page = render_template(
            "desk/recipients.html", recipients=recipients.everything(session), people=recipients.people(session),
            form=form, CHANNELS=CHANNELS,
        )  # fmt: skip
    return page, 422 if form.errors else 200


@pages.get("/<recipient_id>")
@officers
def one(recipient_id: str) -> str:
    """One recipient with what they were told."""
    return _one(recipient_id)


def _one(recipient_id: str, form: Filled | None = None, handing: Filled | None = None) -> str:
    with process().reading() as session:
        found = recipients.one(session, recipient_id)
        own = {name: getattr(found, name) for name in ("name", "channel", "address", "language")}
        return render_template(
            "desk/recipient.html",
            one=found,
            news=telling.of_recipient(session, recipient_id),
            form=form or Filled(own),
            handing=handing or Filled(),
            reasons={reason: LOOKS_AT_OTHERS[reason] for reason in REASONS},
            what={name: SEEN[name] for name in WHAT},
            public_key=process().ring.public_key(),
            CHANNELS=CHANNELS,
            ACTS=ACTS,
            ANSWERS=ANSWERS,
            STATES=NEWS_STATES,
        )


@pages.post("/<recipient_id>")
@officers
def change(recipient_id: str) -> Answer:
    """Changes how they are told."""
    form = filled(Registered())
    if form.errors:
        return _one(recipient_id, form), 422
    with process().working() as work:
        recipients.change(work, recipient_id, **form.values)
    flash(_("Saved."), "good")
    return redirect(url_for("recipients.one", recipient_id=recipient_id))


@pages.post("/<recipient_id>/remove")
@officers
def remove(recipient_id: str) -> Response:
    """Ends it with them."""
    with process().working() as work:
        removal.remove(work, recipient_id)
    flash(_("Removed. They are told now to delete what they got."), "good")
    return redirect(url_for("recipients.overview"))


@pages.post("/<recipient_id>/give")
@officers
def give(recipient_id: str) -> Answer:
    """Records that they get something, and shows the reference that has to go with it."""
    form = filled(Handed())
    with process().working() as work:
        subject_id = subject_of(work.session, work.ring, form.values["email"])
        if not form.errors and subject_id is None:
            form = form.wrong("email", _("Nobody has an account with this address."))
        if not form.errors and subject_id is not None:
            values = form.values
            try:
                said_by = recipients.give(work, recipient_id, subject_id, Reason(values["reason"]), values["what"])
            except NotAllowedError:
                sentence = _("This person has not agreed to that, or has restricted the use of their data.")
                form = form.wrong("email", sentence)
            else:
                note = _("Recorded; the person sees it. Give it under this reference, without a name: %(reference)s")
                flash(note % {"reference": said_by}, "good")
    if form.errors:
        return _one(recipient_id, handing=form), 422
    return redirect(url_for("recipients.one", recipient_id=recipient_id))


@pages.post("/<recipient_id>/again/<told_id>")
@officers
def again(recipient_id: str, told_id: str) -> Response:
    """Tries for another week."""
    with process().working() as work:
        telling.again(work, told_id)
    flash(_("It is sent again."), "good")
    return redirect(url_for("recipients.one", recipient_id=recipient_id))
