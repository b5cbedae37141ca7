"""The timeline: what happened to a score besides reactions, and nobody else's doings."""

from datetime import timedelta

from privacy import consent
from privacy.vocabulary import Purpose
from server.services.timeline import Event, events
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import agree, make_connection, make_subject
from workers.models import Score
from workers.models.connection import State
from workers.runtime.process import Process
from workers.withdrawal import withdraw


def told(process: Process, subject_id: str, days: int = 365) -> list[Event]:
    with process.reading() as session:
        return events(session, subject_id, days, process.clock().date())


def test_accounts_consents_and_another_model_are_told_and_nobody_elses(process: Process, clock: Clock) -> None:
    day = clock().date()
    with process.working() as work:
        mira, noise = make_subject(work).id, make_subject(work).id
        for subject_id in (mira, noise):
            agree(work, subject_id)
        make_connection(work, mira, read_at=work.now)
        make_connection(work, noise, "mastodon", read_at=work.now)
        make_connection(work, mira, "mastodon")  # never read: it changed nothing
        make_connection(work, mira, "lemmy", state=State.REFUSED, idle_since=work.now)
        make_score(work, mira, day - timedelta(days=2))
        make_score(work, mira, day - timedelta(days=1)).model = "klarwert-9"
    assert told(process, mira) == [
        Event(day - timedelta(days=1), "model", "klarwert-9"),
        Event(day, "agreed", "scoring/bluesky"),
        Event(day, "connected", "bluesky"),
    ]


def test_a_consent_that_ended_is_told_twice_and_what_is_too_old_is_not(process: Process, clock: Clock) -> None:
    first = clock().date()
    with process.working() as work:
        mira = make_subject(work).id
        agree(work, mira, Purpose.RECOGNITION)
    clock.go(days=10)
    with process.working() as work:
        assert withdraw(work, mira, Purpose.RECOGNITION)
    assert told(process, mira) == [
        Event(first, "agreed", "recognition"),
        Event(first + timedelta(days=10), "withdrawn", "recognition"),
    ]
    assert told(process, mira, days=5) == [Event(first + timedelta(days=10), "withdrawn", "recognition")]
    with process.reading() as session:
        assert not consent.agreed(session, mira, Purpose.RECOGNITION)
        assert session.query(Score).count() == 0
