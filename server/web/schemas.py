"""Forms as they are read and checked: values to work with, and for each field that is wrong a sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext as _
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from privacy.deadlines import STATES
from server.models import Role
from server.services.passwords import MAX_LENGTH, MIN_LENGTH
from server.services.roles import GIVEN
from server.services.words import LANGUAGES

_MAX_EMAIL = 254
MAX_TYPED = 300
_MAX_FACT = 500
MAX_WRITTEN = 4000
_EARLIEST_YEAR = 1900
Check = Callable[[str], None]


class Secret(fields.String):
    """A text that is taken as it was typed, spaces included, and never shown again."""


def cleaned(text: str) -> str:
    """A typed text as forms take it: without NUL, and space around it does not count."""
    return text.replace("\x00", "").strip()


class Form(Schema):
    """A form: unknown fields are dropped, missing ones are empty, space around a text does not count."""

    class Meta:
        """What was not asked for is not looked at."""

        unknown = EXCLUDE

    @pre_load
    def clean(self, data: Mapping[str, str], **_kwargs: Any) -> dict[str, str]:
        """Every declared field as a text without NUL."""
        texts = {name: data.get(name, "") for name in self.fields}
        return {
            name: text.replace("\x00", "") if isinstance(self.fields[name], Secret) else cleaned(text)
            for name, text in texts.items()
        }


@dataclass(frozen=True)
class Filled:
    """A form as it was filled in: `values` (secrets are missing where something is wrong) and sentences by field."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, name: str, sentence: str) -> "Filled":
        """The same with a sentence at a field."""
        return Filled(self.values, self.errors | {name: [sentence]})


def filled(form: Form) -> Filled:
    """Reads the form that was sent."""
    try:
        return Filled(form.load(request.form.to_dict()))
    except ValidationError as error:
        typed = form.clean(request.form.to_dict())
        shown = {name: text for name, text in typed.items() if not isinstance(form.fields[name], Secret)}
        return Filled(shown, dict(error.messages_dict))


def said(sentence: Callable[[], str]) -> Check:
    """A check that wants a text at all."""

    def check(text: str) -> None:
        if not text:
            raise ValidationError(sentence())

    return check


def at_most(longest: int) -> Check:
    """A check that wants a text of so many characters at most."""

    def check(text: str) -> None:
        if len(text) > longest:
            raise ValidationError(_("Please use %(number)d characters at most.", number=longest))

    return check


def written(longest: int) -> fields.String:
    """A text that must be there, of so many characters at most."""
    return fields.String(validate=[said(_nothing), at_most(longest)])


def _nothing() -> str:
    return str(_("Please write something here."))


def _email(text: str) -> None:
    wrong = _("This is not an e-mail address. It looks like name@example.org.")
    if len(text) > _MAX_EMAIL:
        raise ValidationError(_("This address is too long."))
    validate.Email(error=wrong)(text)


def _new_password(text: str) -> None:
    if len(text) < MIN_LENGTH:
        raise ValidationError(_("The password needs at least %(number)d characters.", number=MIN_LENGTH))
    if len(text) > MAX_LENGTH:
        raise ValidationError(_("The password may have %(number)d characters at most.", number=MAX_LENGTH))


def year_of_birth(text: str, this_year: int) -> int | None:
    """The year if it can be one in which somebody was born who fills in a form."""
    year = int(text) if text.isascii() and text.isdigit() and len(text) == len("2000") else 0
    return year if _EARLIEST_YEAR <= year <= this_year else None


def _no_password() -> str:
    return str(_("Please type your password."))


def email_field() -> fields.String:
    """An e-mail address."""
    return fields.String(validate=_email)


def password_field() -> Secret:
    """The password that somebody has."""
    return Secret(validate=said(_no_password))


def _no_code() -> str:
    return str(_("Please type the code."))


def new_password_field() -> Secret:
    """A password that somebody chooses."""
    return Secret(validate=_new_password)


class SignUp(Form):
    """Signing up. The year of birth is looked at by the view first, and stored nowhere (R6)."""

    email = email_field()
    password = new_password_field()


class SignIn(Form):
    """Signing in: whatever is typed gets the same answer."""

    email = fields.String()
    password = Secret()


class AskReset(Form):
    """Asking for a link to choose a new password."""

    email = email_field()


class Reset(Form):
    """Choosing a new password by link."""

    password = new_password_field()


class Confirm(Form):
    """Confirming an address by link."""

    password = password_field()


class Sure(Form):
    """The password says that it is the person who wants it."""

    password = password_field()


class TypeCode(Form):
    """A code of an app, or a recovery code."""

    code = fields.String(validate=said(_no_code))


class ChangePassword(Form):
    """Choosing a new password while signed in."""

    old = password_field()
    new = new_password_field()


class ChangeEmail(Form):
    """Moving to another address."""

    email = email_field()
    password = password_field()


class ChooseLanguage(Form):
    """Another language, and the page to go back to."""

    lang = fields.String(validate=validate.OneOf(LANGUAGES))
    next = fields.String()


class Answer(Form):
    """Yes or no to the notice with this digest."""

    answer = fields.String(validate=validate.OneOf(["yes", "no"]))
    digest = fields.String()


def _typed(text: str) -> None:
    if not text:
        raise ValidationError(_("Please type the name of your account."))
    if len(text) > MAX_TYPED:
        raise ValidationError(_("That is too long for the name of an account."))


class Invite(Form):
    """Whom to invite to which role."""

    email = email_field()
    role = fields.String(validate=validate.OneOf([role.value for role in GIVEN]))


class ChangeRole(Form):
    """Which role a member has from now on; that of a participant takes theirs away."""

    role = fields.String(validate=validate.OneOf([role.value for role in Role]))


def _no_words() -> str:
    return str(_("Please write something."))


class Said(Form):
    """A finding or its answer; `about` is the label of what it is about."""

    text = fields.String(validate=[said(_no_words), at_most(MAX_WRITTEN)])
    about = fields.String()


class Claim(Form):
    """The account on a network that somebody says is theirs."""

    typed = fields.String(validate=_typed)


def _no_fact() -> str:
    return str(_("Please fill this in; the law asks for it."))


def _state(text: str) -> None:
    if text and text not in STATES:
        raise ValidationError(_("There is no such federal state."))


def facts_form(names: tuple[str, ...]) -> Form:
    """The form for those facts about the organisation that the environment does not say."""
    facts = [said(_no_fact), at_most(_MAX_FACT)]
    checks = {name: _state if name == "state" else facts for name in names}
    made = Form.from_dict({name: fields.String(validate=check) for name, check in checks.items()}, name="Facts")
    return made()  # type: ignore[return-value]  # from_dict gives a subclass of this class
