"""Where somebody who signed in goes first."""

from flask import url_for

from server.models import Role
from server.services import consents, scores
from server.services.scores import Step
from server.web.state import organisation, person, process
from workers.results import newest

#: Who works here and never decided about a score of their own is not asked about it at each sign-in.
_ROOMS = {
    Role.ADMIN: "organisation.overview",
    Role.DPO: "desk.overview",
    Role.STAFF: "disputes.to_decide",
}


def way_in() -> str:
    """The score; before the first decision the choice of a network, or the room of a role; the facts of a new house."""
    someone = person()
    if not organisation().complete:
        return url_for("organisation.facts") if someone.role is Role.ADMIN else url_for("score.score")
    if someone.role is Role.AUDITOR:
        return url_for("audit.room")
    with process().reading() as session:
        decided = any(topic.asked for topic in consents.topics(session, someone.subject_id))
    return url_for("score.score" if decided else _ROOMS.get(someone.role, "consent.choose"))


def onboarding() -> int:
    """At which of the three steps somebody is: 1 a yes, 2 an account, 3 waiting for the score; 0 with a score."""
    someone = person()
    with process().reading() as session:
        if newest(session, someone.subject_id) is not None:
            return 0
        step, _ = scores.next_step(session, someone.subject_id)
    return {Step.CONSENT: 1, Step.WAIT: 3}.get(step, 2)
