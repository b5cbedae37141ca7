"""Merging columns and statements: the last word about a signal counts, against a plain dictionary; blocks and files."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.models.inbox import STATEMENT
from workers.scoring.signals import AUDIENCE_CODE, KIND_CODES, KINDS
from workers.signals import block, merge
from workers.signals.block import (
    DROP_ACTOR,
    DROP_ALL,
    DROP_POST,
    DROP_TOPICS,
    FORGET,
    ONCE,
    TOPIC,
    BrokenBlockError,
    Statement,
    pack,
    unpack,
)
from workers.signals.columns import Columns, empty, living, part
from workers.signals.merge import BucketTooBigError, News, among, compact

DAY = 20_700
PEOPLE = {"a" * 32: ["a0", "a1"], "b" * 32: ["b0"], "c" * 32: []}
NAMES = list(PEOPLE)
CONNECTIONS = [one for mine in PEOPLE.values() for one in mine]
OWNERS = [name for name, mine in PEOPLE.items() for _ in mine]

#: What the statements say, as plainly as it can be kept: signals by identity, topics by post.
Plain = tuple[dict[tuple[Any, ...], tuple[int, int]], dict[tuple[str, int], set[int]]]


def plainly(told: Sequence[tuple[int, Statement]], oldest: int) -> Plain:
    """Applies statements (place of the connection, or -1 - person for all of theirs) one after the other."""
    signals: dict[tuple[Any, ...], tuple[int, int]] = {}
    topics: dict[tuple[str, int], set[int]] = {}
    for where, said in told:
        mine = {CONNECTIONS[where]} if where >= 0 else set(PEOPLE[NAMES[-1 - where]])
        post = said.post
        if said.kind < len(KINDS):
            assert where >= 0
            once = KINDS[said.kind] in ONCE and said.actor is not None
            key = (CONNECTIONS[where], post, said.kind, said.actor, None if once else said.day)
            signals.pop(key, None)
            if said.count:
                signals[key] = (said.day, said.count)
        elif said.kind == TOPIC:
            topics.setdefault((CONNECTIONS[where], post), set()).add(said.count)
        elif said.kind == DROP_POST:
            signals = {key: value for key, value in signals.items() if key[0] not in mine or key[1] != post}
            topics.pop((CONNECTIONS[where], post), None)
        elif said.kind == DROP_ACTOR:
            signals = {key: value for key, value in signals.items() if key[0] not in mine or key[3] != said.actor}
        elif said.kind == DROP_ALL:
            signals = {key: value for key, value in signals.items() if key[0] not in mine}
            topics = {key: value for key, value in topics.items() if key[0] not in mine}
        elif said.kind == DROP_TOPICS:
            topics = {key: value for key, value in topics.items() if key[0] not in mine or post not in (0, key[1])}
    signals = {key: value for key, value in signals.items() if value[0] >= oldest}
    heard = {key[:2] for key in signals}
    return signals, {key: value for key, value in topics.items() if key in heard and value}


def news_of(told: Sequence[tuple[int, Statement]]) -> News:
    statements, _ = unpack([pack([said for _, said in told])])
    person = [NAMES.index(OWNERS[where]) if where >= 0 else -1 - where for where, _ in told]
    connection = [max(where, -1) for where, _ in told]
    return News(statements, np.array(person, dtype=np.int64), np.array(connection, dtype=np.int64))


def plain_of(columns: Columns) -> Plain:
    """What columns say."""
    signals = {}
    for row in range(len(columns)):
        target, speaker = columns.target[row], columns.speaker[row]
        counted = speaker in columns.nobody
        actor = None if counted else f"{columns.pseudonym[speaker]:016x}"
        kind, day = int(columns.kind[row]), int(columns.day[row])
        once = KINDS[kind] in ONCE and actor is not None
        where = columns.connections[columns.target_connection[target]], int(columns.target_post[target])
        key = (*where, kind, actor, None if once else day)
        assert key not in signals
        signals[key] = (day, int(columns.count[row]))
    topics: dict[tuple[str, int], set[int]] = {}
    for target, topic in zip(columns.topic_target.tolist(), columns.topic.tolist(), strict=True):
        where = columns.connections[columns.target_connection[target]], int(columns.target_post[target])
        topics.setdefault(where, set()).add(topic)
    return signals, topics


ACTORS = st.sampled_from([f"{7:016x}", f"{2**64 - 1:016x}", f"{0:016x}", f"{9:016x}"])
DAYS = st.sampled_from([DAY, DAY + 1, DAY + 5, DAY - 3])
REACTION = st.builds(
    Statement, st.integers(0, len(KINDS) - 2), st.integers(1, 3), st.one_of(ACTORS, st.none()), DAYS,
    st.sampled_from([0, 1, 1, 2, 300, 10**12]),
)  # fmt: skip
FOLLOWERS = st.builds(Statement, st.just(AUDIENCE_CODE), st.just(0), st.none(), DAYS, st.sampled_from([0, 10, 99_999]))
DROPS = st.one_of(
    st.builds(Statement, st.just(DROP_POST), st.integers(1, 3)),
    st.builds(Statement, st.just(DROP_ALL)),
    st.builds(Statement, st.just(DROP_ACTOR), st.just(0), ACTORS),
    st.builds(Statement, st.just(DROP_TOPICS), st.integers(0, 3)),
    st.builds(Statement, st.just(TOPIC), st.integers(1, 3), count=st.integers(1, 4)),
)
TOLD = st.one_of(
    st.tuples(st.integers(0, 2), st.one_of(REACTION, REACTION, FOLLOWERS)),
    st.tuples(st.integers(0, 2), DROPS),
    st.tuples(st.sampled_from([-1, -2]), st.builds(Statement, st.just(DROP_TOPICS))),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(TOLD, max_size=14), max_size=4), st.sampled_from([0, DAY, DAY + 1]))
def test_any_statements_in_any_parts_say_what_they_say_plainly(
    parts: list[list[tuple[int, Statement]]], oldest: int
) -> None:
    columns = empty([])
    for told in parts:
        columns = compact(merge.merge(columns, PEOPLE, news_of(told), oldest))
        check(columns)
    expected: Plain = ({}, {})
    for end in range(len(parts)):
        expected = plainly([one for told in parts[: end + 1] for one in told], oldest)
    assert plain_of(columns)[0] == expected[0]
    together = compact(merge.merge(empty([]), PEOPLE, news_of([one for told in parts for one in told]), oldest))
    assert plain_of(together) == expected


def check(columns: Columns) -> None:
    """The order that every reader relies on."""
    assert columns.connection_person.tolist() == sorted(columns.connection_person.tolist())
    targets = list(zip(columns.target_connection.tolist(), columns.target_post.tolist(), strict=True))
    assert targets == sorted(set(targets))
    speakers = list(zip(columns.speaker_person.tolist(), columns.pseudonym.tolist(), strict=True))
    assert [who for who, _ in speakers] == sorted(who for who, _ in speakers)
    assert len(columns.nobody) == columns.people
    rows = [(s, t, k, 0 if KINDS[k] in ONCE and s not in columns.nobody else d) for s, t, k, d in zip(
        columns.speaker.tolist(), columns.target.tolist(), columns.kind.tolist(), columns.day.tolist(), strict=True
    )]  # fmt: skip
    assert rows == sorted(set(rows))


def test_who_is_gone_takes_everything_along_and_nothing_of_the_others() -> None:
    like = KIND_CODES["like"]
    told = [(where, Statement(like, 1, f"{number:016x}", DAY, 1)) for where in range(3) for number in (1, 2)]
    whole = merge.merge(empty([]), PEOPLE, news_of(told), 0)
    left = compact(among(whole, {NAMES[0]: ["a1"], NAMES[2]: [], "d" * 32: ["d0"]}))
    assert left.subjects == [NAMES[0], NAMES[2], "d" * 32]
    assert {key[0] for key in plain_of(left)[0]} == {"a1"}
    check(left)
    assert len(plain_of(compact(part(whole, NAMES[1])))[0]) == 2


def test_what_counted_in_the_last_score_stays_with_the_count_0_until_it_is_forgotten() -> None:
    reply = KIND_CODES["reply"]
    first = merge.merge(empty([]), PEOPLE, news_of([(0, Statement(reply, 1, f"{1:016x}", DAY, 4))]), 0)
    ones = np.ones(3, dtype=np.bool_)
    scored = Columns(**{
        **{one.name: getattr(first, one.name) for one in fields(Columns)},
        "based": ones, "before": first.count, "before_day": first.day, "scored": DAY,
    })  # fmt: skip
    gone = merge.merge(scored, PEOPLE, news_of([(0, Statement(DROP_POST, 1))]), 0)
    assert (gone.count.tolist(), gone.before.tolist(), len(living(gone))) == ([0], [4], 0)
    forgotten = merge.merge(gone, PEOPLE, News(news_of([(-1, Statement(FORGET))]).statements, NAMES_0, MINUS), 0)
    assert (len(forgotten), forgotten.based.tolist()) == (0, [False, True, True])


NAMES_0, MINUS = np.zeros(1, dtype=np.int64), np.full(1, -1)


def test_a_block_of_another_form_is_refused() -> None:
    good = pack([Statement(0, 1, f"{1:016x}", DAY, 1)])
    assert len(good) == 1 + STATEMENT.itemsize
    for bad in (b"", b"\x02" + good[1:], good[:-1], good + b"x"):
        with pytest.raises(BrokenBlockError):
            unpack([bad])


def test_a_person_with_more_posts_than_a_key_has_room_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "_MOST_TARGETS", 2)
    told = [(0, Statement(0, post, f"{1:016x}", DAY, 1)) for post in (1, 2, 3)]
    with pytest.raises(BucketTooBigError):
        merge.merge(empty([]), PEOPLE, news_of(told), 0)


def test_codes_of_kinds_in_blocks_are_those_of_the_model() -> None:
    # They lie in blocks and files: a kind keeps its number, and a new one comes before `audience` only with a new form.
    assert KINDS == ("like", "mention", "reply", "repost", "endorsement", "quote", "link", "audience")
    assert len(KINDS) < block.TOPIC
