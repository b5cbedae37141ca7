"""Connecting accounts on pages, step by step, with every way in which it can fail."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select

from privacy.base import new_id
from privacy.recipient import Act
from privacy.sealed import unseal
from privacy.vocabulary import Purpose
from server.services import connections as service
from server.services.consents import notice_for
from server.web.sentences import FAILURES
from tests.conftest import Clock
from tests.factories.days import publish
from tests.factories.people import make_connection
from tests.factories.scores import day_before, hand_over_score
from tests.server.browser import Browser
from tests.server.web.test_pages import check
from workers import keys
from workers.jobs import connecting, reading
from workers.models import Connection, Run, Told
from workers.models.connection import State
from workers.networks.shape import Reason
from workers.results import newest, store_score
from workers.runtime.process import Process

Connect = Callable[..., str]


@pytest.fixture
def connect(ann: Browser, ann_id: str, process: Process) -> Connect:
    """Makes a connection of Ann's, who has agreed, in any state; gives its page."""
    ann.agree()

    def make(state: State = State.PROVEN, **values: object) -> str:
        with process.working() as work:
            row = make_connection(work, ann_id, state=state, **values)
            return f"/connections/{row.id}"

    return make


def stored(process: Process, page: str) -> Connection:
    with process.reading() as session:
        return session.get_one(Connection, page.rpartition("/")[2])


def jobs(process: Process) -> list[str]:
    """Names of the jobs that were sent."""
    redis: Redis = process.redis
    return [str(job.description) for job in process.queue.rq.jobs if redis.ping()]


def progress(browser: Browser, page: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(browser.client.get(f"{page}/progress").data)
    return told


def run(process: Process, page: str, ended: bool = True, **values: object) -> None:
    with process.working() as work:
        row = work.session.get_one(Connection, page.rpartition("/")[2])
        made = Run(
            id=new_id(), subject_id=row.subject_id, connection_id=row.id, collector="1", started_at=work.now,
            seen_at=work.now, ended_at=work.now if ended else None, posts=3, reactions=1234, failure=None,
        )  # fmt: skip
        work.session.add(made)
        for name, value in values.items():
            setattr(row, name, value)


def test_without_a_consent_the_text_comes_first(ann: Browser) -> None:
    assert ann.get("/connections/new/bluesky").path == "/consent/scoring/bluesky"
    assert ann.get("/connections/new/nonsense").status == 404


def test_an_account_is_typed_in_and_looked_up_by_a_worker(ann: Browser, process: Process) -> None:
    ann.agree()
    assert ann.says("For example mira.example.com")
    ann.post("/connections/new/bluesky", typed="  ann.garten.test ")
    assert ann.says("We are asking Bluesky for the account.")
    assert stored(process, ann.path).state == State.LOOKING
    assert "look_up" in jobs(process)
    assert progress(ann, ann.path)["busy"] is True
    assert "<noscript><meta http-equiv" in ann.page
    with process.reading() as session:
        row = session.get_one(Connection, ann.path.rpartition("/")[2])
        assert unseal(row, process.ring.person(row.subject_id), "typed") == "ann.garten.test"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [(" ", "Please type the name of your account."), ("a" * 301, "That is too long for the name of an account.")],
)
def test_what_is_no_name_of_an_account_is_said_at_the_field(ann: Browser, typed: str, sentence: str) -> None:
    ann.agree()
    assert ann.post("/connections/new/bluesky", typed=typed).says(sentence)
    assert ann.status == 422


@pytest.mark.parametrize(("network", "typed"), [("bluesky", "mira"), ("bluesky", "a@b@c"), ("mastodon", "mira")])
def test_what_cannot_be_a_name_makes_no_entry(
    ann: Browser, ann_id: str, process: Process, network: str, typed: str
) -> None:
    ann.agree(f"scoring/{network}")
    assert ann.post(f"/connections/new/{network}", typed=typed).says("This does not look like the name of an account.")
    assert ann.status == 422
    assert f'value="{typed}"' in ann.page
    with process.reading() as session:
        assert service.shown(session, process.ring, ann_id) == []


def test_a_new_try_takes_away_what_came_to_nothing(ann: Browser, connect: Connect, process: Process) -> None:
    refused = connect(State.REFUSED, failure="unknown_account", proven_at=None)
    lost = connect(State.LAPSED, failure=connecting.TAKEN, proven_at=None)
    waiting = connect(State.CLAIMED, proven_at=None)
    typed = named(process, lost)
    ann.get("/connections").post("/connections/new/bluesky", typed=typed)
    assert ann.says("We are asking Bluesky for the account.")
    assert ann.get(refused).status == 404
    assert ann.get(lost).status == 404
    assert ann.get(waiting).status == 200


def named(process: Process, page: str) -> str:
    row = stored(process, page)
    return unseal(row, process.ring.person(row.subject_id), "handle")


def test_an_entry_that_was_never_proven_goes_and_no_score_goes_with_it(
    ann: Browser, ann_id: str, connect: Connect, process: Process, clock: Clock
) -> None:
    proven = connect()
    run(process, proven, read_at=clock.now)
    with process.working() as work:
        assert store_score(work, ann_id, work.today)
    page = connect(State.CLAIMED, proven_at=None)
    sent = jobs(process)
    assert ann.get(page).says("Remove this entry")
    assert not ann.says("Disconnecting deletes at once")
    assert ann.post(f"{page}/disconnect").says("The entry is removed.")
    assert jobs(process) == sent
    with process.reading() as session:
        assert newest(session, ann_id) is not None


def test_a_server_that_does_not_answer_can_be_asked_again_or_be_another(
    ann: Browser, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect(State.LOOKING, failure="unreachable", proven_at=None, due_at=clock.now + timedelta(hours=1))
    assert ann.get(page).says("Is its name spelled correctly?")
    assert ann.says("Enter another name")
    assert "/connections/new/bluesky?typed=" in ann.page
    ann.post(f"{page}/look-up")
    assert ann.says("We are asking Bluesky for the account.")
    assert jobs(process).count("look_up") == 1
    ann.post(f"{page}/look-up")
    assert jobs(process).count("look_up") == 1


def test_the_code_stays_on_the_page_while_the_network_does_not_answer(
    ann: Browser, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect(State.CHECKING, failure="unreachable", proven_at=None)
    assert ann.get(page).says("Check now")
    assert ann.says("The code works until")
    assert ann.post(f"{page}/check").says("We are looking for your code.")
    stuck = connect(State.CHECKING, failure="unreachable", proven_at=None, code_until=clock.now - timedelta(days=1))
    assert ann.get(stuck).says("Get a new code")
    assert ann.post(f"{stuck}/check").says("Please put the new one in its place")
    assert stored(process, stuck).state == State.CLAIMED


def test_an_account_that_somebody_else_proved_is_told_everywhere(ann: Browser, connect: Connect) -> None:
    connect(State.LAPSED, failure=connecting.TAKEN, proven_at=None)
    assert ann.get("/connections").says("no longer yours")
    assert not ann.says("Prove it")
    assert ann.get("/score").says("Somebody else has proven that this account is theirs.")


def test_the_score_says_when_an_account_could_not_be_read(
    ann: Browser, ann_id: str, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect()
    run(process, page, read_at=clock.now, failure="unreachable")
    with process.working() as work:
        assert store_score(work, ann_id, work.today)
    assert ann.get("/score").says("Bluesky did not answer at the last reading. This score rests on the state of")
    run(process, page, failure="gone")
    assert ann.get("/score").says("The account is gone or switched off.")


def test_nobody_connects_more_accounts_than_anybody_has(
    ann: Browser, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_CONNECTIONS", 1)
    connect()
    assert ann.get("/connections/new/bluesky").post("/connections/new/bluesky", typed="b.test").says("as many accounts")


def test_a_found_account_shows_its_code_and_its_page(ann: Browser, connect: Connect, process: Process) -> None:
    page = connect(State.CLAIMED, proven_at=None, proof=None)
    ann.get(page)
    code = next(part for part in ann.page.split('<code class="code">') if part.startswith("kw-")).split("<")[0]
    assert f"{process.settings.public_url}/me/{code}" in ann.page
    profile = ann.client.get(f"/me/{code}").get_data(as_text=True)
    assert '<a rel="me" href="https://bsky.app/profile/' in profile
    assert ann.get("/connections").says("Prove it")


def test_checking_sends_a_worker_to_look_for_the_proof(ann: Browser, connect: Connect, process: Process) -> None:
    page = connect(State.CLAIMED)
    ann.get(page).post(f"{page}/check")
    assert ann.says("We are looking for your code.")
    assert "prove" in jobs(process)
    ann.post(f"{page}/check")
    assert jobs(process).count("prove") == 1


def test_a_code_that_ran_out_is_replaced_by_a_new_one(
    ann: Browser, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect(State.CLAIMED, code_until=clock.now - timedelta(days=1))
    assert ann.get(page).says("Get a new code")
    assert "kw-0" not in ann.page
    assert ann.post(f"{page}/check").says("Please put the new one in its place")
    assert "klarwert-" in ann.page
    assert stored(process, page).code_until > clock.now
    assert "prove" not in jobs(process)


def test_a_lapsed_proof_can_be_given_again(ann: Browser, connect: Connect, clock: Clock) -> None:
    page = connect(State.LAPSED, failure=reading.LAPSED, code_until=clock.now - timedelta(days=80))
    assert ann.get(page).says("Until you prove it again, nothing new is read.")
    assert ann.says("Check now")
    assert ann.post(f"{page}/check").says("We are looking for your code.")


def test_somebody_else_proved_the_account(ann: Browser, connect: Connect) -> None:
    page = connect(State.LAPSED, failure=connecting.TAKEN)
    assert ann.get(page).says("Somebody else has proven that this account is theirs.")
    assert ann.says("Connect it again")
    assert not ann.says("Check now")


def test_reading_shows_what_was_read_so_far(ann: Browser, connect: Connect, process: Process) -> None:
    page = connect()
    run(process, page, ended=False)
    assert ann.get(page).says("We are reading your public posts and the reactions to them.")
    assert ann.says("3 posts, 1,234 reactions")
    told = progress(ann, page)
    assert told | {"read": ""} == {
        "state": "proven", "busy": True, "failure": "", "posts": 3, "reactions": 1234, "read": "", "next": None,
    }  # fmt: skip


def test_once_read_it_waits_for_the_score_and_then_leads_to_it(
    ann: Browser, ann_id: str, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect()
    run(process, page, read_at=clock.now)
    assert ann.get(page).says("Your score is being worked out.")
    assert progress(ann, page)["busy"] is True
    with process.working() as work:
        assert store_score(work, ann_id, day_before(work, 1))
        publish(work, day_before(work, 1))
    assert progress(ann, page)["busy"] is True, "the score of a night that ran meanwhile is not the one they wait for"
    with process.working() as work:
        assert store_score(work, ann_id, work.today)
    told = progress(ann, page)
    assert (told["busy"], told["next"]) == (False, "/score")
    assert ann.get(page).says("To your score")
    assert ann.get("/connections").says("3 posts, 1,234 reactions")


def test_a_late_score_keeps_nobody_waiting_for_ever(
    ann: Browser, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect()
    run(process, page, read_at=clock.now)
    clock.go(minutes=3)
    assert progress(ann, page)["next"] == "/score"


def test_every_failure_of_a_network_has_a_sentence() -> None:
    known = {*Reason, connecting.NOT_FOUND, connecting.TAKEN, connecting.TWICE, connecting.EXPIRED, reading.LAPSED}
    known |= {reading.INTERRUPTED, reading.BROKEN}
    assert {str(one) for one in known} == set(FAILURES)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("failure", [*FAILURES, "some_future_reason"])
@pytest.mark.parametrize("state", [State.LOOKING, State.CHECKING, State.PROVEN, State.REFUSED])
def test_failures_are_told_with_the_time_of_the_next_try(
    connect: Connect, new_browser: Callable[..., Browser], clock: Clock, language: str, failure: str, state: State
) -> None:
    page = connect(state, failure=failure, due_at=clock.now + timedelta(hours=1))
    browser = new_browser(language).sign_in()
    browser.get("/account").post("/account", what="language", lang=language)
    assert browser.get(page).status == 200
    assert ("14:00 MEZ" if language == "de" else "14:00 CET") in browser.page
    assert progress(browser, page)["busy"] is False


def test_a_refused_account_can_be_typed_in_again(ann: Browser, connect: Connect) -> None:
    page = connect(State.REFUSED, failure="unknown_account", due_at=None)
    assert ann.get(page).says("The network does not know this account.")
    assert ann.says("Try again")


def test_reading_now_works_once_an_hour(ann: Browser, connect: Connect, process: Process, clock: Clock) -> None:
    page = connect(read_at=clock.now - timedelta(hours=2))
    assert ann.get(page).post(f"{page}/read").says("The account is being read now.")
    assert jobs(process).count("collect") == 1
    run(process, page, read_at=clock.now)
    assert ann.post(f"{page}/read").says("This account was read within the last hour.")
    assert jobs(process).count("collect") == 1


def test_nothing_is_read_while_the_network_wants_us_to_wait(
    ann: Browser, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect(failure="rate_limited", due_at=clock.now + timedelta(minutes=10))
    assert ann.get(page).post(f"{page}/read").says("The network asked us to wait.")
    assert "collect" not in jobs(process)
    assert stored(process, page).failure == "rate_limited"
    clock.go(minutes=10)
    assert ann.post(f"{page}/read").says("The account is being read now.")


def test_who_has_paused_is_told_that_and_of_no_next_try(
    ann: Browser, connect: Connect, process: Process, clock: Clock
) -> None:
    page = connect(read_at=clock.now - timedelta(days=1), failure="unreachable", due_at=clock.now + timedelta(hours=1))
    new, claimed, sought = connect(), connect(State.CLAIMED), connect(State.LOOKING)
    assert ann.get(page).says("Next try")
    assert ann.says("Read now")
    ann.get("/data").post("/data/pause", what="pause")
    for each in (page, new, claimed, sought, "/connections"):
        ann.get(each)
        assert ann.says("Paused since 22 November 2026.")
        assert each == "/connections" or ann.says("Paused: this account is not read")
        assert not any(ann.says(words) for words in ("Next try", "Read now", "Check now", "We are ", "try again"))
        check(ann)
    assert progress(ann, new)["busy"] is False
    before = jobs(process)
    assert ann.post(f"{page}/read").path == "/data"
    assert ann.says("Everything is paused: nothing is read or asked.")
    assert jobs(process) == before
    ann.post("/data/pause", what="go on")
    assert ann.get(page).says("Read now")


def test_what_is_not_proven_is_not_read(ann: Browser, connect: Connect, process: Process) -> None:
    page = connect(State.LAPSED)
    assert ann.get(page).post(f"{page}/read").says("Please prove first that the account is yours.")
    assert "collect" not in jobs(process)


@pytest.mark.parametrize("way", ["disconnect", "withdraw", "no"])
def test_what_was_let_go_is_in_no_log_of_the_database(
    ann: Browser, connect: Connect, process: Process, way: str
) -> None:
    page = connect()
    shown = notice_for(Purpose.SCORING, "bluesky", "en", process.settings.organisation)
    address, form = {
        "disconnect": (f"{page}/disconnect", {}),
        "withdraw": ("/consent/scoring/bluesky/withdraw", {}),
        "no": ("/consent/scoring/bluesky", {"answer": "no", "digest": shown.digest}),
    }[way]
    token = ann.get("/consent").page.split('name="csrf_token" value="')[1].split('"')[0]
    ann.client.post(address, data={"csrf_token": token, **form}, headers={"Accept-Language": "en"})
    with process.reading() as session:
        assert session.scalar(select(Connection)) is None
    assert (process.settings.data / "klarwert.sqlite-wal").stat().st_size == 0


def test_disconnecting_deletes_the_account_and_makes_the_score_anew(
    ann: Browser, ann_id: str, connect: Connect, process: Process
) -> None:
    page = connect()
    hand_over_score(process, ann_id)
    ann.get(page).post(f"{page}/disconnect")
    assert ann.says("Disconnected. What was read from this account is deleted.")
    with process.reading() as session:
        assert session.scalar(select(Connection)) is None
        assert session.scalars(select(Told.act)).all() == [Act.RECTIFICATION]
    assert "score" in jobs(process)
    assert ann.get(page).status == 404


@pytest.mark.parametrize("verb", ["check", "read"])
def test_without_a_consent_nothing_is_asked_any_more(ann: Browser, ann_id: str, process: Process, verb: str) -> None:
    with process.working() as work:
        page = f"/connections/{make_connection(work, ann_id).id}"
    assert ann.get("/connections").post(f"{page}/{verb}").says("For this we need your consent first.")
    assert ann.path == "/consent"


@pytest.mark.parametrize("verb", ["", "/progress", "/check", "/read", "/disconnect"])
def test_accounts_of_others_do_not_exist_for_me(
    connect: Connect, sign_up: Callable[..., Browser], process: Process, verb: str
) -> None:
    page = connect()
    ben = sign_up("ben@garten.test")
    seen = ben.get(page + verb) if verb in ("", "/progress") else ben.get("/connections").post(page + verb)
    assert seen.status == 404
    assert stored(process, page) is not None


def test_an_account_that_was_not_found_yet_has_no_page_for_the_profile(
    ann: Browser, process: Process, ann_id: str
) -> None:
    ann.agree()
    ann.post("/connections/new/bluesky", typed="ann.garten.test")
    with process.reading() as session:
        code = service.shown(session, process.ring, ann_id)[0].code
    assert ann.client.get(f"/me/{code}").status_code == 404
    assert ann.client.get("/me/klarwert-nonsense").status_code == 404


def test_a_network_without_a_key_says_what_the_organisation_has_to_do(ann: Browser, process: Process) -> None:
    seen = ann.get("/connections")
    assert seen.says("Not switched on here")
    assert ann.client.get("/connections/new/github").status_code == 200
    page = ann.get("/connections/new/github")
    assert page.says("GitHub is not switched on here")
    assert page.says("Make a token on GitHub")
    with process.working() as work:
        keys.give(work, "github", {"token": "invented-4711"})
    # Switched on: the consent comes first, as with every network.
    assert ann.client.get("/connections/new/github").headers["Location"].endswith("/consent/scoring/github")
    assert "invented-4711" not in ann.client.get("/connections").text
