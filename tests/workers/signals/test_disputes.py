"""The drop list: what is disputed is left out of every score, even when read again, and comes back when let in."""

import json
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from privacy.base import new_id
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, ago, count, like, reading, reply
from workers import results
from workers.models import Dispute, Dropped, Score
from workers.models.dispute import Outcome, Target
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.scoring.signals import Signals
from workers.signals.disputes import Which, forget_topics, leave_out, left_out, let_in, matter, which
from workers.signals.store import put, put_audience
from workers.signals.take import take
from workers.signals.topics import give_topics
from workers.withdrawal import withdraw


def make_dispute(work: Work, subject_id: str, target: Target = Target.POST, network: str = "bluesky") -> Dispute:
    row = Dispute(
        id=new_id(), subject_id=subject_id, target=target.value, network=network, outcome=Outcome.OPEN.value,
        made_at=work.now,
    )  # fmt: skip
    seal(row, work.ring.person(subject_id), reason="Das war ich nicht", subject_matter=json.dumps({"topic": "bread"}))
    work.session.add(row)
    work.session.flush()
    return row


class Somebody:
    """A participant with one post: two likes, two replies of one person, a count of reposts, followers."""

    def __init__(self, work: Work) -> None:
        self.id = make_subject(work).id
        agree(work, self.id)
        self.connection = make_connection(work, self.id, read_at=work.now)
        self.read(work)
        put_audience(work, self.connection, 40)

    def read(self, work: Work) -> None:
        reactions = (like("did:a", 3), like("did:b", 2), reply("did:a", 3), reply("did:a", 2), count(7, "repost"))
        put(work, work.ring.person(self.id), self.connection, reading(*reactions, complete="like reply repost"))


def kinds_out(work: Work, subject_id: str) -> list[str]:
    """Kind and day of everything that is left out."""
    taken = take(work.session, subject_id, TODAY)
    rows = [which(taken.signals, row) for row in np.flatnonzero(taken.disputed).tolist()]
    return sorted(f"{one.kind} {one.day or ''}".strip() for one in rows)


def identities(work: Work, subject_id: str) -> list[Which]:
    signals = take(work.session, subject_id, TODAY).signals
    return [which(signals, row) for row in range(len(signals))]


def test_each_signal_can_be_left_out_alone_and_is_found_again_when_it_is_read_anew(each_process: Process) -> None:
    with each_process.working() as work:
        somebody = Somebody(work)
        all_ = identities(work, somebody.id)
        assert len(all_) == 6
        for one in all_:
            dispute = make_dispute(work, somebody.id, Target.SIGNAL)
            leave_out(work, dispute, [one])
            work.session.execute(Dropped.__table__.delete().where(Dropped.dispute_id != dispute.id))
            assert int(take(work.session, somebody.id, TODAY).disputed.sum()) == 1
            somebody.read(work)
            assert [which(taken.signals, row) for taken in [take(work.session, somebody.id, TODAY)]
                    for row in np.flatnonzero(taken.disputed).tolist()] == [one]  # fmt: skip


def test_a_like_stays_left_out_when_a_later_reading_dates_it_anew(process: Process) -> None:
    with process.working() as work:
        somebody = Somebody(work)
        liked = next(one for one in identities(work, somebody.id) if one.kind == "like" and one.day is None)
        leave_out(work, make_dispute(work, somebody.id), [liked])
        put(work, work.ring.person(somebody.id), somebody.connection, reading(like("did:a", 9), like("did:b", 8)))
        assert kinds_out(work, somebody.id) == ["like"]


def test_a_whole_post_is_left_out_with_what_comes_later_and_let_in_again(process: Process) -> None:
    with process.working() as work:
        somebody = Somebody(work)
        post = next(one.post for one in identities(work, somebody.id) if one.post)
        dispute = make_dispute(work, somebody.id)
        leave_out(work, dispute, [Which("bluesky", post)])
        put(work, work.ring.person(somebody.id), somebody.connection, reading(like("did:c", 0)))
        assert len(kinds_out(work, somebody.id)) == 6
        results.store_score(work, somebody.id, TODAY)
        assert work.session.scalar(select(Score.score)) == 1.0, "followers alone count nothing"
        let_in(work.session, dispute.id)
        assert kinds_out(work, somebody.id) == []


def test_a_number_of_followers_is_left_out_on_its_account_only(process: Process) -> None:
    with process.working() as work:
        somebody = Somebody(work)
        second = make_connection(work, somebody.id, label="2", read_at=work.now)
        put_audience(work, second, 50)
        drop = Which("bluesky", None, "audience", TODAY, None, "2")
        leave_out(work, make_dispute(work, somebody.id), [drop])
        taken = take(work.session, somebody.id, TODAY)
        assert taken.signals.count[taken.disputed].tolist() == [50]


def test_one_persons_drop_list_leaves_everybody_else_alone(process: Process) -> None:
    with process.working() as work:
        mine, theirs = Somebody(work), Somebody(work)
        leave_out(work, make_dispute(work, mine.id), identities(work, mine.id))
        assert len(kinds_out(work, mine.id)) == 6
        assert kinds_out(work, theirs.id) == []


def test_a_post_that_is_given_a_disputed_topic_later_is_left_out_too(process: Process) -> None:
    class Baker:
        def give(self, _text: str) -> list[str]:
            return ["bread"]

    with process.working() as work:
        somebody = Somebody(work)
        agree(work, somebody.id, Purpose.TOPICS)
        make_dispute(work, somebody.id, Target.TOPIC, network="")
        key = work.ring.person(somebody.id)
        for _ in range(2):
            give_topics(work, key, somebody.connection, {"https://netz.test/p/1": "Brot"}, Baker)  # type: ignore[arg-type]
        assert len(kinds_out(work, somebody.id)) == 5
        assert work.session.scalar(select(func.count()).select_from(Dropped)) == 1


def test_with_the_consent_to_topics_the_disputed_topic_is_forgotten_and_its_posts_stay_out(process: Process) -> None:
    with process.working() as work:
        somebody = Somebody(work)
        post = next(one.post for one in identities(work, somebody.id) if one.post)
        dispute = make_dispute(work, somebody.id, Target.TOPIC, network="")
        leave_out(work, dispute, [Which("bluesky", post)])
        key = work.ring.person(somebody.id)
        assert matter(dispute, key) == {"topic": "bread"}
        forget_topics(work.session, key, somebody.id)
        assert matter(dispute, key) == {}
        assert len(kinds_out(work, somebody.id)) == 5


def test_with_the_consent_to_a_network_what_was_disputed_on_it_goes(each_process: Process) -> None:
    with each_process.working() as work:
        somebody = Somebody(work)
        agree(work, somebody.id, network="mastodon")
        make_connection(work, somebody.id, "mastodon")
        here, there = make_dispute(work, somebody.id), make_dispute(work, somebody.id, network="mastodon")
        leave_out(work, here, [Which("bluesky", "p")])
        leave_out(work, there, [Which("mastodon", "p")])
    with each_process.working() as work:
        assert withdraw(work, somebody.id, Purpose.SCORING, "bluesky")
    with each_process.reading() as session:
        key = each_process.ring.person(somebody.id)
        rows = {row.network: row for row in session.scalars(select(Dispute))}
        assert session.scalars(select(Dropped.network)).all() == ["mastodon"]
        assert (rows["bluesky"].outcome, matter(rows["bluesky"], key)) == (Outcome.OVER, {})
        assert rows["mastodon"].outcome == Outcome.OPEN


rows = st.lists(
    st.fixed_dictionaries(
        {
            "network": st.sampled_from(["x", "y"]),
            "kind": st.sampled_from(["like", "reply", "audience"]),
            "day": st.integers(0, 2).map(ago),
            "actor": st.sampled_from([None, "a", "b"]),
            "account": st.sampled_from([None, "2"]),
            "post": st.sampled_from([None, "p", "q"]),
        }
    ),
    max_size=20,
)


@given(rows, st.data())
def test_what_is_left_out_is_exactly_what_has_the_same_identity(table: list[dict], data: st.DataObject) -> None:
    signals = Signals.from_columns(**{name: [row[name] for row in table] for name in (
        "network", "kind", "day", "actor", "account", "post")})  # fmt: skip
    every = [which(signals, row) for row in range(len(signals))]
    drops = data.draw(st.lists(st.sampled_from(every), max_size=4)) if every else []
    assert left_out(signals, drops).tolist() == [one in drops for one in every]


def test_what_no_signal_has_marks_nothing() -> None:
    signals = Signals.from_columns(network=["x"], kind=["like"], day=[date(2026, 1, 1)], post=["p"])
    unknown = [Which("z", "p"), Which("x", "q"), Which("x", "p", "like", date(2026, 1, 1) + timedelta(days=1))]
    assert not left_out(signals, unknown).any()
