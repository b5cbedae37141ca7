"""Explanations: sums that add up, the right order, exact counterfactuals, pages of long lists."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.vocabulary import Purpose
from server.services import explanations, scores
from server.services.explanations import SIGNALS_A_PAGE, add_up, explain_day, explained, signals_of
from server.services.missing import MissingError
from server.services.scores import Step, next_step, people_for
from tests.factories.days import keep_basis, publish
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.scores import GARDEN, make_post, make_scored
from workers import jobs
from workers.models import Connection, Run, Score
from workers.models.connection import State
from workers.runtime.process import Process
from workers.scoring.explain import Explanation, explain
from workers.scoring.score import scale
from workers.scoring.signals import Signals
from workers.signals.standing import link

TODAY = date(2026, 11, 22)


def crowd(size: int, posts: int = 1) -> Explanation:
    """An explanation of many signals."""
    signals = Signals.from_columns(
        network=["bluesky"] * size,
        kind=["like", "reply"] * (size // 2),
        day=[TODAY - timedelta(days=number % 90) for number in range(size)],
        actor=[f"{number % 977:016x}" for number in range(size)],
        post=[f"p{number % posts}" for number in range(size)],
    )
    return explain(signals, TODAY, {})


def made_score(subject_id: str, day: date, score: float) -> Score:
    return Score(
        subject_id=subject_id, day=day, model="klarwert-1", score=score, impact=1.0, weeks=1, by_network={}, by_kind={},
        preliminary=False, made_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip


def made_run(connection: Connection, name: str, now: datetime, ended: int | None) -> Run:
    return Run(
        id=name, subject_id=connection.subject_id, connection_id=connection.id, collector="1", started_at=now,
        seen_at=now, ended_at=now + timedelta(hours=ended) if ended else None, posts=0, reactions=0, failure=None,
    )  # fmt: skip


@given(st.lists(st.floats(0, 30, allow_nan=False), max_size=40))
def test_rounded_points_and_the_remainder_add_up_to_the_rounded_score(points: list[float]) -> None:
    added = add_up(1 + sum(points), points)
    assert sum(added.terms) + added.remainder == added.total
    assert abs(added.remainder) <= Decimal("0.005") * (len(points) + 1)
    assert added.terms[0] == 1


def test_the_signals_of_a_post_are_told_to_the_last_factor(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        make_scored(work, subject.id)
        told = explain_day(work.session, subject.id, work.today)
        song, garden = explanations.posts(work.session, work.ring, subject.id, told, 0, 2)
    listed = signals_of(told, garden.id)
    assert (song.address[-5:], garden.address[-7:]) == ("/song", "/garden")
    assert (garden.network, listed.signals) == ("bluesky", len(GARDEN))
    assert listed.points == pytest.approx(garden.part.points)
    factor = (told.total.score - 1) / told.tally.total
    for signal in listed.shown:
        assert signal.value == pytest.approx(signal.weight * signal.count * signal.fading)
        assert signal.loudness == pytest.approx(signal.standing * signal.voice_value**0.5)
        assert signal.points == pytest.approx(factor * signal.loudness * signal.value / signal.voice_value)
    assert [s.points for s in listed.shown] == sorted((s.points for s in listed.shown), reverse=True)


def test_without_it_is_the_score_of_all_other_signals() -> None:
    told = crowd(400, posts=3)
    listed = signals_of(told, "p1")
    rows = np.flatnonzero(told.frame.signals.post == 1)
    real = sorted(told.without(np.arange(400) == row).score for row in rows)
    shown = sorted([*(s.without for s in listed.shown), *(s.without for s in signals_of(told, "p1", 2).shown)])
    assert shown == pytest.approx(real, abs=1e-9)


def test_people_are_numbered_the_same_on_all_pages_of_a_post() -> None:
    told = crowd(400, posts=1)
    pages = [signals_of(told, "p0", page).shown for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [100] * 4
    numbers = [signal.voice for page in pages for signal in page]
    assert numbers[0] == 1
    assert set(numbers) == set(range(1, 401))


def test_a_hundred_thousand_signals_are_listed_a_hundred_a_page() -> None:
    told = crowd(100_000)
    listed = signals_of(told, "p0", 1000)
    assert (len(listed.shown), listed.pages, listed.signals) == (SIGNALS_A_PAGE, 1000, 100_000)
    assert listed.points == pytest.approx(told.total.score - 1)


@pytest.mark.parametrize("page", [0, 5, -1])
def test_a_page_that_is_not_there_is_missing(page: int) -> None:
    with pytest.raises(MissingError):
        signals_of(crowd(400), "p0", page)


def test_older_numbers_of_followers_are_neither_counted_nor_listed(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        make_scored(work, subject.id)
        told = explain_day(work.session, subject.id, work.today)
    listed = signals_of(told, None)
    assert [signal.kind for signal in listed.shown] == ["audience"]
    assert listed.shown[0].voice is None
    assert (listed.shown[0].count, listed.shown[0].fading) == (1234, 1.0)
    assert explanations.postless(told) == (1, pytest.approx(listed.points))
    counts = explanations.counted(told)
    assert counts["bluesky"] + counts["mastodon"] == explanations.basis(told).signals
    assert (counts["audience"], counts["like"], counts["link"]) == (1, 6, 0)


def test_the_weeks_say_from_when_to_when_and_which_are_empty(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        make_scored(work, subject.id)
        told = explain_day(work.session, subject.id, work.today)
    weeks = explanations.weeks(told)
    assert len(weeks) == 13
    assert (weeks[0].first, weeks[0].last) == (TODAY - timedelta(days=6), TODAY)
    assert weeks[12].first == explanations.basis(told).since == TODAY - timedelta(days=90)
    assert [week.number for week in weeks if not week.reactions] == [3, *range(6, 13)]


def test_the_step_of_a_lender_is_shown_at_their_reaction(process: Process) -> None:
    with process.working() as work:
        lender, subject = make_subject(work), make_subject(work)
        agree(work, lender.id)
        agree(work, lender.id, Purpose.RECOGNITION)
        fan = make_connection(work, lender.id, actor_id="did:plc:fan1")
        make_post(work, fan, "own", [("like", n, 1, 1) for n in range(20, 40)])
        work.session.add(made_score(lender.id, TODAY - timedelta(days=1), 60.0))
        connections = make_scored(work, subject.id)
        link(work, work.ring.person(subject.id), connections["bluesky"], ["did:plc:fan1"])
        told = explain_day(work.session, subject.id, work.today)
        shown = [post.id for post in explanations.posts(work.session, work.ring, subject.id, told, 0)]
    lent = [signal for post in shown for signal in signals_of(told, post).shown if signal.lent]
    assert {signal.standing for signal in lent} == {1.6}
    assert len(lent) == 3


def test_a_post_of_somebody_else_is_missing(process: Process) -> None:
    with process.working() as work:
        mine, other = make_subject(work), make_subject(work)
        make_scored(work, mine.id)
        make_scored(work, other.id)
        told = explain_day(work.session, mine.id, work.today)
        theirs = explain_day(work.session, other.id, work.today).posts[0].label
        with pytest.raises(MissingError):
            explanations.one_post(work.session, work.ring, mine.id, told, theirs)
        with pytest.raises(MissingError):
            explanations.one_post(work.session, work.ring, other.id, told, told.posts[0].label)
        assert explanations.one_post(work.session, work.ring, mine.id, told, told.posts[1].label).part.rank == 2


def test_what_came_since_the_score_was_stored_is_noticed(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        assert explained(work.session, subject.id) is None
        connections = make_scored(work, subject.id)
        before = explained(work.session, subject.id)
        make_post(work, connections["bluesky"], "new", [("quote", 9, 0, 1)])
        after = explained(work.session, subject.id)
    assert before is not None
    assert after is not None
    assert (before.moved, after.moved) == (False, True)


def test_the_newest_reading_that_ended_is_the_last_one(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        connection = make_connection(work, subject.id)
        assert explanations.last_reading(work.session, subject.id) is None
        for number, ended in enumerate((1, 2, None)):
            work.session.add(made_run(connection, f"run{number}", work.now, ended))
        work.session.flush()
        last = explanations.last_reading(work.session, subject.id)
    assert last is not None
    assert last.id == "run1"


@given(st.floats(1, 99.9))
def test_people_for_turns_the_scale_round(score: float) -> None:
    assert float(scale(np.asarray(people_for(score)))) == pytest.approx(score, abs=1e-6)


def test_people_for_knows_the_ends_of_the_scale() -> None:
    assert people_for(1.0) == 0.0
    assert [round(people_for(score)) for score in (25, 50, 75)] == [4, 94, 2221]
    for wrong in (0.5, 100.0):
        with pytest.raises(ValueError, match="from 1 to below 100"):
            people_for(wrong)


def test_the_overview_has_the_history_and_the_change(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        assert scores.overview(work.session, work.ring, subject.id, work.today) is None
        make_scored(work, subject.id)
    keep_basis(process, TODAY - timedelta(days=1))
    jobs.score(subject.id)
    with process.reading() as session:
        shown = scores.overview(session, process.ring, subject.id, TODAY, best=2)
    assert shown is not None
    assert [row.day for row in shown.history] == [TODAY - timedelta(days=1), TODAY]
    assert shown.change is not None
    assert (shown.change.since, shown.change.points) == (
        TODAY - timedelta(days=1),
        shown.history[1].score - shown.history[0].score,
    )
    assert list(shown.change.parts) == ["gone", "new", "aged", "standing", "steadiness", "disputed"]
    assert sum(shown.change.parts.values()) == pytest.approx(shown.change.points, abs=1e-9, rel=0)
    assert [post.part.rank for post in shown.posts] == [1, 2]


def test_a_first_score_has_no_change(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        work.session.add(made_score(subject.id, TODAY - timedelta(days=400), 30.0))
        publish(work, TODAY - timedelta(days=400))
        work.session.flush()
        shown = scores.overview(work.session, work.ring, subject.id, work.today)
    assert shown is not None
    assert shown.change is None
    assert shown.history == []  # of a year


def test_the_next_step_leads_from_consent_to_the_reading(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work)
        steps = [next_step(work.session, subject.id)]
        agree(work, subject.id)
        steps.append(next_step(work.session, subject.id))
        make_connection(work, subject.id, state=State.REFUSED)
        steps.append(next_step(work.session, subject.id))
        claimed = make_connection(work, subject.id, state=State.CLAIMED)
        steps.append(next_step(work.session, subject.id))
        proven = make_connection(work, subject.id, state=State.PROVEN)
        steps.append(next_step(work.session, subject.id))
    assert [step for step, _ in steps] == [Step.CONSENT, Step.CONNECT, Step.CONNECT, Step.PROVE, Step.WAIT]
    assert [connection for _, connection in steps] == [None, None, None, claimed.id, proven.id]
