"""The public log: checkpoints and proofs for everybody, before and after an erasure."""

import json

import pytest
from flask.testing import FlaskClient

from privacy import merkle
from privacy.ledger import note
from tests.conftest import Clock
from tests.factories.people import agree, make_subject
from tests.server.browser import Browser
from workers import logbook
from workers.jobs import erase
from workers.runtime.process import Process


def days(process: Process, clock: Clock) -> None:
    """Five days with something noted on each; an erasure in the middle."""
    with process.working() as work:
        subject = make_subject(work).id
        agree(work, subject)
    logbook.append(process)
    for number in range(4):
        clock.go(days=1)
        if number == 1:
            erase(subject)
        for _ in range(number + 1):
            with process.working() as work:
                note(work.session, work.now, "test", None)
        logbook.append(process)


def test_between_any_two_checkpoints_the_proof_holds_erasures_or_not(
    process: Process, client: FlaskClient, clock: Clock
) -> None:
    days(process, clock)
    told = [json.loads(one["payload"]) for one in client.get("/.well-known/klarwert/checkpoints").get_json()]
    assert [one["size"] for one in told] == [1, 2, 5, 8, 12]
    for number, old in enumerate(told):
        for new in told[number:]:
            path = f"/.well-known/klarwert/consistency?old={old['size']}&size={new['size']}"
            proof = [bytes.fromhex(part) for part in client.get(path).get_json()["consistency"]]
            roots = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
            assert merkle.consistent(old["size"], roots[0], new["size"], roots[1], proof)
            assert old is new or not merkle.consistent(old["size"], roots[1], new["size"], roots[1], proof)


@pytest.mark.parametrize(
    ("query", "status"),
    [("old=1&size=13", 404), ("old=0&size=2", 404), ("old=3&size=2", 404), ("old=x&size=2", 400), ("size=2", 400)],
)
def test_what_was_not_published_is_not_told(
    process: Process, client: FlaskClient, clock: Clock, query: str, status: int
) -> None:
    days(process, clock)
    with process.working() as work:
        note(work.session, work.now, "test", None)
    logbook.append(process)
    assert client.get(f"/.well-known/klarwert/consistency?{query}").status_code == status


def test_the_page_shows_the_checkpoints_and_how_to_check_them(process: Process, browser: Browser, clock: Clock) -> None:
    assert browser.get("/log").says("There is none yet")
    days(process, clock)
    browser.get("/log")
    assert browser.says("There are 5 checkpoints")
    newest = process.ledger.published()
    assert newest is not None
    assert newest.root in browser.page
    assert process.ring.public_key() in browser.page
    assert browser.get("/.well-known/klarwert/consistency?old=5&size=8").status == 200
