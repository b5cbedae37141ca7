"""Answers with a chart: which drawing of it a page asks for, and the picture."""

from collections.abc import Mapping

from flask import Response, abort, request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.web import charts
from server.web.charts import Look
from server.web.state import language


class _Wish(Schema):
    """Which drawing of a chart is asked for."""

    class Meta:
        unknown = EXCLUDE

    theme = fields.String(load_default="light", validate=validate.OneOf(list(charts.THEMES)))
    size = fields.String(load_default="wide", validate=validate.OneOf(["wide", "small"]))
    of = fields.String(load_default="networks", validate=validate.OneOf(["networks", "kinds", "events"]))


def wish() -> dict[str, str]:
    """What the address asks for: `theme`, `size` and `of`; aborts with 404 where there is no such thing."""
    try:
        return dict(_Wish().load(request.args.to_dict()))
    except ValidationError:
        abort(404)


def look(wanted: Mapping[str, str]) -> Look:
    """For whom it is drawn."""
    return Look(wanted["theme"], language(), small=wanted["size"] == "small")


def picture(spec: charts.Spec) -> Response:
    """The drawing; a browser that has it already is told so, before anything is drawn."""
    response = Response(mimetype="image/svg+xml")
    response.set_etag(charts.digest(spec, language()))
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    if response.status_code != 304:  # noqa: PLR2004 - not modified
        response.set_data(charts.draw(spec, language()))
    return response
