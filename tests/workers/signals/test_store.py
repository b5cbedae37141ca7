"""What is one signal: the rules of score-model, section 1, one by one and all together against a plain model."""

from collections.abc import Callable
from datetime import datetime, time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.conftest import Clock
from tests.factories.people import make_connection, make_subject
from tests.factories.readings import TODAY, ago, count, like, reading, reply
from tests.workers.signals.conftest import Garden
from tests.workers.signals.reference import PlainStore
from workers.models import Connection, Post, Run
from workers.networks.shape import Reaction
from workers.runtime.process import Process
from workers.signals import store


def test_a_like_without_a_day_is_of_the_day_of_the_post_in_the_first_reading(garden: Garden) -> None:
    garden.put(reading(like("did:a")))
    assert garden.stored() == [("like", garden.pseudonym("did:a"), ago(10), 1)]


def test_a_like_that_appears_later_is_of_the_day_on_which_it_is_seen(garden: Garden) -> None:
    garden.put(reading(like("did:a")), reading(like("did:a"), like("did:b")))
    assert {(row[1], row[2]) for row in garden.stored()} == {
        (garden.pseudonym("did:a"), ago(10)),
        (garden.pseudonym("did:b"), TODAY),
    }


def test_of_two_days_of_one_like_the_earliest_stays(garden: Garden) -> None:
    garden.put(reading(like("did:a", 3), like("did:a", 5), like("did:a", 4)))
    garden.put(reading(like("did:a", 2), complete="like"))
    garden.put(reading(like("did:a")))
    assert garden.stored() == [("like", garden.pseudonym("did:a"), ago(5), 1)]
    garden.put(reading(like("did:a", 7)))
    assert garden.stored() == [("like", garden.pseudonym("did:a"), ago(7), 1)]


def test_a_complete_reading_takes_out_what_was_taken_back(garden: Garden) -> None:
    garden.put(reading(like("did:a", 3), like("did:b", 3), reply("did:a", 3)))
    garden.put(reading(like("did:b", 3), complete="like"))
    assert [row[:2] for row in garden.stored()] == [
        ("like", garden.pseudonym("did:b")),
        ("reply", garden.pseudonym("did:a")),
    ]


def test_a_complete_reading_without_anything_empties_its_kinds(garden: Garden) -> None:
    garden.put(reading(like("did:a", 3), count(4, "repost"), reply("did:a", 3)), reading(complete="like repost"))
    assert [row[0] for row in garden.stored()] == ["reply"]


def test_an_incomplete_reading_only_adds(garden: Garden) -> None:
    garden.put(reading(like("did:a", 3), reply("did:a", 3, 5)), reading(like("did:b", 3), reply("did:a", 3, 2)))
    assert {(row[0], row[1], row[3]) for row in garden.stored()} == {
        ("like", garden.pseudonym("did:a"), 1),
        ("like", garden.pseudonym("did:b"), 1),
        ("reply", garden.pseudonym("did:a"), 5),
    }


def test_replies_of_one_person_on_one_day_are_one_signal_with_their_number(garden: Garden) -> None:
    garden.put(reading(reply("did:a", 3), reply("did:a", 3), reply("did:a", 2, 4), complete="reply"))
    assert [row[2:] for row in garden.stored()] == [(ago(3), 2), (ago(2), 4)]
    garden.put(reading(reply("did:a", 3), complete="reply"))
    assert [row[2:] for row in garden.stored()] == [(ago(3), 1)]


def test_a_reply_without_a_day_stays_on_the_day_on_which_it_was_seen(garden: Garden, clock: Clock) -> None:
    garden.put(reading(reply("did:a", None)))
    clock.go(days=1)
    garden.put(reading(reply("did:a", None)))
    assert [row[2:] for row in garden.stored()] == [(ago(10), 1)]


def test_counts_come_as_increments_and_shrink_newest_first(garden: Garden, clock: Clock) -> None:
    garden.put(reading(count(10)))
    clock.go(days=1)
    garden.put(reading(count(14)), reading(count(15)))
    clock.go(days=1)
    garden.put(reading(count(18)))
    assert [row[2:] for row in garden.stored()] == [(ago(10), 10), (ago(-1), 5), (ago(-2), 3)]
    garden.put(reading(count(13)))
    assert [row[2:] for row in garden.stored()] == [(ago(10), 10), (ago(-1), 3)]
    garden.put(reading(count(0)))
    assert garden.stored() == []


def test_several_counts_of_one_kind_add_up(garden: Garden) -> None:
    garden.put(reading(count(3), count(4)))
    assert [row[3] for row in garden.stored()] == [7]


def test_a_list_read_to_its_end_takes_the_place_of_a_count(garden: Garden) -> None:
    garden.put(reading(count(10)), reading(like("did:a", 2), complete="like"))
    assert [row[1] for row in garden.stored()] == [garden.pseudonym("did:a")]


def test_what_is_out_of_the_window_is_not_stored(garden: Garden) -> None:
    garden.put(reading(like("did:a", 91), like("did:b", 90), reply("did:a", 91), count(3, "repost"), posted=91))
    assert [row[2] for row in garden.stored()] == [ago(90)]
    garden.put(reading(like("did:b", 95), posted=91))
    assert garden.stored() == []


def test_a_reaction_of_tomorrow_is_of_today(garden: Garden) -> None:
    garden.put(reading(like("did:a", -1)))
    assert garden.stored()[0][2] == TODAY


def test_nothing_reacted_by_somebody_is_no_signal(garden: Garden) -> None:
    garden.put(reading(reply("did:a", 1, 0)))
    assert garden.stored() == []


def test_the_same_page_twice_changes_nothing(each_process: Process, make_garden: Callable[[Process], Garden]) -> None:
    garden = make_garden(each_process)
    page = [reading(like("did:a"), like("did:b", 2), reply("did:a", 3, 2), count(9, "repost"), complete="like reply")]
    page.append(reading(like("did:a"), number=2))
    garden.put(*page)
    before = garden.stored()
    garden.put(*page)
    assert garden.stored() == before
    assert len(before) == 5


def test_nothing_of_who_reacted_or_was_written_is_stored(garden: Garden) -> None:
    garden.put(reading(like("did:plc:reacting"), reply("did:plc:reacting", 1)))
    garden.process.forget()
    raw = b"".join(path.read_bytes() for path in garden.process.settings.data.glob("klarwert.sqlite*"))
    for canary in (b"did:plc:reacting", b"Text, der nie bleibt", b"netz.test"):
        assert canary not in raw


def test_one_person_has_unrelated_pseudonyms_under_two_participants(
    process: Process, make_garden: Callable[[Process], Garden]
) -> None:
    first, second = make_garden(process), make_garden(process)
    for garden in (first, second):
        garden.put(reading(like("did:a")))
    assert first.stored()[0][1] != second.stored()[0][1]


def test_followers_are_one_signal_a_day_with_the_last_count(garden: Garden, clock: Clock) -> None:
    def followers(number: int) -> None:
        with garden.process.working() as work:
            store.put_audience(work, work.session.get_one(Connection, garden.connection_id), number)

    followers(100)
    followers(120)
    clock.go(days=1)
    followers(130)
    assert [row[2:] for row in garden.stored()] == [(TODAY, 120), (ago(-1), 130)]
    followers(0)
    assert [row[2:] for row in garden.stored()] == [(TODAY, 120)]


def test_a_post_knows_when_it_was_last_seen(garden: Garden, clock: Clock) -> None:
    garden.put(reading(number=1), reading(number=2))
    clock.go(days=1)
    garden.put(reading(number=1))
    with garden.process.working() as work:
        connection = work.session.get_one(Connection, garden.connection_id)
        key = work.ring.person(garden.subject_id)
        unseen = store.unseen(work.session, connection, work.now)
        assert [store.address_of(post, key) for post in unseen] == ["https://netz.test/p/2"]
        assert [post.id for post in store.found(work, connection, ["https://netz.test/p/2", "x"])] == [unseen[0].id]


def test_dropping_a_post_spares_the_others(garden: Garden) -> None:
    garden.put(reading(like("did:a"), number=1), reading(like("did:a"), number=2))
    with garden.process.working() as work:
        connection = work.session.get_one(Connection, garden.connection_id)
        store.drop_posts(work.session, store.found(work, connection, ["https://netz.test/p/1"]))
    with garden.process.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 1
    assert len(garden.stored()) == 1


def test_old_posts_go_once_no_reaction_rests_on_them(garden: Garden) -> None:
    garden.put(reading(number=1, posted=100), reading(like("did:a", 5), number=2, posted=100), reading(number=3))
    with garden.process.working() as work:
        connection = work.session.get_one(Connection, garden.connection_id)
        store.drop_silent(work.session, connection, ago(90))
        key = work.ring.person(garden.subject_id)
        left = [store.address_of(post, key)[-1] for post in work.session.scalars(select(Post))]
    assert sorted(left) == ["2", "3"]


def test_a_connection_goes_with_all_that_was_read_through_it(
    each_process: Process, make_garden: Callable[[Process], Garden]
) -> None:
    garden, other = make_garden(each_process), make_garden(each_process)
    for each in (garden, other):
        each.put(reading(like("did:a")))
    with each_process.working() as work:
        row = work.session.get_one(Connection, garden.connection_id)
        moment = datetime.combine(TODAY, time.min, work.now.tzinfo)
        work.session.add(
            Run(
                subject_id=garden.subject_id,
                connection_id=row.id,
                collector="1",
                started_at=moment,
                seen_at=moment,
                posts=0,
                reactions=0,
            )
        )
        work.session.flush()
        store.drop_connections(work.session, [row])
    with each_process.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(t)) for t in (Connection, Post, Run)]
    assert counts == [1, 1, 0]
    assert (garden.stored(), len(other.stored())) == ([], 1)


ACTORS = st.sampled_from(["did:a", "did:b", None])
DAYS = st.sampled_from([ago(0), ago(1), ago(3), ago(89), ago(90), ago(95)])
# A network dates all of a kind or none.
REACTIONS = st.one_of(
    st.builds(Reaction, st.sampled_from(["like", "reply"]), ACTORS, DAYS, st.integers(1, 4)),
    st.builds(Reaction, st.sampled_from(["repost", "quote"]), ACTORS, st.none(), st.integers(1, 4)),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 5]),
        st.lists(REACTIONS, max_size=5),
        st.frozensets(st.sampled_from(["like", "reply", "repost", "quote"])),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_order_of_readings_agrees_with_the_rules_written_plainly(
    process: Process, clock: Clock, steps: list[tuple[int, list[Reaction], frozenset[str]]]
) -> None:
    plain = PlainStore()
    clock.now = datetime.combine(TODAY, time(12), clock.now.tzinfo)
    with process.working() as work:
        subject = make_subject(work)
        connection = make_connection(work, subject.id)
    garden = Garden(process, subject.id, connection.id)
    for days, reactions, complete in steps:
        clock.go(days=days)
        page = reading(*reactions, posted=20, complete=" ".join(complete))
        garden.put(page, page)
        plain.put(page, clock.now.date())
        named = {"did:a": garden.pseudonym("did:a"), "did:b": garden.pseudonym("did:b"), None: None}
        expected = [(kind, named[actor], day, number) for (kind, actor, day), number in plain.signals.items()]
        assert garden.stored() == sorted(expected, key=repr)
