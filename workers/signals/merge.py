"""Merges columns of signals with statements about them: the last statement about a signal wins. Pure, without loops.

Signals are found again by one number of 64 bits each: speaker, target within the person, kind and, for kinds that may
come again, day. Only what is new is sorted; what was sorted stays so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workers.scoring.signals import KINDS
from workers.signals.block import DROP_ACTOR, DROP_ALL, DROP_POST, DROP_TOPICS, FORGET, IS_ONCE, TOPIC, Statements
from workers.signals.columns import Columns, Ints, Marks, Pseudonyms, empty, only, starts

#: Days in keys count from here (2020-01-01), so that they fit into 14 bits until 2064.
_FIRST_DAY = 18262
_TARGET_BITS, _KIND_BITS, _DAY_BITS = 20, 4, 14
_MOST_TARGETS = 1 << _TARGET_BITS
_MOST_SPEAKERS = 1 << (63 - _TARGET_BITS - _KIND_BITS - _DAY_BITS)
_POST_BITS = 32


class BucketTooBigError(ValueError):
    """More posts of one person, or more voices in a bucket, than a key has room for: more buckets are needed."""


@dataclass(frozen=True, eq=False)
class News:
    """Statements with whom and what they are about, in the order in which they were made."""

    statements: Statements
    person: Ints
    """Place in the list of people."""
    connection: Ints
    """Place in the list of connections; -1: all of the person's."""


def merge(old: Columns, people: Mapping[str, Sequence[str]], news: News, oldest: int) -> Columns:
    """The columns of these people (id to ids of connections, both rising) after the news, without days before `oldest`.

    Who or what is not among people and connections is left out. What counted in the last score stays with the count 0.
    Raises `BucketTooBigError`.
    """
    kept = among(old, people)
    news = _standing(news)
    kept = _without(kept, news)
    kept = _with_topics(_with_targets(kept, news), news)
    kept = _with_rows(_with_speakers(kept, news), news)
    return _without_old(_forgetting(kept, news), oldest)


def connection_ids(people: Mapping[str, Sequence[str]]) -> list[str]:
    """All connections in the order of the columns."""
    return [one for mine in people.values() for one in mine]


def among(old: Columns, people: Mapping[str, Sequence[str]]) -> Columns:
    """The same signals among other people and connections; what is gone is left out."""
    subjects, connections = list(people), connection_ids(people)
    owners = np.repeat(np.arange(len(subjects)), [len(mine) for mine in people.values()])
    if old.subjects == subjects and old.connections == connections:
        return old
    person = _places(old.subjects, {name: place for place, name in enumerate(subjects)})
    connection = _places(old.connections, {name: place for place, name in enumerate(connections)})
    if not old.subjects:
        return replace(empty(subjects), connections=connections, connection_person=owners)
    # A connection stays with its person.
    connection = np.where(person[old.connection_person] >= 0, connection, -1)
    cut = _select(old, connection[old.target_connection] >= 0, person[old.speaker_person] >= 0)
    cut = replace(cut, target_connection=connection[cut.target_connection], speaker_person=person[cut.speaker_person])
    back = np.full(len(subjects), -1, dtype=np.int64)
    back[person[person >= 0]] = np.flatnonzero(person >= 0)
    new = np.flatnonzero(back < 0)
    at = np.searchsorted(cut.speaker_person, new)
    moved = _shift(len(cut.speaker_person), at)
    return replace(
        cut,
        subjects=subjects,
        connections=connections,
        connection_person=owners,
        speaker_person=np.insert(cut.speaker_person, at, new),
        pseudonym=np.insert(cut.pseudonym, at, 0),
        speaker=moved[cut.speaker],
        based=(back >= 0) & old.based[back],
    )


def _places(names: Sequence[str], places: Mapping[str, int]) -> Ints:
    return np.fromiter((places.get(name, -1) for name in names), np.int64, len(names))


def _standing(news: News) -> News:
    """The news without what a later statement dropped."""
    said = news.statements
    kind, order = said["kind"], np.arange(len(said))
    drops = kind >= TOPIC + 1
    if not drops.any():
        return news
    alive = np.ones(len(said), dtype=np.bool_)
    signals, topics = kind < len(KINDS), kind == TOPIC
    every = news.person, news.connection
    post = *every, said["post"].astype(np.int64)
    actor = *every, said["actor"].view(np.int64), said["known"].astype(np.int64)
    for what, among, columns in (
        (DROP_POST, signals | topics, post),
        (DROP_ACTOR, signals, actor),
        (DROP_ALL, signals | topics, every),
        (DROP_TOPICS, topics, post),
    ):
        drop = kind == what
        if drop.any():
            alive &= ~(among & (_last(columns, drop, among) > order))
    for what, among in ((DROP_ALL, signals | topics), (DROP_TOPICS, topics)):
        # About all posts, or about all connections of a person.
        drop = (kind == what) & (said["post"] == 0)
        if drop.any():
            alive &= ~(among & (_last((news.person,), drop & (news.connection < 0), among) > order))
            alive &= ~(among & (_last(every, drop, among) > order))
    alive |= drops
    return News(said[alive], news.person[alive], news.connection[alive])


def _last(columns: Sequence[Ints], drop: Marks, among: Marks) -> Ints:
    """For each statement in `among` the place of the last drop with the same columns; -1 where there is none."""
    rows = np.flatnonzero(drop | among)
    order = rows[np.lexsort((rows, *(column[rows] for column in reversed(columns))))]
    fresh = np.ones(len(order), dtype=np.bool_)
    if len(order):
        fresh[1:] = np.any([column[order[1:]] != column[order[:-1]] for column in columns], axis=0)
    group = np.cumsum(fresh) - 1
    latest = np.full(len(order), -1, dtype=np.int64)
    np.maximum.at(latest, group, np.where(drop[order], order, -1))
    found = np.full(len(drop), -1, dtype=np.int64)
    found[order] = latest[group]
    return found


def _without(kept: Columns, news: News) -> Columns:
    """The columns without what a drop says; all of it was said before the news."""
    said, kind = news.statements, news.statements["kind"]
    if not (kind > TOPIC).any():
        return kept
    gone_connection = np.zeros(len(kept.connections), dtype=np.bool_)
    gone_connection[news.connection[(kind == DROP_ALL) & (news.connection >= 0)]] = True
    everything = np.zeros(kept.people, dtype=np.bool_)
    everything[news.person[(kind == DROP_ALL) & (news.connection < 0)]] = True
    gone_connection |= everything[kept.connection_person]
    keys = _target_keys(kept.target_connection, kept.target_post)
    posts = kind == DROP_POST
    gone_target = gone_connection[kept.target_connection] | np.isin(
        keys, _target_keys(news.connection[posts], said["post"][posts])
    )
    gone = gone_target[kept.target] | _of_actors(kept, news)
    topics = ~gone_target[kept.topic_target] & ~_untopiced(kept, keys, news)
    left = replace(kept, count=np.where(gone, 0, kept.count))
    return replace(
        only(left, ~gone | (left.before > 0)), topic_target=kept.topic_target[topics], topic=kept.topic[topics]
    )


def _of_actors(kept: Columns, news: News) -> Marks:
    """Marks of the rows that an actor gave to a connection that has dropped them."""
    drop = news.statements["kind"] == DROP_ACTOR
    if not drop.any():
        return np.zeros(len(kept), dtype=np.bool_)
    speaker, found = speakers_of(kept, news.person[drop], news.statements["actor"][drop])
    pairs = speaker[found] * len(kept.connections) + news.connection[drop][found]
    return np.isin(kept.speaker * len(kept.connections) + kept.target_connection[kept.target], pairs)


def _untopiced(kept: Columns, keys: Ints, news: News) -> Marks:
    """Marks of topics that were dropped: of posts, of connections, of whole people."""
    drop = news.statements["kind"] == DROP_TOPICS
    post = news.statements["post"].astype(np.int64)
    connection = kept.target_connection[kept.topic_target]
    people = news.person[drop & (news.connection < 0)]
    whole = news.connection[drop & (news.connection >= 0) & (post == 0)]
    single = _target_keys(news.connection[drop], post[drop])
    marks: Marks = (
        np.isin(kept.connection_person[connection], people)
        | np.isin(connection, whole)
        | np.isin(keys[kept.topic_target], single)
    )
    return marks


def _target_keys(connection: Ints, post: Ints) -> Ints:
    return (connection.astype(np.int64) << _POST_BITS) | post.astype(np.int64)


def _with_targets(kept: Columns, news: News) -> Columns:
    """The columns with a target for each post that the news has signals of."""
    keys = _target_keys(kept.target_connection, kept.target_post)
    signals = (news.statements["kind"] < len(KINDS)) & (news.connection >= 0)
    wanted = _distinct(_target_keys(news.connection[signals], news.statements["post"][signals]))
    missing = wanted[~_in_sorted(wanted, keys)]
    if not len(missing):
        return kept
    at = np.searchsorted(keys, missing)
    moved = _shift(len(keys), at)
    return replace(
        kept,
        target_connection=np.insert(kept.target_connection, at, missing >> _POST_BITS),
        target_post=np.insert(kept.target_post, at, missing & ((1 << _POST_BITS) - 1)),
        target=moved[kept.target],
        topic_target=moved[kept.topic_target],
    )


def _with_topics(kept: Columns, news: News) -> Columns:
    """The columns with the topics that the news gives to posts with signals."""
    given = (news.statements["kind"] == TOPIC) & (news.connection >= 0)
    if not given.any():
        return kept
    keys = _target_keys(kept.target_connection, kept.target_post)
    wanted = _target_keys(news.connection[given], news.statements["post"][given])
    known = _in_sorted(wanted, keys)
    target = np.concatenate([kept.topic_target, np.searchsorted(keys, wanted[known])])
    topic = np.concatenate([kept.topic, news.statements["count"][given][known]])
    order = np.lexsort((topic, target))
    target, topic = target[order], topic[order]
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (target[1:] != target[:-1]) | (topic[1:] != topic[:-1])
    return replace(kept, topic_target=target[fresh], topic=topic[fresh])


def _with_speakers(kept: Columns, news: News) -> Columns:
    """The columns with a speaker for each actor that the news has signals of."""
    wanted = (news.statements["kind"] < len(KINDS)) & (news.statements["known"] > 0)
    person, actor = news.person[wanted], news.statements["actor"][wanted]
    at, found = speakers_of(kept, person, actor)
    at, person, actor = at[~found], person[~found], actor[~found]
    order = np.lexsort((actor, person))
    at, person, actor = at[order], person[order], actor[order]
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (person[1:] != person[:-1]) | (actor[1:] != actor[:-1])
    at, person, actor = at[fresh], person[fresh], actor[fresh]
    if not len(at):
        return kept
    moved = _shift(len(kept.pseudonym), at)
    return replace(
        kept,
        speaker_person=np.insert(kept.speaker_person, at, person),
        pseudonym=np.insert(kept.pseudonym, at, actor),
        speaker=moved[kept.speaker],
    )


def speakers_of(kept: Columns, person: Ints, actor: Pseudonyms) -> tuple[Ints, Marks]:
    """Where each (person, pseudonym) stands among the speakers, or would; and whether it is there: a bisection each."""
    first = kept.nobody
    ends = np.append(first[1:], len(kept.pseudonym))
    low, high = first[person] + 1, ends[person]
    last = max(len(kept.pseudonym) - 1, 0)
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        below = (low < high) & (kept.pseudonym[np.minimum(middle, last)] < actor)
        high = np.where(below | (low >= high), high, middle)
        low = np.where(below, middle + 1, low)
    found = (low < ends[person]) & (kept.pseudonym[np.minimum(low, last)] == actor)
    return low, found


def _with_rows(kept: Columns, news: News) -> Columns:
    """The columns with the signals of the news."""
    wanted = np.flatnonzero((news.statements["kind"] < len(KINDS)) & (news.connection >= 0))
    if not len(wanted):
        return kept
    said, person = news.statements[wanted], news.person[wanted]
    known = said["known"] > 0
    speaker = kept.nobody[person]
    speaker[known] = speakers_of(kept, person[known], said["actor"][known])[0]
    keys = _target_keys(kept.target_connection, kept.target_post)
    target = np.searchsorted(keys, _target_keys(news.connection[wanted], said["post"]))
    kind, day, count = (said[name].astype(np.int64) for name in ("kind", "day", "count"))
    new = _row_keys(kept, speaker, target, kind, day)
    order = np.argsort(new, kind="stable")
    last = order[np.append(new[order][1:] != new[order][:-1], [True])]
    new, speaker, target, kind, day, count = (each[last] for each in (new, speaker, target, kind, day, count))
    return _put(kept, new, speaker, target, kind, day, count)


def _put(kept: Columns, new: Ints, speaker: Ints, target: Ints, kind: Ints, day: Ints, count: Ints) -> Columns:
    """Rows in the order of their keys into the columns: over those that are there, or between; 0 takes out."""
    old = _row_keys(kept, kept.speaker, kept.target, kept.kind, kept.day)
    at = np.searchsorted(old, new)
    there = np.zeros(len(new), dtype=np.bool_)
    if len(old):
        there = old[np.minimum(at, len(old) - 1)] == new
    days, counts = kept.day.copy(), kept.count.copy()
    days[at[there]], counts[at[there]] = day[there], count[there]
    fresh = ~there & (count > 0)
    # One list of places in the old columns with the new ones behind them, so that each column is copied once.
    order = np.insert(np.arange(len(old)), at[fresh], np.arange(len(old), len(old) + np.count_nonzero(fresh)))
    left = np.concatenate([(counts > 0) | (kept.before > 0), np.ones(len(order) - len(old), dtype=np.bool_)])
    order = order if left.all() else order[left[order]]
    nothing = np.zeros(np.count_nonzero(fresh), dtype=np.int64)
    parts = {
        "speaker": (kept.speaker, speaker[fresh]),
        "target": (kept.target, target[fresh]),
        "kind": (kept.kind, kind[fresh]),
        "day": (days, day[fresh]),
        "count": (counts, count[fresh]),
        "before": (kept.before, nothing),
        "before_day": (kept.before_day, nothing),
        "flags": (kept.flags, nothing),
    }
    merged: dict[str, Any] = {name: np.concatenate(part)[order] for name, part in parts.items()}
    return replace(kept, **merged)


def _row_keys(kept: Columns, speaker: Ints, target: Ints, kind: Ints, day: Ints) -> Ints:
    """One number for what makes a signal one; rising in the order of the columns."""
    first = starts(kept.target_person, kept.people)
    local = target - first[kept.speaker_person[speaker]]
    if len(kept.pseudonym) >= _MOST_SPEAKERS or (len(local) and int(local.max()) >= _MOST_TARGETS):
        raise BucketTooBigError("this bucket has more voices, or somebody more posts, than a key has room for")
    counted = speaker == kept.nobody[kept.speaker_person[speaker]]
    when = np.where(IS_ONCE[kind] & ~counted, 0, np.clip(day - _FIRST_DAY, 0, (1 << _DAY_BITS) - 1))
    key: Ints = ((speaker << _TARGET_BITS | local) << _KIND_BITS | kind) << _DAY_BITS | when
    return key


def _forgetting(kept: Columns, news: News) -> Columns:
    """The columns without what was known from before of people of whom it is to be forgotten."""
    forget = news.statements["kind"] == FORGET
    if not forget.any():
        return kept
    based = kept.based.copy()
    based[news.person[forget]] = False
    before = np.where(based[kept.speaker_person[kept.speaker]], kept.before, 0)
    kept = replace(kept, based=based, before=before)
    return only(kept, (kept.count > 0) | (kept.before > 0))


def _without_old(kept: Columns, oldest: int) -> Columns:
    """The columns without signals before a day."""
    if not len(kept) or int(kept.day.min()) >= oldest:
        return kept
    kept = replace(kept, count=np.where(kept.day < oldest, 0, kept.count))
    return only(kept, (kept.count > 0) | (kept.before > 0))


def compact(kept: Columns) -> Columns:
    """The columns without targets, topics and speakers that nothing is left of."""
    targets = np.zeros(len(kept.target_post), dtype=np.bool_)
    targets[kept.target] = True
    speakers = np.zeros(len(kept.pseudonym), dtype=np.bool_)
    speakers[kept.speaker] = True
    speakers[kept.nobody] = True
    return _select(kept, targets, speakers)


def _select(kept: Columns, targets: Marks, speakers: Marks) -> Columns:
    """Only these targets and speakers, with their rows and topics."""
    if targets.all() and speakers.all():
        return kept
    rows = targets[kept.target] & speakers[kept.speaker]
    topics = targets[kept.topic_target]
    target, speaker = np.cumsum(targets) - 1, np.cumsum(speakers) - 1
    cut = only(kept, rows)
    return replace(
        cut,
        target_connection=kept.target_connection[targets],
        target_post=kept.target_post[targets],
        speaker_person=kept.speaker_person[speakers],
        pseudonym=kept.pseudonym[speakers],
        speaker=speaker[cut.speaker],
        target=target[cut.target],
        topic_target=target[kept.topic_target[topics]],
        topic=kept.topic[topics],
    )


def _shift(size: int, at: Ints) -> Ints:
    """Where each of `size` things stands once others are inserted before the places `at` (rising)."""
    moved: Ints = np.arange(size) + np.cumsum(np.bincount(at, minlength=size + 1))[:size]
    return moved


def _in_sorted(values: Ints, among: Ints) -> Marks:
    if not len(among):
        return np.zeros(len(values), dtype=np.bool_)
    found: Marks = among[np.minimum(np.searchsorted(among, values), len(among) - 1)] == values
    return found


def _distinct(values: Ints) -> Ints:
    """The different values, rising."""
    ordered = np.sort(values)
    fresh = np.ones(len(ordered), dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]
