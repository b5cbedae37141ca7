"""The root of a day: every score leads up to it, a changed one does not, and it outlives who is erased."""

import pytest
from sqlalchemy import select, update

from privacy import merkle
from tests.factories.days import make_score
from tests.factories.people import make_subject
from tests.factories.scores import day_before
from workers import logbook
from workers.audit import root
from workers.jobs import erase
from workers.models import Score, ScoreRoot
from workers.places import holdings
from workers.results import drop_scores
from workers.runtime.process import Process


def publish(process: Process, number: int = 11) -> list[str]:
    """Yesterday's scores of some people, published; their ids."""
    with process.working() as work:
        people = [make_subject(work).id for _ in range(number)]
        for place, subject_id in enumerate(people):
            make_score(work, subject_id, day_before(work, 1), 10.0 + place / 3)
        make_score(work, make_subject(work).id, day_before(work, 1), 99.0, preliminary=True)
        assert root.publish(work, day_before(work, 1)) is not None
    logbook.append(process)
    return people


def proof_of(process: Process, subject_id: str) -> root.Proof | None:
    with process.reading() as session:
        score = session.scalars(select(Score).where(Score.subject_id == subject_id)).one()
        return root.proof(session, score)


@pytest.mark.parametrize("number", [1, 2, 3, 7, 8, 11])
def test_every_final_score_leads_to_the_root_and_the_root_stands_in_the_log(process: Process, number: int) -> None:
    people = publish(process, number)
    for subject_id in people:
        found = proof_of(process, subject_id)
        assert found is not None
        assert found.people == number
        assert root.holds(found)
        assert root.in_log(process, found.day, found.root)


def test_publishing_again_changes_nothing(each_process: Process) -> None:
    publish(each_process)
    with each_process.working() as work:
        assert root.publish(work, day_before(work, 1)) is None
        assert root.publish(work, day_before(work, 9)) is None  # nobody has a score of it


def test_places_tell_nothing_about_people_nor_about_another_day(process: Process) -> None:
    people = publish(process)
    with process.working() as work:
        for number, subject_id in enumerate(people):
            make_score(work, subject_id, day_before(work, 2), 10.0 + number / 3)
        root.publish(work, day_before(work, 2))
        orders = []
        for days in (1, 2):
            standing = root.Places(work.session, day_before(work, days))
            orders.append([people.index(standing.subject_id(place) or "") for place in range(11)])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(11))
    assert orders[0] != orders[1]
    assert orders[0] != list(range(11))


@pytest.mark.parametrize(
    "change", [{"score": 50.0}, {"model": "another"}, {"by_network": {"bluesky": 1.0}}, {"by_kind": {"like": 1.0}}]
)
def test_a_changed_score_does_not_lead_to_the_root(process: Process, change: dict[str, object]) -> None:
    [first, *_] = publish(process)
    with process.working() as work:
        work.session.execute(update(Score).where(Score.subject_id == first).values(**change))
    found = proof_of(process, first)
    assert found is not None
    assert not root.holds(found)


def test_a_changed_root_is_not_the_one_in_the_log(process: Process) -> None:
    publish(process)
    with process.working() as work:
        day = day_before(work, 1)
        top = work.session.get_one(ScoreRoot, day)
        assert root.in_log(process, day, top.root)
        assert not root.in_log(process, day, "00" * 32)
    assert not root.in_log(process, day.replace(day=1), top.root)


def test_whoever_is_erased_or_withdraws_takes_their_salt_along_and_the_others_still_lead_to_the_root(
    process: Process,
) -> None:
    erased, withdrawn, *others = publish(process)
    erase(erased)
    with process.working() as work:
        drop_scores(work.session, withdrawn)
    with process.reading() as session:
        assert holdings(process).traces(session, erased) == {}
        assert session.scalars(select(Score.salt).where(Score.subject_id == withdrawn)).all() == []
    found = [proof_of(process, one) for one in others]
    assert all(one is not None and root.holds(one) for one in found)
    logbook.append(process)
    assert logbook.verify(process)[1] == 0


def test_an_inclusion_proof_that_cannot_be_one_leads_nowhere() -> None:
    leaf = merkle.leaf_hash(b"x")
    assert merkle.included(leaf, 0, 1, []) == leaf
    assert merkle.included(leaf, 1, 1, []) is None
    assert merkle.included(leaf, 0, 1, [leaf]) is None
    assert merkle.included(leaf, 0, 4, [leaf]) is None
