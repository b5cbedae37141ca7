"""All pages of the product: which blueprints there are, and what every template may use."""

from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from flask_login import current_user

from privacy.documents.law import pieces
from server.models import Role
from server.services import figures
from server.services.organisations import DEMO_LOGIN
from server.services.words import autonyms
from server.web import (
    account,
    archives,
    ask,
    audit,
    breaches,
    connections,
    consent,
    data,
    design,
    desk,
    digests,
    disputes,
    entering,
    findings,
    leaving,
    log,
    lookups,
    members,
    networks,
    offers,
    organisation,
    part,
    profile,
    public,
    recipients,
    requests,
    score,
    security,
    topics,
    webmentions,
)
from server.web.errors import came_from, can_be_read
from server.web.start import onboarding
from server.web.state import frozen, language, locale, process
from server.web.state import organisation as who
from workers.catalogue import NETWORKS

BLUEPRINTS = (
    public.pages,
    account.pages,
    entering.pages,
    security.pages,
    consent.pages,
    connections.pages,
    archives.pages,
    score.pages,
    topics.pages,
    disputes.pages,
    data.pages,
    part.pages,
    leaving.pages,
    organisation.pages,
    webmentions.pages,
    design.pages,
    members.pages,
    findings.pages,
    audit.pages,
    networks.pages,
    log.pages,
    profile.pages,
    lookups.pages,
    lookups.programs,
    offers.pages,
    ask.pages,
    desk.pages,
    requests.pages,
    recipients.pages,
    breaches.pages,
    digests.pages,
)
#: Pages that stand under the menu entry of another blueprint, by the first word of their path.
_SECTIONS = {
    "explanation": "score",
    "topics": "score",
    "disputes": "score",
    "archives": "connections",
    "comparison": "consent",
    "profile": "consent",
    "lookup": "consent",
    "offers": "consent",
    "data": "data",
    "account": "account",
    "organisation": "organisation",
    "desk": "desk",
    "audit": "audit",
}
_STATIC = Path(__file__).parent / "static"


def register(app: Flask) -> None:
    """Adds all pages to the app."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.context_processor(common)
    app.add_template_global(asset)
    app.add_template_global(pieces, "law_pieces")
    app.add_template_filter(isoday)
    app.add_template_filter(lambda value: figures.score(value, locale()), "score")
    app.add_template_filter(lambda value: figures.points(value, locale()), "points")
    app.add_template_filter(lambda number: figures.size(number, locale()), "size")
    app.add_template_filter(lambda moment, width="short": figures.clock(moment, locale(), width), "clock")
    app.add_template_global(onboarding)


def common() -> dict[str, object]:
    """What every template has at hand."""
    signed_in = current_user if current_user.is_authenticated else None
    return {
        "language": language(),
        "languages": autonyms(),
        "organisation": who(),
        "demo": process().settings.demo,
        "demo_login": DEMO_LOGIN,
        "networks": NETWORKS,
        "person": signed_in,
        "frozen": frozen() if signed_in else None,
        "menu": _menu() if signed_in else (),
        "section": _section(),
        "here": _here(),
    }


def isoday(text: str) -> str:
    """A day that is kept as text (ISO), as the language writes it."""
    return str(format_date(date.fromisoformat(text)))


def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep the file for long."""
    return url_for("static", filename=name, v=_version(name))


@cache
def _version(name: str) -> str:
    return sha256((_STATIC / name).read_bytes()).hexdigest()[:10]


def _menu() -> list[tuple[str, str, str]]:
    """Blueprint, endpoint and text of the main menu of somebody signed in."""
    ways = [
        ("score", "score.score", _("Score")),
        ("connections", "connections.overview", _("Accounts")),
        ("consent", "consent.overview", _("Consents")),
        ("data", "data.overview", _("My data")),
        ("account", "account.settings", _("Settings")),
    ]
    if current_user.role is Role.AUDITOR:
        ways.insert(0, ("audit", "audit.room", _("Audit")))
    if current_user.role in (Role.DPO, Role.ADMIN):
        ways.append(("desk", "desk.overview", _("Data protection")))
    if current_user.role is Role.STAFF:
        ways.append(("disputes", "disputes.to_decide", _("Disputes")))
        ways.append(("offers", "offers.made", _("Offers")))
    if current_user.role is Role.ADMIN:
        ways.append(("organisation", "organisation.overview", _("Organisation")))
    return ways


def _section() -> str | None:
    """Under which entry of the menu a page stands: by the first word of its path, else its own blueprint."""
    return _SECTIONS.get(request.path.split("/")[1], request.blueprint)


def _here() -> str:
    """Where choosing a language leads back to: this page if it can be read, else the one whose form was refused."""
    return request.full_path.rstrip("?") if can_be_read() else came_from() or "/"
