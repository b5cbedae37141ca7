"""Organisations ask for scores: only those that the person named, with a token, and each answer is seen."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from privacy.base import Subject
from privacy.disclosure import FORBIDDEN, Disclosure
from privacy.journal import Journaled
from privacy.recipient import Recipient
from server.models import Token
from server.services import lookups
from server.services.replaying import ACTS
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.server.browser import Browser
from tests.server.web.test_desk import dpo, make_officer
from tests.server.web.test_pages import check
from tests.server.web.test_recipients import MAIL, person_of
from workers.models import Release, Told
from workers.replaying import replay
from workers.runtime.process import Process

__all__ = ["dpo", "make_officer"]
NOBODY = "0" * 32
DECLARED = "Einladungen zu Lesungen"


@pytest.fixture
def asker(dpo: Browser, process: Process) -> tuple[str, str]:
    """An organisation with a program: id, token."""
    dpo.post("/desk/recipients", **MAIL)
    with process.reading() as session:
        recipient_id = session.scalars(select(Recipient.id)).one()
    page = f"/desk/recipients/{recipient_id}/tokens"
    dpo.get(page).post(page, purpose="lookup", declared=DECLARED)
    check(dpo)
    found = re.search(r"klarwert_[\w-]{43}", dpo.page)
    assert found
    return recipient_id, found[0]


@pytest.fixture
def ann(asker: tuple[str, str], sign_up: Callable[..., Browser], process: Process, clock: Clock) -> tuple[Browser, str]:
    """Somebody with scores of two days, the last of which has not ended: browser, id."""
    with process.reading() as session:
        officer = session.scalars(select(Subject.id)).one()
    browser = sign_up("ann@garten.test", "en")
    mine, today = person_of(process, officer), clock.now.date()
    with process.working() as work:
        for back, points in ((3, 40.2), (1, 47.4), (0, 90.0)):
            make_score(work, mine, today - timedelta(days=back), points, preliminary=back == 0)
    return browser, mine


def name(browser: Browser, recipient_id: str) -> str:
    """Names an organisation; the number that it is to be given."""
    browser.get("/lookup").post(f"/lookup/{recipient_id}/name")
    assert browser.says("It may ask from now on.")
    found = re.search(r"\b[0-9a-f]{32}\b(?=</code>)", browser.page)
    assert found
    return found[0]


def ask(browser: Browser, token: str, person: str) -> tuple[int, dict[str, object]]:
    answer = browser.client.post(
        "/api/v1/score", json={"person": person}, headers={"Authorization": f"Bearer {token}"}
    )  # fmt: skip
    return answer.status_code, answer.get_json()


def test_only_whom_a_person_named_gets_an_answer_and_the_person_sees_it(
    asker: tuple[str, str], ann: tuple[Browser, str], browser: Browser, process: Process, clock: Clock
) -> None:
    (recipient_id, token), (page, mine) = asker, ann
    assert page.get("/lookup").says("Nobody may ask")
    page.agree("lookup")
    assert page.get("/lookup").says(DECLARED)
    check(page)
    number = process.ring.blind("recipient.person", f"{recipient_id}/{mine}").hex()[:32]
    refused = ask(browser, token, number)
    assert refused[0] == 404
    assert refused == ask(browser, token, NOBODY)
    assert name(page, recipient_id) == number
    check(page)
    yesterday = clock.now.date() - timedelta(days=1)
    assert ask(browser, token, number) == (200, {
        "person": number, "score": 47, "day": yesterday.isoformat(),
        "since": (clock.now.date() - timedelta(days=3)).isoformat(), "purpose": "lookup", "not_for": sorted(FORBIDDEN),
    })  # fmt: skip
    with process.reading() as session:
        seen = session.scalars(select(Disclosure)).one()
        assert (seen.subject_id, seen.purpose, seen.what, seen.day) == (mine, "lookup", "score", yesterday)
        assert session.scalars(select(Token.used_on)).one() == clock.now.date()
    assert page.get("/data").says(f"Recipient Verlag Beispiel a question of an organisation: {DECLARED}")
    assert page.says("1 time something of yours went to a recipient outside")
    assert not page.says("by people with a role")
    assert ask(browser, "klarwert_of_nobody", number)[0] == 401
    assert ask(browser, "", number)[0] == 401


def test_what_is_declared_later_counts_from_the_next_yes_on_and_the_page_says_so(
    asker: tuple[str, str], ann: tuple[Browser, str], dpo: Browser, browser: Browser, clock: Clock
) -> None:
    (recipient_id, token), (page, _mine) = asker, ann
    page.agree("lookup")
    number = name(page, recipient_id)
    assert not page.says("Declared since you named it")
    clock.now += timedelta(hours=1)
    tokens = f"/desk/recipients/{recipient_id}/tokens"
    dpo.get(tokens).post(tokens, purpose="lookup", declared="Werbung für Reisen")
    found = re.search(r"klarwert_[\w-]{43}", dpo.page)
    assert found
    later = found[0]
    assert ask(browser, later, number)[0] == 404
    assert ask(browser, token, number)[0] == 200
    page.get("/lookup")
    assert page.says(
        f"What it says that it needs the score for: {DECLARED} Declared since you named it Werbung für Reisen"
    )
    check(page)
    assert name(page, recipient_id) == number
    assert not page.says("Declared since you named it")
    assert ask(browser, later, number)[0] == 200
    page.get("/data")
    assert page.says("a question of an organisation: Werbung für Reisen")
    assert page.says(f"a question of an organisation: {DECLARED}")
    assert page.get("/explanation").says("a question of an organisation (Werbung für Reisen)")


def test_who_is_struck_gets_no_answer_is_told_and_stays_struck_after_a_restore(
    asker: tuple[str, str], ann: tuple[Browser, str], browser: Browser, process: Process
) -> None:
    (recipient_id, token), (page, mine) = asker, ann
    page.agree("lookup")
    number = name(page, recipient_id)
    assert ask(browser, token, number)[0] == 200
    with process.reading() as session:
        before = session.get_one(Release, (mine, recipient_id)).made_at
    page.get("/lookup").post(f"/lookup/{recipient_id}/strike")
    assert page.says("It gets no answer any more.")
    assert ask(browser, token, number)[0] == 404
    with process.reading() as session:
        assert [(one.act, one.reference) for one in session.scalars(select(Told))] == [("erasure", number)]
    with process.working() as work:  # an older database
        work.session.add(Release(subject_id=mine, recipient_id=recipient_id, reference=number, made_at=before))
        work.session.execute(update(Token).values(revoked_at=None))
    forget_last(process)
    replay(process, ACTS)
    assert ask(browser, token, number)[0] == 404


def forget_last(process: Process) -> None:
    """The database forgets that it knew the newest entry of the journal, as one from a backup would."""
    with process.working() as work:
        last = work.session.scalars(select(Journaled).order_by(Journaled.position.desc()).limit(1)).one()
        work.session.delete(last)


def test_a_withdrawal_and_a_restriction_close_all_answers(
    asker: tuple[str, str], ann: tuple[Browser, str], browser: Browser, process: Process
) -> None:
    (recipient_id, token), (page, _) = asker, ann
    page.agree("lookup")
    number = name(page, recipient_id)
    page.get("/data").post("/data/pause", what="pause")
    assert ask(browser, token, number)[0] == 404
    page.post("/data/pause", what="go on")
    assert ask(browser, token, number)[0] == 200
    page.post("/consent/lookup/withdraw")
    assert ask(browser, token, number)[0] == 404
    with process.reading() as session:
        assert session.scalars(select(Release)).all() == []
    page.agree("lookup")
    assert ask(browser, token, number)[0] == 404


def test_a_revoked_token_gets_no_answer_after_a_restore_neither(
    asker: tuple[str, str], ann: tuple[Browser, str], dpo: Browser, browser: Browser, process: Process
) -> None:
    (recipient_id, token), (page, _) = asker, ann
    page.agree("lookup")
    number = name(page, recipient_id)
    with process.reading() as session:
        token_id = session.scalars(select(Token.id)).one()
    dpo.get(f"/desk/recipients/{recipient_id}/tokens").post(f"/desk/recipients/{recipient_id}/tokens/{token_id}/revoke")
    assert dpo.says("Revoked.")
    check(dpo)
    assert ask(browser, token, number)[0] == 401
    with process.working() as work:
        work.session.execute(update(Token).values(revoked_at=None))
    assert ask(browser, token, number)[0] == 200
    forget_last(process)
    replay(process, ACTS)
    assert ask(browser, token, number)[0] == 401


@pytest.mark.parametrize("purpose", sorted(FORBIDDEN))
def test_what_the_law_closes_is_refused_with_its_name(dpo: Browser, process: Process, purpose: str) -> None:
    dpo.post("/desk/recipients", **MAIL)
    with process.reading() as session:
        recipient_id = session.scalars(select(Recipient.id)).one()
    page = f"/desk/recipients/{recipient_id}/tokens"
    dpo.get(page).post(page, purpose=purpose, declared="Auswahl")
    assert dpo.status == 422
    assert dpo.says(FORBIDDEN[purpose])
    with process.reading() as session:
        assert session.scalars(select(Token)).all() == []


@pytest.mark.parametrize("said", [None, [], "x", {"person": 7}, {"person": "A" * 32}, {"person": NOBODY, "more": 1}])
def test_a_question_that_is_none_gets_a_sentence(browser: Browser, asker: tuple[str, str], said: object) -> None:
    headers = {"Authorization": f"Bearer {asker[1]}"}
    answer = browser.client.post("/api/v1/score", json=said, headers=headers)
    assert answer.status_code == 400
    assert "32 hex digits" in answer.get_json()["error"]


def test_who_tries_tokens_is_stopped(browser: Browser) -> None:
    answers = [ask(browser, f"klarwert_{number}", NOBODY) for number in range(61)]
    assert {status for status, _ in answers[:60]} == {401}
    assert answers[60] == (429, {"error": "Too Many Requests"})


def test_programs_ask_for_nothing_else(process: Process, asker: tuple[str, str]) -> None:
    with process.working() as work, pytest.raises(ValueError, match="nothing else"):
        lookups.open_token(work, asker[0], "audit", "x")


@pytest.mark.parametrize("body", ["[" * 60_000, "1" * 60_000, '"\\ud800"', "\xff", '{"person": NaN}', "{}", ""])
def test_whatever_a_program_sends_is_answered(asker: tuple[str, str], browser: Browser, body: str) -> None:
    answer = browser.client.post(
        "/api/v1/score", data=body.encode("latin-1"), content_type="application/json",
        headers={"Authorization": f"Bearer {asker[1]}"},
    )  # fmt: skip
    assert (answer.status_code, "Please send JSON" in str(answer.get_json())) == (400, True)
