"""Leaving as a person does it: now or later, the way back, the certificate, and its check by anybody."""

import json
import re
from collections.abc import Callable

import pytest

from tests.conftest import Clock
from tests.factories.scores import make_scored
from tests.server.browser import PASSWORD, Browser
from workers import jobs
from workers.runtime.process import Process


def leave(ann: Browser, **form: str) -> str:
    """Asks for the deletion; the path of the page that follows it."""
    ann.get("/data/delete").post("/data/delete", password=PASSWORD, **form)
    assert re.fullmatch(r"/erasure/[\w-]{43}", ann.path)
    return ann.path


def test_the_page_follows_the_deletion_to_the_certificate(process: Process, ann: Browser, ann_id: str) -> None:
    with process.working() as work:
        make_scored(work, ann_id)
    path = leave(ann, when="now")
    assert ann.says("Your data is being deleted")
    assert '<noscript><meta http-equiv="refresh"' in ann.page
    assert ann.client.get(f"{path}/progress").json == {"state": "runs"}
    assert ann.client.get(f"{path}/certificate").status_code == 404
    jobs.erase(ann_id)
    assert ann.client.get(f"{path}/progress").json == {"state": "done"}
    assert ann.get(path).says("Your data is deleted")
    assert ann.says("Proofs of consent (2), until 1 January 2030")
    answer = ann.client.get(f"{path}/certificate")
    assert answer.headers["Content-Disposition"].endswith('"klarwert-certificate.json"')
    assert json.loads(json.loads(answer.data)["payload"])["counts"]["signals"] == 12


def test_the_mail_has_the_link_while_it_waits(ann: Browser, ann_id: str) -> None:
    path = leave(ann, when="later")
    assert ann.says("Your data will be deleted on 29 November 2026")
    assert ann.link("ann@garten.test").endswith(path)


def test_the_link_takes_it_back(process: Process, ann: Browser, clock: Clock) -> None:
    path = leave(ann, when="later")
    clock.go(days=3)
    ann.get(path).post(f"{path}/back")
    assert ann.path == "/sign-in"
    assert ann.says("Nothing will be deleted.")
    assert ann.get(path).status == 404
    assert ann.sign_in().get("/data").path == "/data"


def test_signing_in_leads_to_the_way_back(ann: Browser, clock: Clock) -> None:
    leave(ann, when="later")
    clock.go(days=3)
    assert ann.sign_in().path == "/back"
    assert ann.says("Until then you can take it back.")
    ann.post("/back")
    assert ann.says("Nothing will be deleted.")
    assert ann.sign_in().get("/data").path == "/data"


def test_without_the_password_there_is_no_way_back(new_browser: Callable[..., Browser], ann: Browser) -> None:
    leave(ann, when="later")
    assert new_browser().get("/back").path == "/sign-in"
    assert new_browser().post("/back").path == "/sign-in"
    assert new_browser().post("/erasure/no-such-link/back").says("It cannot be taken back any more")
    assert new_browser().get("/erasure/no-such-link").status == 404


def test_when_it_has_begun_it_cannot_be_taken_back(ann: Browser) -> None:
    path = leave(ann)
    ann.post(f"{path}/back")
    assert ann.path == path
    assert ann.says("It cannot be taken back any more")


def test_anybody_can_check_a_certificate(
    process: Process, ann: Browser, ann_id: str, new_browser: Callable[..., Browser]
) -> None:
    path = leave(ann)
    jobs.erase(ann_id)
    file = ann.client.get(f"{path}/certificate").text
    somebody = new_browser().get("/certificate")
    assert somebody.post("/certificate", file=file).says("The certificate holds")
    assert somebody.says("It was made by this installation.")
    somebody.post("/certificate", file=file, email="ann@garten.test", secret=f"http://klarwert.test{path}")
    assert somebody.says("It is about who has this e-mail address and this link.")
    somebody.post("/certificate", file=file, email="ben@garten.test", secret=path)
    assert somebody.says("But it is not about who has this e-mail address and this link.")
    somebody.post("/certificate", file=file, secret=path, receipt="{}", handle="x")
    assert somebody.says("No proof of this consent is kept here.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: "", "This is no certificate of a deletion."),
        (lambda _: "[" * 15_000, "This is no certificate of a deletion."),
        (lambda file: file.replace("signature", "sign"), "This is no certificate of a deletion."),
        (lambda file: file.replace("Verein", "Werein"), "The signature does not fit"),
        (
            lambda file: file.replace("klarwert-certificate/1", "klarwert-certificate/2"),
            "a version that we do not know",
        ),
    ],
)
def test_what_does_not_hold_is_said(
    process: Process, ann: Browser, ann_id: str, change: Callable[[str], str], sentence: str
) -> None:
    path = leave(ann)
    jobs.erase(ann_id)
    file = ann.client.get(f"{path}/certificate").text
    ann.get("/certificate").post("/certificate", file=change(file))
    assert ann.status == 422
    assert ann.says(sentence)
