"""A coming version of the model is announced: in the log, by mail once to everybody with a score, on their pages."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from privacy.ledger import LogEntry
from server.models import Announcement
from server.services import announcing
from tests.conftest import Clock
from tests.factories.days import run_day
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from tests.workers.scoring.second import second
from workers import jobs, results
from workers.models import Score
from workers.runtime.process import Process
from workers.scoring import standalone_verifier, versions
from workers.scoring.model import published

STARTS = date(2026, 12, 1)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second version, invented, is announced; the stand-alone checker knows it as it would with that release."""
    publications = [published("klarwert-1"), second(STARTS)]
    monkeypatch.setattr(versions, "PUBLISHED", versions.read_versions(publications))
    documents = {one["document"]["id"]: dict(one["document"]) for one in publications}
    monkeypatch.setattr(standalone_verifier, "MODELS", documents)


@pytest.fixture
def scored(process: Process, ann: Browser, ann_id: str) -> Browser:
    with process.working() as work:
        make_scored(work, ann_id)
    return ann


def announce(process: Process) -> None:
    with process.working() as work:
        announcing.announce(work)


def test_everybody_with_a_score_is_told_once(process: Process, scored: Browser, sign_up: object, two: None) -> None:
    sign_up("ben@garten.test")  # type: ignore[operator]
    for _ in range(3):
        announce(process)
    titles = [mail.title for mail in scored.mails("ann@garten.test")]
    assert titles.count("Scores will be computed in another way from 1 December 2026 on") == 1
    assert "/explanation#model" in scored.mails("ann@garten.test")[0].text
    assert not any("another way" in mail.title for mail in scored.mails("ben@garten.test"))
    with process.reading() as session:
        assert session.scalar(select(func.count()).select_from(Announcement)) == 1
        entries = [json.loads(entry) for entry in session.scalars(select(LogEntry.entry))]
    assert sorted(one["starts"] for one in entries if one["type"] == "model") == ["2026-11-01", "2026-12-01"]


def test_nobody_is_told_of_what_applies_already(process: Process, scored: Browser) -> None:
    announce(process)
    assert not any("another way" in mail.title for mail in scored.mails("ann@garten.test"))


def test_old_and_new_stand_side_by_side_before_it_applies(process: Process, scored: Browser, two: None) -> None:
    assert scored.get("/score").says("Another version of the model applies from 1 December 2026 on")
    scored.get("/explanation")
    assert scored.says("From 1 December 2026 on, scores are computed with invented-2 instead of klarwert-1.")
    assert scored.says("Reply 3 9")
    assert scored.says("Model klarwert-1")
    assert scored.get("/methodology").says("It is called invented-2.")


def test_from_its_first_day_on_it_scores_and_the_change_says_so(
    process: Process, scored: Browser, ann_id: str, two: None, clock: Clock
) -> None:
    clock.go(days=(STARTS - clock().date()).days)
    run_day(process, STARTS - timedelta(days=1))
    jobs.score(ann_id)
    with process.reading() as session:
        old = session.get_one(Score, (ann_id, STARTS - timedelta(days=1)))
        new = session.get_one(Score, (ann_id, STARTS))
    assert (old.model, new.model) == ("klarwert-1", "invented-2")
    assert new.changes is not None
    assert next(iter(new.changes)) == "model"
    assert new.changes["model"] > 0
    assert sum(new.changes.values()) == pytest.approx(new.score - old.score, abs=1e-9, rel=0)
    scored.get("/score")
    assert scored.says("The model: another version of it applies now.")
    assert not scored.get("/explanation").says("The next version of the model")


def test_files_of_both_versions_can_be_checked(
    process: Process, scored: Browser, ann_id: str, two: None, clock: Clock
) -> None:
    files = []
    for days in (0, (STARTS - clock().date()).days):
        clock.go(days=days)
        with process.working() as work:
            results.store_score(work, ann_id, work.today)
        scored.sign_in()
        scored.get("/explanation")
        files.append(scored.post("/explanation/file", reader="person").page)
    names = [json.loads(json.loads(file)["payload"])["model"]["id"] for file in files]
    assert names == ["klarwert-1", "invented-2"]
    for file in files:
        assert standalone_verifier.verify(file.encode(), process.ring.public_key())
    swapped = {**json.loads(json.loads(files[0])["payload"])["model"], "id": "invented-2"}
    with pytest.raises(standalone_verifier.DoesNotHoldError, match="fingerprint"):
        standalone_verifier.check_model(swapped)
