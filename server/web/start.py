"""Where somebody who signed in goes first."""

from flask import url_for

from server.models import Role
from server.services import consents
from server.web.state import organisation, person, process


def way_in() -> str:
    """The score; before the first decision the choice of a network; an auditor's room; the facts of a new house."""
    someone = person()
    if not organisation().complete:
        return url_for("organisation.facts") if someone.role is Role.ADMIN else url_for("score.score")
    if someone.role is Role.AUDITOR:
        return url_for("audit.room")
    with process().reading() as session:
        decided = any(topic.asked for topic in consents.topics(session, someone.subject_id))
    return url_for("score.score") if decided else url_for("consent.choose")
