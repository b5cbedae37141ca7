"""The pages of disputes: a way at every item, one's own list, and the page on which the organisation decides."""

import re
from collections.abc import Callable
from html import unescape

import pytest

from privacy.vocabulary import Purpose
from server.models import Account, Role
from tests.factories.people import agree
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from workers.jobs import score
from workers.models import ScoreCheck
from workers.runtime.process import Process

REASON = "Das ist nicht mein Beitrag"
ANSWER = "Geprüft: Der Beitrag steht unter deinem Konto"


@pytest.fixture
def scored(process: Process, ann: Browser, ann_id: str) -> Browser:
    with process.working() as work:
        make_scored(work, ann_id)
    return ann


def role(process: Process, account: Account, role: Role) -> None:
    with process.working() as work:
        work.session.get_one(Account, account.id).role = role.value


@pytest.fixture
def sam(process: Process, sign_up: Callable[..., Browser], account_of: Callable[[str], Account]) -> Browser:
    """Somebody of the staff."""
    browser = sign_up("sam@verein.test")
    role(process, account_of("sam@verein.test"), Role.STAFF)
    return browser


def ways(page: str) -> list[str]:
    """Ways to dispute something."""
    return [unescape(way) for way in re.findall(r'href="(/disputes/new[^"]*)"', page)]


def open_dispute(browser: Browser) -> str:
    """Disputes the best post; the id of the dispute."""
    way = ways(browser.get("/explanation").page)[0]
    browser.get(way)
    browser.post(way, reason=REASON)
    return re.findall(r"/disputes/(\w+)/take-back", browser.page)[0]


def test_every_post_and_every_signal_has_a_way_to_dispute_it(scored: Browser) -> None:
    assert len(ways(scored.get("/explanation").page)) == 3
    post = re.findall(r'href="(/explanation/post/\w+)"', scored.page)[0]
    scored.get(post)
    rows = scored.page.count("<tr>") - 1
    assert len(ways(scored.page)) == rows + 1, "one for each signal, one for the whole post"
    for way in [*ways(scored.page), *ways(scored.get("/explanation/followers").page)]:
        assert scored.get(way).status == 200, way
        assert scored.says("At once: it does not count any more")


def test_a_dispute_is_shown_with_its_state_and_the_right_to_complain(scored: Browser) -> None:
    assert scored.get("/disputes").says("Nothing disputed")
    open_dispute(scored)
    for sentence in (REASON, "waits for a decision", "Landesbeauftragte für Datenschutz Beispielland"):
        assert scored.says(sentence), sentence
    assert scored.get("/explanation").says("signals are disputed and do not count.")
    assert len(ways(scored.page)) == 2


def test_a_reason_has_to_be_there_and_not_endless(scored: Browser) -> None:
    way = ways(scored.get("/explanation").page)[0]
    for reason in ("", "  ", "x" * 4001):
        assert scored.get(way).post(way, reason=reason).status == 422
    assert scored.get("/disputes").says("Nothing disputed")


def test_what_is_not_there_cannot_be_disputed(scored: Browser) -> None:
    for query in ("", "?post=x", "?signal=00", "?topic=bread", "?post=&signal=&topic="):
        assert scored.get(f"/disputes/new{query}").status == 404
    assert scored.post("/disputes/x/take-back").status == 404


def test_what_is_disputed_already_leads_to_the_list_and_not_to_an_error(scored: Browser) -> None:
    page = scored.get("/explanation").page
    [signal, *_] = [way for way in ways(scored.get("/explanation/followers").page) if "signal=" in way]
    for way in (ways(page)[0], signal):
        scored.get(way).post(way, reason=REASON)
        assert scored.says("Your dispute has arrived.")
        for again in (scored.get(way), scored.post(way, reason="once more")):
            assert again.path == "/disputes"
            assert again.says("You have disputed this already. It stands here.")
    assert scored.page.count("/take-back") == 2
    assert scored.get("/disputes/new?post=x").status == 404


def test_it_can_be_taken_back(process: Process, scored: Browser, ann_id: str) -> None:
    before = len(ways(scored.get("/explanation").page))
    dispute = open_dispute(scored)
    scored.post(f"/disputes/{dispute}/take-back")
    assert scored.says("taken back")
    score(ann_id)
    assert len(ways(scored.get("/explanation").page)) == before


def test_a_human_of_the_organisation_decides_and_the_person_reads_the_reasons(scored: Browser, sam: Browser) -> None:
    dispute = open_dispute(scored)
    sam.get("/organisation/disputes")
    assert sam.says("All disputes, open ones first")
    assert REASON not in sam.page
    sam.get(f"/organisation/disputes/{dispute}")
    assert sam.says(REASON)
    assert sam.post(f"/organisation/disputes/{dispute}", answer="", upheld="no").status == 422
    assert sam.post(f"/organisation/disputes/{dispute}", answer=ANSWER, upheld="perhaps").status == 422
    sam.post(f"/organisation/disputes/{dispute}", answer=ANSWER, upheld="no")
    assert sam.says("Decided. The person gets a mail and sees your reasons.")
    sam.get(f"/organisation/disputes/{dispute}").post(f"/organisation/disputes/{dispute}", answer=ANSWER, upheld="yes")
    assert sam.says("This dispute is not open any more.")
    scored.get("/disputes")
    for sentence in (ANSWER, "rejected: it counts again", "by a human of the organisation (Staff)"):
        assert scored.says(sentence), sentence
    assert scored.get("/data").says("What you disputed, and your reason")
    assert next(mail.title for mail in scored.mails("ann@garten.test")) == "Your dispute was decided"
    assert "A dispute was decided" in [mail.title for mail in sam.mails("sam@verein.test")]


@pytest.mark.parametrize("who", [Role.PARTICIPANT, Role.AUDITOR, Role.DPO])
def test_nobody_else_sees_what_was_disputed(
    process: Process, scored: Browser, sam: Browser, account_of: Callable[[str], Account], who: Role
) -> None:
    dispute = open_dispute(scored)
    role(process, account_of("sam@verein.test"), who)
    for path in ("/organisation/disputes", f"/organisation/disputes/{dispute}"):
        assert sam.get(path).status == 404
    assert sam.post(f"/organisation/disputes/{dispute}", answer=ANSWER, upheld="yes").status == 404
    assert REASON not in sam.get("/disputes").page


def test_who_decides_cannot_decide_on_their_own(
    process: Process, scored: Browser, account_of: Callable[[str], Account]
) -> None:
    role(process, account_of("ann@garten.test"), Role.ADMIN)
    dispute = open_dispute(scored)
    assert scored.get("/organisation/disputes").says("your own: somebody else decides")
    scored.get(f"/organisation/disputes/{dispute}")
    assert scored.says("This dispute is your own")
    scored.post(f"/organisation/disputes/{dispute}", answer=ANSWER, upheld="yes")
    assert scored.get("/disputes").says("waits for a decision")


def test_topics_have_a_way_too(process: Process, scored: Browser, ann_id: str) -> None:
    with process.working() as work:
        agree(work, ann_id, Purpose.TOPICS)
    assert ways(scored.get("/topics").page) == [], "no post has a topic yet"


def test_an_alarm_of_the_nightly_check_stands_on_the_organisations_page(
    process: Process, ann: Browser, account_of: Callable[[str], Account]
) -> None:
    role(process, account_of("ann@garten.test"), Role.ADMIN)
    with process.working() as work:
        work.session.add(ScoreCheck(day=work.today, done_at=work.now, checked=25, wrong=0))
    assert ann.get("/organisation/overview").says(
        "25 scores of 22 November 2026 recomputed by the stand-alone checker, 0"
    )
    with process.working() as work:
        work.session.get_one(ScoreCheck, work.today).wrong = 2
    assert ann.get("/organisation/overview").says("2 of 25 scores were different")
