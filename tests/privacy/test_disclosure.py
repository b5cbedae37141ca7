"""Looks at a score: recorded or not shown, told to the person by name, and refused for what the law closes."""

import json
from datetime import date

import pytest
from sqlalchemy import func, select

from privacy.disclosure import FORBIDDEN, Disclosure, ForbiddenUseError, Reason, allowed, disclosures, record
from privacy.keyring import KeyGoneError
from privacy.ledger import LogEntry
from tests.factories.people import make_subject
from workers.jobs import erase
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.work import Work


def look(work: Work, subject_id: str, purpose: str = "campaign", viewer: str = "staff-7") -> Disclosure:
    return record(
        work.session, work.ring, subject_id, work.now, recipient="Verein Beispiel (Team)", role="staff",
        viewer_id=viewer, purpose=purpose, what="score", day=date(2026, 11, 21),
    )  # fmt: skip


def test_a_look_is_recorded_with_its_purpose_and_told_by_name(each_process: Process) -> None:
    with each_process.working() as work:
        ann, bea = make_subject(work), make_subject(work)
        look(work, bea.id)
        look(work, ann.id)
    with each_process.reading() as session:
        [(row, name, aim)] = disclosures(session, each_process.ring, ann.id, 9)
        assert (name, aim) == ("Verein Beispiel (Team)", "")
        assert (row.purpose, row.what, row.day) == ("campaign", "score", date(2026, 11, 21))
        entries = session.scalars(select(LogEntry.entry).where(LogEntry.subject_id == ann.id)).all()
    assert [json.loads(entry)["type"] for entry in entries] == ["disclosure"]


def test_whoever_looked_stands_in_the_table_as_a_fingerprint_only(process: Process) -> None:
    with process.working() as work:
        row = look(work, make_subject(work).id, viewer="account-of-staff")
        assert b"account-of-staff" not in row.viewer_index
        assert row.viewer_index == look(work, make_subject(work).id, viewer="account-of-staff").viewer_index


@pytest.mark.parametrize("purpose", [*FORBIDDEN, "marketing", ""])
def test_a_closed_purpose_is_refused_with_the_law_and_leaves_nothing(process: Process, purpose: str) -> None:
    with process.working() as work:
        ann = make_subject(work)
        with pytest.raises(ForbiddenUseError) as refused:
            look(work, ann.id, purpose)
        assert "GDPR" in refused.value.law
        assert work.session.scalar(select(func.count()).select_from(Disclosure)) == 0


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_of_ours_is_allowed_and_none_of_the_closed_ones(reason: Reason) -> None:
    assert allowed(reason.value) is reason
    assert reason.value not in FORBIDDEN


def test_looks_are_in_the_export_go_after_a_year_and_with_their_person(process: Process) -> None:
    with process.working() as work:
        ann = make_subject(work).id
        look(work, ann)
    places = holdings(process)
    with process.reading() as session:
        [row] = places.export(session, ann)["disclosures"]
    assert row["recipient"] == "Verein Beispiel (Team)"
    process.clock.go(days=365)  # type: ignore[attr-defined]
    with process.working() as work:
        assert places.expire(work.session, work.now)["disclosures"] == 0
    process.clock.go(days=2)  # type: ignore[attr-defined]
    with process.working() as work:
        assert places.expire(work.session, work.now)["disclosures"] == 1
        look(work, ann)
    erase(ann)
    with process.working() as work, pytest.raises(KeyGoneError):
        look(work, ann)
