"""Consents on pages: the exact text, two equal answers, receipts, and one click to take a yes back."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from sqlalchemy import func, select

from privacy import consent, notices
from privacy.consent import Consent, NoticeText
from privacy.vocabulary import Purpose
from tests.factories.people import make_connection
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from workers.models import Connection
from workers.runtime.process import Process
from workers.runtime.settings import Organisation


def decisions(process: Process) -> list[Consent]:
    with process.reading() as session:
        return list(session.scalars(select(Consent).order_by(Consent.decided_at, Consent.id)))


def test_the_first_step_offers_one_network_and_asks_nothing_yet(ann: Browser, process: Process) -> None:
    ann.get("/consent/scoring/choose")
    assert ann.says("Begin with Bluesky")
    assert ann.says("Begin with Mastodon")
    assert ann.says("Not now")
    assert decisions(process) == []


def test_yes_and_no_are_equal_and_nothing_is_pre_ticked(ann: Browser) -> None:
    ann.get("/consent/scoring/bluesky")
    buttons = re.findall(r'<button class="([^"]*)" type="submit" name="answer" value="(\w+)">', ann.page)
    assert [answer for _, answer in buttons] == ["yes", "no"]
    assert len({look for look, _ in buttons}) == 1
    assert "checked" not in ann.page


def test_a_yes_is_recorded_with_the_text_on_the_screen_and_leads_on(ann: Browser, process: Process) -> None:
    ann.get("/consent/scoring/bluesky")
    assert ann.says("May Verein Beispiel e. V. work out an influence score from your account on Bluesky?")
    assert ann.agree().path == "/connections/new/bluesky"
    [record] = decisions(process)
    assert (record.purpose, record.network, record.granted, record.method) == ("scoring", "bluesky", True, "web form")
    with process.reading() as session:
        text = session.get_one(NoticeText, record.notice_digest)
    assert text.language == "en"
    assert "Bluesky Social PBC answers our requests" in text.text
    assert "The company is based in the USA." in text.text


@pytest.mark.parametrize(
    ("purpose", "page"),
    [
        ("comparison", "/comparison"), ("profile", "/profile"), ("lookup", "/lookup"), ("perks", "/offers"),
        ("topics", "/topics"), ("digest", "/consent"),
    ],
)  # fmt: skip
def test_a_yes_leads_to_the_page_of_what_it_allows(ann: Browser, purpose: str, page: str) -> None:
    assert ann.agree(purpose, "no").path == "/consent"
    assert ann.agree(purpose).path == page
    assert ann.says("Noted: yes.")


def test_a_no_is_remembered_and_leaves_the_rest_working(ann: Browser, process: Process) -> None:
    assert ann.agree("scoring/mastodon", "no").says("Noted: no.")
    assert ann.says("You said no")
    assert ann.agree("scoring/bluesky").path == "/connections/new/bluesky"
    assert ann.get("/").path == "/score"
    said = {record.network: record.granted for record in decisions(process)}
    assert said == {"mastodon": False, "bluesky": True}


def test_a_text_that_changed_meanwhile_is_shown_again_and_not_recorded(ann: Browser, process: Process) -> None:
    ann.get("/consent/scoring/bluesky")
    process.settings = replace(process.settings, organisation=replace(process.settings.organisation, name="Andere"))
    digest = re.search(r'name="digest" value="(\w+)"', ann.page)
    assert digest
    ann.post("/consent/scoring/bluesky", answer="yes", digest=digest[1])
    assert ann.status == 422
    assert ann.says("The text has changed in the meantime")
    assert ann.says("May Andere work out")
    assert decisions(process) == []


@pytest.mark.parametrize("answer", ["", "maybe"])
def test_no_answer_is_no_consent(ann: Browser, process: Process, answer: str) -> None:
    assert ann.agree("recognition", answer).status == 422
    assert decisions(process) == []


@pytest.mark.parametrize(
    "path", ["/consent/nonsense", "/consent/scoring", "/consent/scoring/nonsense", "/consent/recognition/bluesky"]
)
def test_what_cannot_be_decided_has_no_page(ann: Browser, path: str) -> None:
    assert ann.get(path).status == 404
    assert ann.get("/consent").post(f"{path}/withdraw").status == 404


def test_withdrawing_takes_one_click_and_deletes_what_rested_on_it(ann: Browser, ann_id: str, process: Process) -> None:
    ann.agree()
    with process.working() as work:
        make_connection(work, ann_id)
    assert ann.get("/consent").says("If you withdraw this, we delete at once: your accounts on Bluesky here")
    assert 'action="/consent/scoring/bluesky/withdraw"' in ann.page
    assert ann.post("/consent/scoring/bluesky/withdraw").says("Withdrawn. What rested on this consent is deleted.")
    assert ann.says("Not asked yet")
    with process.reading() as session:
        assert session.scalar(select(func.count()).select_from(Connection)) == 0
        assert not consent.agreed(session, ann_id, Purpose.SCORING, "bluesky")
    assert ann.post("/consent/scoring/bluesky/withdraw").says("There was no consent to withdraw.")


def test_a_no_on_the_page_of_a_yes_withdraws_it_too(ann: Browser, ann_id: str, process: Process) -> None:
    ann.get("/consent/recognition")
    digest = re.search(r'name="digest" value="(\w+)"', ann.page)
    assert digest
    ann.agree("recognition")
    assert ann.says("Noted: yes.")
    assert ann.get("/consent/recognition").says("You have said yes to this.")
    assert ann.post("/consent/recognition", answer="no", digest=digest[1]).says("Noted: no.")
    with process.reading() as session:
        assert not consent.agreed(session, ann_id, Purpose.RECOGNITION)


def test_a_receipt_has_the_exact_text_and_is_for_its_person_only(
    ann: Browser, process: Process, sign_up: Callable[..., Browser]
) -> None:
    ann.agree()
    [record] = decisions(process)
    answer = ann.client.get(f"/consent/receipt/{record.id}")
    told = json.loads(answer.data)
    assert answer.mimetype == "application/ld+json"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert record.notice_digest in answer.get_data(as_text=True)
    assert told["dpv:hasDataController"]["dpv:hasName"] == "Verein Beispiel e. V."
    assert sign_up("ben@garten.test").get(f"/consent/receipt/{record.id}").status == 404


def test_a_receipt_names_the_organisation_that_asked_and_not_the_one_of_today(ann: Browser, process: Process) -> None:
    ann.agree()
    [record] = decisions(process)
    renamed = replace(process.settings.organisation, name="Ganz anders heißender Verein")
    process.settings = replace(process.settings, organisation=renamed)
    told = json.loads(ann.client.get(f"/consent/receipt/{record.id}").data)
    assert told["dpv:hasDataController"]["dpv:hasName"] == "Verein Beispiel e. V."


def test_all_decisions_are_listed_with_their_receipts(ann: Browser, process: Process) -> None:
    ann.agree()
    ann.get("/consent").post("/consent/scoring/bluesky/withdraw")
    ann.agree("recognition", "no")
    ann.get("/consent")
    assert ann.page.count("/consent/receipt/") == 2
    assert ann.says("You said no")
    assert ann.says("Withdrawn") or ann.says("Not asked yet")


def test_an_old_yes_to_a_text_that_changed_is_not_shown_as_a_yes(
    ann: Browser, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.agree("recognition")
    monkeypatch.setattr(consent, "VERSIONS", {**consent.VERSIONS, Purpose.RECOGNITION: 2})
    assert ann.get("/consent").says("The text has changed")
    assert not ann.says("You said yes")


def test_who_agreed_to_a_text_that_changed_is_told_beside_the_score_and_goes_on_where_they_were(
    ann: Browser, ann_id: str, process: Process, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    assert not ann.get("/score").says("A text that you agreed to has changed")
    for text in resources.files(notices).iterdir():
        if text.name.startswith("scoring-1"):
            (tmp_path / text.name.replace("-1.", "-2.")).write_text(text.read_text() + "One sentence more.")
    monkeypatch.setattr(notices, "files", lambda _package: tmp_path)
    monkeypatch.setitem(notices.VERSIONS, Purpose.SCORING, 2)
    assert ann.get("/score").says("A text that you agreed to has changed")
    assert ann.agree("scoring/bluesky").path == "/consent", "the account is connected already"
    ann.agree("scoring/mastodon")
    assert not ann.get("/score").says("A text that you agreed to has changed")


def test_nobody_can_consent_before_the_organisation_has_said_who_it_is(ann: Browser, process: Process) -> None:
    process.settings = replace(process.settings, organisation=Organisation())
    assert ann.get("/consent/scoring/bluesky").status == 403
    assert ann.says("Sign-up is closed")
    assert ann.get("/").path == "/score"
