"""Signed files of explanations: true, of the newest score only, and for nobody but whom they are about."""

import json

import pytest
from sqlalchemy import update

from privacy.base import Subject
from server.services import bundles
from server.services.bundles import Reader, bundle
from server.services.missing import MissingError
from tests.factories.people import make_subject
from tests.factories.scores import day_before, make_scored
from tests.server.browser import Browser
from workers.jobs import erase
from workers.logbook import openings
from workers.results import newest
from workers.runtime.process import Process
from workers.scoring.standalone_verifier import verify

NAME = "Verein Beispiel e. V."


def explained(process: Process, subject_id: str, reader: Reader = Reader.PERSON) -> dict:
    """The payload of a file that holds."""
    made = bundle(process, subject_id, NAME, reader)
    assert verify(made.text.encode(), process.ring.public_key())[-1].startswith("leaf ")
    return json.loads(json.loads(made.text)["payload"])


def test_a_file_has_the_stored_score_and_all_that_gave_it(each_process: Process) -> None:
    with each_process.working() as work:
        subject, other = make_subject(work).id, make_subject(work).id
        make_scored(work, subject)
        make_scored(work, other)
    told = explained(each_process, subject)
    with each_process.reading() as session:
        stored = newest(session, subject)
    assert stored is not None
    assert (told["day"], told["score"]) == (stored.day.isoformat(), pytest.approx(stored.score, abs=1e-9))
    assert told["instance"] == {"name": NAME, "public_key": each_process.ring.public_key()}
    assert len(told["signals"]) == 12
    assert {one["post"] for one in told["signals"] if "post" in one} == {
        "https://bluesky.example/mira/garden",
        "https://bluesky.example/mira/bread",
        "https://mastodon.example/mira/song",
    }
    assert subject not in json.dumps(told)


def test_the_auditors_file_is_another_one_with_a_signature_of_its_own(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work).id
        make_scored(work, subject)
    told = explained(process, subject, Reader.AUDITOR)
    assert {one["post"] for one in told["signals"] if "post" in one} == {"p1", "p2", "p3"}
    assert "example" not in json.dumps(told["signals"])


def test_only_the_newest_day_is_explained(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work).id
        make_scored(work, subject)
        newest_day, older = work.today, day_before(work, 1)
    assert bundle(process, subject, NAME, Reader.PERSON, newest_day).day == newest_day
    with pytest.raises(MissingError, match="only the newest scored day"):
        bundle(process, subject, NAME, Reader.PERSON, older)


def test_whoever_has_no_score_or_is_being_erased_gets_no_file(process: Process) -> None:
    with process.working() as work:
        unscored, erasing = make_subject(work).id, make_subject(work).id
        make_scored(work, erasing)
        work.session.execute(update(Subject).where(Subject.id == erasing).values(erasing_at=work.now))
    for subject in (unscored, erasing, "nobody"):
        with pytest.raises(MissingError, match="no score"):
            bundle(process, subject, NAME, Reader.PERSON)


def test_an_erasure_that_comes_in_between_leaves_no_file(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    with process.working() as work:
        subject = make_subject(work).id
        make_scored(work, subject)
    monkeypatch.setattr(bundles, "openings", lambda process, _ids: (erase(subject), openings(process, []))[1])
    with pytest.raises(MissingError, match="erased just now"):
        bundle(process, subject, NAME, Reader.PERSON)


def test_the_page_gives_both_files(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    ann.get("/explanation")
    assert ann.says("Download the signed file")
    assert process.ring.public_key() in ann.page
    for reader, has in (("person", True), ("auditor", False)):
        ann.get("/explanation")
        ann.post("/explanation/file", reader=reader)
        assert ann.status == 200
        verify(ann.page.encode(), process.ring.public_key())
        assert ("bluesky.example" in ann.page) is has


def test_a_file_is_named_after_its_day_and_reader(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    token = ann.get("/explanation").page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = ann.client.post("/explanation/file", data={"csrf_token": token, "reader": "auditor"})
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="klarwert-explanation-2026-11-22-auditor.json"'
    )
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/json", "no-store")


def test_a_file_is_neither_for_strangers_nor_for_readers_that_there_are_not(
    process: Process, ann: Browser, browser: Browser, ann_id: str
) -> None:
    assert ann.post("/explanation/file", reader="person").status == 404
    with process.working() as work:
        make_scored(work, ann_id)
    assert ann.post("/explanation/file", reader="everybody").status == 400
    assert ann.client.get("/explanation/file").status_code == 405
    browser.post("/explanation/file", reader="person")
    assert browser.path == "/sign-in"
