"""Offers: only for who agreed and whom they fit, taken once, never overrun; the organisation sees only who took one."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from privacy.consent import NoConsentError
from privacy.disclosure import FORBIDDEN, Disclosure, ForbiddenUseError
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from server.models import Role
from server.services import offers
from server.services.missing import MissingError
from server.services.offers import FullError
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import agree, make_subject
from tests.factories.scores import make_scored
from tests.server.browser import Browser
from tests.server.web.test_desk import make_officer
from tests.server.web.test_pages import check
from workers.models import Offer, Post, TakenOffer
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.withdrawal import withdraw

__all__ = ["make_officer"]
REACH = "ann-invented@garten.test"


def make_offer(work: Work, title: str = "Saatgut", **values: object) -> str:
    """An offer that is open for everybody who agreed, unless said otherwise; its id."""
    usual = {"text": "Alte Sorten", "from_score": 40, "topic": "", "until": work.today, "places": 2}
    return offers.make(work, "campaign", title=title, **(usual | values)).id  # type: ignore[arg-type]


def make_taker(work: Work, points: float = 47.4) -> str:
    """Somebody with a final score of yesterday who agreed to offers."""
    person = make_subject(work).id
    agree(work, person, Purpose.PERKS)
    make_score(work, person, work.today - timedelta(days=1), points)
    return person


def taken(process: Process) -> list[tuple[str, str]]:
    with process.reading() as session:
        return [(row.subject_id, row.offer_id) for row in session.scalars(select(TakenOffer))]


@pytest.fixture
def scored(process: Process, ann: Browser, ann_id: str) -> Browser:
    """Ann with a final score, and one of today that does not count yet."""
    with process.working() as work:
        make_score(work, ann_id, work.today - timedelta(days=1), 47.4)
        make_score(work, ann_id, work.today, 90.0, preliminary=True)
    return ann


@pytest.fixture
def admin(make_officer: Callable[..., Browser]) -> Browser:
    return make_officer("admin@garten.test", Role.ADMIN)


def test_an_offer_is_made_found_taken_and_seen_with_every_look_shown(
    process: Process, admin: Browser, scored: Browser, ann_id: str, clock: Clock
) -> None:
    admin.get("/organisation/offers")
    check(admin)
    admin.post(
        "/organisation/offers", purpose="campaign", title="Saatgut", text="Alte Sorten", from_score="47", topic="",
        until=clock.now.date().isoformat(), places="1",
    )  # fmt: skip
    assert admin.says("The offer stands.")
    assert admin.says("0 of 1")
    check(admin)
    with process.reading() as session:
        offer_id = session.scalars(select(Offer.id)).one()
    assert scored.get("/offers").says("No offers")
    assert 'href="/consent" aria-current="true"' in scored.page
    assert not scored.says("Saatgut")
    assert "/offers" not in scored.get("/consent").page
    scored.agree("perks")
    assert 'href="/offers"' in scored.get("/consent").page
    assert scored.get("/offers").says("Alte Sorten")
    check(scored)
    scored.post(f"/offers/{offer_id}", reach=" ")
    assert scored.status == 422
    check(scored)
    assert not admin.get(f"/organisation/offers/{offer_id}").says(REACH)
    assert admin.says("Nobody so far.")
    scored.post(f"/offers/{offer_id}", reach=REACH)
    assert scored.says("Taken.")
    assert scored.says(f"You wrote: {REACH}")
    check(scored)
    assert admin.get(f"/organisation/offers/{offer_id}").says(REACH)
    assert not admin.says("47.4")
    check(admin)
    assert admin.get("/organisation/offers").says("1 of 1")
    with process.reading() as session:
        seen = session.scalars(select(Disclosure).order_by(Disclosure.what)).all()
        assert [(one.subject_id, one.purpose, one.what) for one in seen] == [
            (ann_id, "campaign", "offer"), (ann_id, "campaign", "reach"),
        ]  # fmt: skip
    assert scored.get("/data").says("choosing people for a campaign That you took an offer")
    scored.get("/offers").post(f"/offers/{offer_id}", reach=REACH)
    assert scored.status == 404


def test_what_is_above_the_score_closed_or_over_is_neither_shown_nor_taken(process: Process, clock: Clock) -> None:
    with process.working() as work:
        person = make_taker(work)
        ids = [make_offer(work, from_score=48), make_offer(work), make_offer(work, until=work.today)]
        offers.close(work, ids[1])
        fits = make_offer(work, "Passt", until=work.today + timedelta(days=2), from_score=47)
    clock.go(days=1)
    with process.reading() as session:
        shown = offers.fitting(session, process.ring, person, clock.now.date())
        assert [one.id for one in shown] == [fits]
    for each in [*ids, "0" * 32]:
        with process.working() as work, pytest.raises(MissingError):
            offers.take(work, person, each, REACH)
    assert taken(process) == []


def test_nobody_takes_anything_without_the_consent_or_twice(process: Process) -> None:
    with process.working() as work:
        person, offer_id = make_taker(work), make_offer(work)
        stranger = make_subject(work).id
        make_score(work, stranger, work.today - timedelta(days=2), 90.0)
    with process.working() as work, pytest.raises(NoConsentError):
        offers.take(work, stranger, offer_id, REACH)
    with process.working() as work:
        offers.take(work, person, offer_id, REACH)
    with process.working() as work, pytest.raises(MissingError):
        offers.take(work, person, offer_id, REACH)
    assert taken(process) == [(person, offer_id)]


def test_a_topic_counts_only_while_topics_are_allowed(process: Process) -> None:
    with process.working() as work:
        person = make_subject(work).id
        make_scored(work, person)
        agree(work, person, Purpose.PERKS)
        make_score(work, person, work.today - timedelta(days=30), 47.4)
        post = work.session.scalars(select(Post).where(Post.subject_id == person)).first()
        assert post is not None
        seal(post, work.ring.person(person), topics=json.dumps(["gardening"]))
        mine = make_offer(work, topic="gardening", from_score=1)
        make_offer(work, topic="cycling", from_score=1)
    with process.working() as work:
        assert offers.fitting(work.session, work.ring, person, work.today) == []
        with pytest.raises(MissingError):
            offers.take(work, person, mine, REACH)
    with process.working() as work:
        agree(work, person, Purpose.TOPICS)
        assert [one.id for one in offers.fitting(work.session, work.ring, person, work.today)] == [mine]
        offers.take(work, person, mine, REACH)
    assert taken(process) == [(person, mine)]


def test_two_at_once_never_share_the_last_place(each_process: Process) -> None:
    with each_process.working() as work:
        people, offer_id = [make_taker(work) for _ in range(4)], make_offer(work, places=2)
    start, full = threading.Barrier(len(people)), []

    def run(person: str) -> None:
        start.wait()
        try:
            with each_process.working() as work:
                offers.take(work, person, offer_id, REACH)
        except FullError:
            full.append(person)

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken(each_process)) == len(full) == 2


def test_who_comes_too_late_is_told_so(process: Process, scored: Browser) -> None:
    with process.working() as work:
        offer_id = make_offer(work, places=1)
        offers.take(work, make_taker(work), offer_id, REACH)
    scored.agree("perks").get("/offers").post(f"/offers/{offer_id}", reach="anders")
    assert scored.says("All places of this offer are taken.")
    assert len(taken(process)) == 1


def test_a_pause_hides_who_took_it_and_a_withdrawal_deletes_it(
    process: Process, scored: Browser, admin: Browser, ann_id: str
) -> None:
    with process.working() as work:
        offer_id, other = make_offer(work), make_taker(work)
        offers.take(work, other, offer_id, "andere@garten.test")
    scored.agree("perks").get("/offers").post(f"/offers/{offer_id}", reach=REACH)
    scored.get("/data").post("/data/pause", what="pause")
    assert not admin.get(f"/organisation/offers/{offer_id}").says(REACH)
    assert admin.says("andere@garten.test")
    scored.get("/data").post("/data/pause", what="go on")
    assert admin.get(f"/organisation/offers/{offer_id}").says(REACH)
    with process.working() as work:
        assert withdraw(work, ann_id, Purpose.PERKS)
    assert taken(process) == [(other, offer_id)]
    assert not admin.get(f"/organisation/offers/{offer_id}").says(REACH)
    assert scored.get("/offers").says("No offers")


def test_an_offer_is_closed_by_who_works_here_only(
    process: Process, make_officer: Callable[..., Browser], scored: Browser
) -> None:
    with process.working() as work:
        offer_id = make_offer(work)
    staff = make_officer("staff@garten.test", Role.STAFF).get("/organisation/offers")
    for path in ("/organisation/offers", f"/organisation/offers/{offer_id}"):
        assert scored.get(path).status == 404
    staff.post(f"/organisation/offers/{offer_id}/close")
    assert staff.says("Closed.")
    check(staff)
    assert scored.agree("perks").get("/offers").says("At present there is no offer that fits.")


@pytest.mark.parametrize("purpose", sorted(FORBIDDEN))
def test_what_the_law_closes_is_refused_with_its_name(process: Process, purpose: str) -> None:
    with process.working() as work, pytest.raises(ForbiddenUseError):
        offers.make(work, purpose, title="x", text="x", from_score=1, topic="", until=work.today, places=1)


def test_a_form_that_is_wrong_gets_sentences(process: Process, admin: Browser, clock: Clock) -> None:
    today = clock.now.date()
    right = {
        "purpose": "campaign", "title": "a", "text": "b", "from_score": "1", "topic": "", "places": "1",
        "until": today.isoformat(),
    }  # fmt: skip
    admin.get("/organisation/offers")
    for wrong in (
        {"purpose": "credit"}, {"purpose": "audit"}, {"title": ""}, {"from_score": "101"}, {"from_score": "4.5"},
        {"topic": "none-such"}, {"places": "0"}, {"until": "gestern"},
        {"until": (today - timedelta(days=1)).isoformat()}, {"until": (today + timedelta(days=366)).isoformat()},
    ):  # fmt: skip
        admin.post("/organisation/offers", **(right | wrong))
        assert admin.status == 422, wrong
        check(admin)
    assert admin.says("within a year")
    for use in FORBIDDEN:
        assert admin.says(FORBIDDEN[use])
    with process.reading() as session:
        assert session.scalars(select(Offer)).all() == []
