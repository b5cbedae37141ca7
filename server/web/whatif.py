"""The switches of the explanation: what somebody asks for in the address, read and checked."""

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.services.missing import MissingError
from server.services.whatif import Asked
from workers.scoring.model import KLARWERT_1

MOST_DAYS = 120
MOST_PEOPLE = 1000
_MOST_SWITCHES = 500
#: Kinds of reaction that more people may be wished for.
REACTIONS = tuple(KLARWERT_1.weights)


class _Switches(Schema):
    """The form of the switches: what is left empty is not asked."""

    class Meta:
        unknown = EXCLUDE

    network = fields.List(fields.String(), load_default=[])
    kind = fields.List(fields.String(), load_default=[])
    post = fields.List(fields.String(), load_default=[], validate=validate.Length(max=_MOST_SWITCHES))
    week = fields.List(fields.Integer(), load_default=[])
    lent = fields.List(fields.Boolean(), load_default=[])
    people = fields.List(fields.Integer(validate=validate.Range(0, MOST_PEOPLE)), load_default=[])
    more = fields.List(fields.String(validate=validate.OneOf(REACTIONS)), load_default=[])
    again = fields.List(fields.String(), load_default=[])
    days = fields.List(fields.Integer(validate=validate.Range(0, MOST_DAYS)), load_default=[])


def asked() -> Asked:
    """What the address asks for. Raises `MissingError` for numbers that are none, or out of their range."""
    typed = {name: [text for text in texts if text.strip()] for name, texts in request.args.to_dict(flat=False).items()}
    try:
        said = _Switches().load(typed)
    except ValidationError:
        raise MissingError("no such wish") from None
    return Asked(
        networks=frozenset(said["network"]),
        kinds=frozenset(said["kind"]),
        posts=frozenset(said["post"]),
        weeks=frozenset(said["week"]),
        lent=any(said["lent"]),
        kind=(said["more"] or [REACTIONS[0]])[0],
        people=(said["people"] or [0])[0],
        again=(said["again"] or [""])[0],
        days=(said["days"] or [0])[0],
    )


def wants_outcome_only() -> bool:
    """Does a script on the page ask for the recomputed score alone?"""
    return request.headers.get("X-Part") == "outcome"
