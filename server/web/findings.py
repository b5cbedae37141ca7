"""What auditors found, for the organisation: each finding is answered once."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.models import Role
from server.services import findings
from server.web.guard import for_role
from server.web.schemas import Filled, Said, filled
from server.web.state import process

pages = Blueprint("findings", __name__)


@pages.get("/organisation/findings")
@for_role(Role.ADMIN)
def overview() -> str:
    """All findings; those without an answer first."""
    return _overview(Filled())


def _overview(form: Filled, wrong: str = "") -> str:
    with process().reading() as session:
        every = findings.findings(session, process().ring)
    return render_template("audit/answers.html", findings=every, form=form, wrong=wrong)


@pages.post("/organisation/findings/<finding_id>")
@for_role(Role.ADMIN)
def answer(finding_id: str) -> Response | tuple[str, int]:
    """Answers a finding."""
    form = filled(Said())
    if form.errors:
        return _overview(form, finding_id), 422
    with process().working() as work:
        findings.answer(work, finding_id, form.values["text"])
    flash(_("Answered, and noted in the log."), "good")
    return redirect(url_for("findings.overview"))
