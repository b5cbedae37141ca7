"""What is stored, the download, and the deletion with everything that can be typed wrongly."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from werkzeug.test import TestResponse

from privacy.base import Subject
from privacy.holdings import declarations
from server.cli import main
from server.jobs import build_export
from server.models import Export
from server.services import contents, exports, stored
from server.services.stored import kept
from tests.conftest import Clock
from tests.factories.people import make_subject
from tests.factories.scores import make_scored
from tests.server.browser import PASSWORD, Browser
from workers.jobs import erase
from workers.jobs.job import JobFailedError
from workers.places import holdings
from workers.results import newest
from workers.runtime.process import Process
from workers.scoring.standalone_verifier import verify


def numbers(page: str) -> dict[str, int]:
    """Kinds of the table of stored data with their numbers."""
    rows = re.findall(r'<th scope="row">([^<]+)<br>.*?<td class="num"[^>]*>([\d,]+)</td>', page, re.DOTALL)
    return {kind: int(number.replace(",", "")) for kind, number in rows}


def test_the_page_counts_what_is_stored(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
        make_scored(work, make_subject(work).id)
    counted = numbers(ann.get("/data").page)
    assert counted["Posts"] == 3
    assert counted["Signals"] == 12
    assert counted["Scores"] == 2
    assert counted["Consents"] == 2
    assert counted["Account"] == counted["Your key"] == 1
    assert ann.says("91 days after the day of the reaction")
    assert ann.says("2 years after it was made")
    assert ann.says("until it runs out")


def test_every_kind_of_data_and_every_column_has_words(process: Process) -> None:
    places = [place.holds for place in holdings(process).places]
    about_people = [holds for holds in (*declarations(), *places) if holds.subject or holds in places]
    for language in ("de", "en"):
        words = contents.words(language)
        assert {holds.kind for holds in about_people} <= set(words.kinds)
        assert {column for holds in about_people for column in holds.exported} <= set(words.columns)
        for holds in about_people:
            assert kept(holds.rule, language).count(" ") >= (0 if holds.rule is None else 1)
            if holds.rule is not None and holds.rule.days:
                assert stored._since(language)[holds.rule.since] in kept(holds.rule, language)


@pytest.mark.parametrize(("language", "title"), [("de", "de"), ("en", "en")])
def test_the_download_has_everything_and_nothing_of_others(
    process: Process, ann: Browser, ann_id: str, language: str, title: str
) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
        other = make_subject(work)
        make_scored(work, other.id)
    ann.get("/data")
    ann.post("/language", lang=language, next="/data")
    files = downloaded(ann)
    manifest = json.loads(files["manifest.json"])
    sums = {name: facts["sha256"] for name, facts in manifest["files"].items()}
    assert sums == {name: sha256(files[name]).hexdigest() for name in files if name != "manifest.json"}
    assert (manifest["rows"]["signals"], manifest["rows"]["posts"]) == (12, 3)
    assert b"ann@garten.test" in files["json/account.json"]
    assert "holds" in verify(files["explanation.json"], process.ring.public_key())[0]
    assert "https://bluesky.example/mira/garden" in files["explanation.json"].decode()
    noted = [json.loads(leaf["entry"])["type"] for leaf in json.loads(files["log.json"])["leaves"]]
    assert sorted(noted) == ["consent", "consent", "explanation"]
    assert len([name for name in files if name.startswith("receipts/")]) == 2
    assert f'<html lang="{title}">' in files["index.html"].decode()
    assert not [name for name, content in files.items() if other.id.encode() in content]


def test_before_the_first_score_the_download_has_no_explanation(ann: Browser) -> None:
    assert contents.EXPLANATION not in downloaded(ann)


def test_the_download_needs_the_forgery_token(ann: Browser) -> None:
    assert ann.client.post("/data/export").status_code == 400
    assert ann.client.get("/data/export").status_code == 405


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "Please type your password."), ("not the one", "This is not your password.")],
)
def test_without_the_password_there_is_no_download(ann: Browser, typed: str, sentence: str) -> None:
    ann.get("/data").post("/data/export", password=typed)
    assert ann.status == 422
    assert ann.says(sentence)
    assert ann.says("What is stored now")


def order(ann: Browser) -> Browser:
    """Orders the download and has the worker make it."""
    ann.get("/data").post("/data/export", password=PASSWORD)
    assert ann.status == 200, ann.page
    for job in ann.process.queue.rq.jobs:
        if job.func_name == exports.JOB:
            build_export(*job.args)
            job.delete()
    return ann.get("/data")


def fetch(ann: Browser) -> TestResponse:
    """The file whose link is on the page."""
    link = re.search(r'href="(/data/export/\w+/1)"', ann.page)
    assert link is not None, ann.page
    return ann.client.get(link[1])


def downloaded(ann: Browser) -> dict[str, bytes]:
    """The files of an export."""
    packed = zipfile.ZipFile(io.BytesIO(fetch(order(ann)).data))
    return {name: packed.read(name) for name in packed.namelist()}


def test_the_download_waits_seven_days_for_its_person_alone(
    process: Process, ann: Browser, new_browser: Callable[..., Browser], clock: Clock
) -> None:
    answer = fetch(order(ann))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="klarwert-2026-11-22.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_length == len(answer.data)
    assert ann.says("It stays here until 29 November 2026")
    path = answer.request.path
    other = new_browser().join("bob@garten.test")
    assert other.client.get(path).status_code == 404
    assert new_browser().client.get(path).status_code == 302
    assert ann.client.get(path.removesuffix("1") + "2").status_code == 404
    clock.go(days=6, hours=23)
    assert ann.client.get(path).status_code == 200
    clock.go(hours=2)
    assert ann.client.get(path).status_code == 404
    assert not ann.get("/data").says("Your download is ready")


def test_the_page_says_how_far_the_download_is_and_that_it_failed(
    process: Process, ann: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ann.client.get("/data/export/progress").json == {"state": "none", "share": 0, "text": ""}
    ann.get("/data").post("/data/export", password=PASSWORD)
    assert ann.says("Your download is being made.")
    assert re.search(r"Step 1 of \d\d: Account", ann.page)
    assert '<noscript><meta http-equiv="refresh"' in ann.page
    ann.post("/data/export", password=PASSWORD)
    told = ann.client.get("/data/export/progress").json
    assert told is not None
    assert (told["state"], told["share"]) == ("building", 0)
    with process.reading() as session:
        [row] = session.scalars(select(Export))
    monkeypatch.setattr("privacy.archive.write_page", lambda *_: 1 / 0)
    with pytest.raises(JobFailedError, match="ZeroDivisionError"):
        build_export(row.id)
    assert ann.get("/data").says("It failed here: The page to read.")
    assert not list(process.settings.downloads.rglob("*.*"))
    monkeypatch.undo()
    assert fetch(order(ann)).status_code == 200


def test_a_download_can_be_checked_without_this_installation(
    process: Process, ann: Browser, ann_id: str, tmp_path: Path
) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    path = tmp_path / "klarwert.zip"
    path.write_bytes(fetch(order(ann)).data)
    done = CliRunner().invoke(main, ["privacy", "check-export", str(path), "--key", process.ring.public_key()])
    assert done.exit_code == 0, done.output
    assert "none is missing" in done.output
    assert "3 entries of the public log are proven" in done.output
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("more\x1b[2J.txt", "x")
    done = CliRunner().invoke(main, ["privacy", "check-export", str(path)])
    assert (done.exit_code, "more\\x1b[2J.txt does not belong" in done.output) == (1, True)  # no terminal obeys it


def test_the_links_in_a_download_open_nothing(
    process: Process, ann: Browser, new_browser: Callable[..., Browser]
) -> None:
    process.settings = replace(process.settings, public_url=f"http://klarwert.{'sehr-' * 12}lang.test")
    new_browser().get("/forgot").post("/forgot", email="ann@garten.test")
    laid = ann.link("ann@garten.test").rpartition("/")[2]
    ann.get("/account").post("/account", what="email", email="neu@garten.test", password=PASSWORD)
    files = downloaded(ann)
    outbox = json.loads(files["json/outbox.json"])
    assert "follow this link to choose a new password" in outbox[0]["mail"]
    assert "/reset/…" in outbox[0]["mail"]
    assert any("/email/…" in row["body"] for row in json.loads(files["json/mails-waiting.json"]))
    assert not [name for name, content in files.items() if laid.encode() in content]


def test_the_score_in_a_download_can_be_computed_again(
    process: Process, ann: Browser, ann_id: str, tmp_path: Path
) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
        stored_score = newest(work.session, ann_id)
    assert stored_score is not None
    path = tmp_path / "score.json"
    path.write_bytes(downloaded(ann)["score.json"])
    done = CliRunner().invoke(main, ["score", "--signals", str(path)])
    assert abs(json.loads(done.output)["score"] - stored_score.score) < 1e-9
    case = json.loads(path.read_text())
    assert (case["day"], case["score"]) == (stored_score.day.isoformat(), stored_score.score)


def test_before_the_first_score_a_download_has_none(ann: Browser) -> None:
    assert "score.json" not in downloaded(ann)


def test_before_the_deletion_the_page_says_what_goes_and_what_stays(ann: Browser) -> None:
    ann.get("/data/delete")
    assert ann.says("What goes")
    assert ann.says("What stays")
    assert ann.says("Backups are encrypted and at most 30 days old")
    assert ann.says("hallo@beispiel.example")
    assert ann.says("Keep my account")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "Please type your password."), ("not the one", "This is not your password.")],
)
def test_a_wrong_password_deletes_nothing(
    process: Process, ann: Browser, ann_id: str, typed: str, sentence: str
) -> None:
    ann.get("/data/delete")
    ann.post("/data/delete", password=typed, unknown="x")
    assert ann.status == 422
    assert ann.says(sentence)
    assert ann.get("/data").path == "/data"
    with process.reading() as session:
        assert session.get_one(Subject, ann_id).erasing_at is None


def test_guessing_the_password_is_slowed_down(ann: Browser) -> None:
    answers = [ann.post("/data/delete", password=f"wrong {number}").status for number in range(6)]
    assert answers == [422] * 5 + [429]


def test_the_password_deletes_everything(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    ann.get("/data/delete")
    ann.post("/data/delete", password=PASSWORD)
    assert ann.path.startswith("/erasure/")
    assert ann.says("Your data is being deleted")
    link = ann.path
    assert ann.get("/score").path == "/sign-in"
    assert not ann.sign_in().path.startswith("/score")
    erase(ann_id)
    with process.reading() as session:
        assert holdings(process).traces(session, ann_id) == {}
    assert ann.get(link).says("Your data is deleted")
