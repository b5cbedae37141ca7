"""Asking for a right: people without an account by a page of their own, participants among their data."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from privacy.request import Kind, Request, State, key_of
from privacy.sealed import seal
from server.models import Role
from server.services import accounts
from tests.server.browser import Browser
from workers.requests import done_at_once
from workers.runtime.process import Process
from workers.runtime.settings import Organisation

FORM = {"kind": "access", "network": "mastodon", "account": "@mira@mastodon.example"}


def count(process: Process) -> int:
    with process.reading() as session:
        return session.scalar(select(func.count()).select_from(Request)) or 0


def change(process: Process, **values: object) -> None:
    with process.working() as work:
        [row] = work.session.scalars(select(Request))
        for name, value in values.items():
            setattr(row, name, value)


def test_somebody_without_an_account_asks_and_gets_a_page_of_their_own(browser: Browser, process: Process) -> None:
    browser.get("/").get("/request").post("/request", **FORM, wish="Was habt ihr?", contact="mira@post.example")
    assert re.fullmatch(r"/request/[\w-]{32}", browser.path)
    assert browser.says("We are looking up @mira@mastodon.example.")
    own = browser.path
    change(process, state=State.CLAIMED.value)
    browser.get(own)
    code = re.search(r'<span class="code">(kw-[a-z0-9]{10})</span>', browser.page)
    assert code
    browser.post(f"{own}/check")
    assert browser.says("We are looking for your code.")
    change(process, state=State.OPEN.value, lapses_at=None)
    assert browser.get(own).says("Thank you, the account is yours. You get an answer by Tuesday, 22 December 2026.")
    assert browser.get(f"{own}/letter").says("You get an answer by 22 December 2026")


def test_the_page_of_a_request_opens_with_its_whole_address_only(browser: Browser, process: Process) -> None:
    browser.get("/request").post("/request", **FORM)
    own = browser.path
    for path in (own[:-1], "/request/x", f"{own[:-1]}/letter"):
        assert browser.get(path).status == 404
    assert browser.post(f"{own[:-1]}/check").status == 404
    assert browser.get(own).status == 200
    with process.reading() as session:
        [row] = session.scalars(select(Request))
    assert own.rpartition("/")[2] not in str(vars(row))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"account": ""}, "Please type the name of your account."),
        ({"account": "not an account"}, "This does not look like the name of an account."),
        ({"network": "nowhere"}, "Network"),
        ({"kind": "portability"}, "What would you like?"),
        ({"wish": "x" * 5_001}, "Please use 5000 characters at most."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    browser: Browser, process: Process, wrong: dict[str, str], sentence: str
) -> None:
    browser.get("/request").post("/request", **FORM | wrong)
    assert browser.status == 422
    assert browser.says(sentence)
    assert count(process) == 0


def test_asking_again_needs_a_new_proof_and_is_never_blocked(browser: Browser, process: Process) -> None:
    for number in (1, 2, 3):
        browser.get("/request").post("/request", **FORM)
        assert browser.says("We are looking up")
        assert count(process) == number


def test_a_proven_objection_says_that_it_is_in_force(browser: Browser, process: Process) -> None:
    browser.get("/request").post("/request", **FORM | {"kind": "objection"})
    change(process, state=State.ANSWERED.value, closed_at=process.clock())
    assert browser.get(browser.path).says("Your objection is in force.")


@pytest.mark.parametrize(
    ("kind", "found", "sentence"),
    [
        (
            "access",
            {"like": 3},
            "Found under the posts of 2 people who take part, from 1 November 2026 to 3 November 2026: Like: 3.",
        ),
        ("access", {}, "No reaction of your account is stored here."),
        ("erasure", {"like": 3}, "They are deleted: they count in no score from now on"),
        ("objection", {}, "a fingerprint of your account stays on a list"),
        ("objection", {"unread": 1}, "A part of what is stored cannot be read at the moment."),
    ],
)
def test_the_answer_of_the_system_is_on_the_page_in_the_letter_and_on_the_desk(
    browser: Browser, sign_up: Callable[..., Browser], process: Process, kind: str, found: dict[str, int], sentence: str
) -> None:
    browser.get("/request").post("/request", **FORM | {"kind": kind}, contact="mira@post.example")
    with process.working() as work:
        [row] = work.session.scalars(select(Request))
        kinds = {name: number for name, number in found.items() if name != "unread"}
        days = {"first": "2026-11-01", "last": "2026-11-03"} if kinds else {"first": "", "last": ""}
        told = {"participants": 2, "kinds": kinds, "unread": found.get("unread", 0), **days}
        seal(row, key_of(work.ring, row), found=json.dumps(told))
        row.state, row.closed_at, row.lapses_at = State.ANSWERED.value, work.now, None
        request_id = row.id
    assert browser.get(browser.path).says(sentence)
    assert browser.get(f"{browser.path}/letter").says(sentence)
    assert browser.says("/privacy#reacting")
    dpo = sign_up("dpo@garten.test")
    with process.working() as work:
        accounts.set_role(work, "dpo@garten.test", Role.DPO)
    assert dpo.get(f"/desk/requests/{request_id}").says(sentence)
    assert "mailto:mira%40post.example?subject=" in dpo.page


def test_nobody_can_ask_while_nobody_is_responsible(browser: Browser, process: Process) -> None:
    process.settings = replace(process.settings, organisation=Organisation())
    assert browser.get("/request").status == 403
    assert browser.says("Nobody answers here yet.")
    assert not browser.says("Sign-up is closed")


def test_a_participant_sees_their_requests_with_dates_and_asks_for_more(
    ann: Browser, ann_id: str, process: Process, sign_up: Callable[..., Browser]
) -> None:
    with process.working() as work:
        done_at_once(work, ann_id, Kind.PORTABILITY, "en")
    assert ann.get("/data/requests").says("They see your words and not who you are")
    ann.post("/data/requests", kind="rectification", wish="Mein Konto ist ein anderes.")
    assert ann.says("Your request is in.")
    for sentence in ("Data to take along", "done with a button", "Correction of data", "Mein Konto ist ein anderes."):
        assert ann.says(sentence), sentence
    assert ann.says("you get an answer by Tuesday, 22 December 2026")
    assert ann.post("/data/requests", kind="rectification", wish=" ").says("Please say what you would like.")
    assert not sign_up("bea@garten.test").get("/data/requests").says("Mein Konto ist ein anderes.")
