"""Signals of many people as columns of numbers, in the order of the vault's files, and one person's part of them."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Pseudonyms = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.bool_]

NONE = np.zeros(0, dtype=np.int64)
#: It was disputed.
DISPUTED = 1
#: Its network was not agreed to.
ABSENT = 2
#: From this bit on: 0 for who did not lend their standing, else the number of steps that they reached, plus 1.
LENT = 2


@dataclass(frozen=True, eq=False)
class Columns:
    """p people with their signals. Each level points at the one above and is sorted by it.

    person (id) > connection (id) > target (post number; 0: no post) and person > speaker (pseudonym). Every person has
    one speaker more, the first, for what was only counted. Rows (signals) are sorted by speaker, target, kind and day.
    """

    subjects: list[str]
    """Ids, rising."""
    connections: list[str]
    """Ids, rising within a person."""
    connection_person: Ints
    target_connection: Ints
    target_post: Ints
    """Number of the post in its connection, rising within it; 0 for what belongs to no post."""
    speaker_person: Ints
    pseudonym: Pseudonyms
    """Rising within a person; the first of each stands for nobody in particular."""
    speaker: Ints
    target: Ints
    kind: Ints
    """Index into `workers.scoring.signals.KINDS`."""
    day: Ints
    """Days since 1970-01-01, UTC."""
    count: Ints
    topic_target: Ints
    """Rising; a target that has several topics comes several times."""
    topic: Ints
    """Number of the topic (`workers.models.Topic`)."""
    scored: int
    """The newest day that the people were scored for (days since 1970-01-01); 0: none yet."""
    based: Marks
    """Of each person: is it known what their score of that day was made of?"""
    before: Ints
    """Of each signal: the count with which it was there when that day was scored, 0 if it was not. A signal that is
    gone since stays until the next score with the count 0, so that what changed can be told."""
    before_day: Ints
    """Its day then."""
    flags: Ints
    """How it counted then: `DISPUTED`, `ABSENT` and the step of who lent their standing, from bit `LENT` on."""

    def __len__(self) -> int:
        return len(self.speaker)

    @property
    def people(self) -> int:
        """How many."""
        return len(self.subjects)

    @property
    def target_person(self) -> Ints:
        """Of each target."""
        return self.connection_person[self.target_connection]

    @property
    def nobody(self) -> Ints:
        """The first speaker of each person."""
        return starts(self.speaker_person, self.people)


def starts(parents: Ints, size: int) -> Ints:
    """Where the children of each of `size` parents begin in a column sorted by parent."""
    return np.searchsorted(parents, np.arange(size)).astype(np.int64, copy=False)


def empty(subjects: list[str]) -> Columns:
    """People without signals; ids rising."""
    people = np.arange(len(subjects), dtype=np.int64)
    nothing = np.zeros(len(subjects), dtype=np.uint64)
    return Columns(
        subjects=subjects, connections=[], connection_person=NONE, target_connection=NONE, target_post=NONE,
        speaker_person=people, pseudonym=nothing, speaker=NONE, target=NONE, kind=NONE, day=NONE, count=NONE,
        topic_target=NONE, topic=NONE, scored=0, based=np.zeros(len(subjects), dtype=np.bool_), before=NONE,
        before_day=NONE, flags=NONE,
    )  # fmt: skip


def part(whole: Columns, subject_id: str) -> Columns:
    """One person's columns; empty ones where they are not among the people."""
    if subject_id not in whole.subjects:
        return empty([subject_id])
    person = whole.subjects.index(subject_id)
    connections = _span(whole.connection_person, person, person + 1)
    targets = _span(whole.target_connection, connections.start, connections.stop)
    speakers = _span(whole.speaker_person, person, person + 1)
    rows = _span(whole.speaker, speakers.start, speakers.stop)
    topics = _span(whole.topic_target, targets.start, targets.stop)
    return Columns(
        subjects=[subject_id],
        connections=whole.connections[connections],
        connection_person=np.zeros(connections.stop - connections.start, dtype=np.int64),
        target_connection=whole.target_connection[targets] - connections.start,
        target_post=whole.target_post[targets],
        speaker_person=np.zeros(speakers.stop - speakers.start, dtype=np.int64),
        pseudonym=whole.pseudonym[speakers],
        speaker=whole.speaker[rows] - speakers.start,
        target=whole.target[rows] - targets.start,
        kind=whole.kind[rows],
        day=whole.day[rows],
        count=whole.count[rows],
        topic_target=whole.topic_target[topics] - targets.start,
        topic=whole.topic[topics],
        scored=whole.scored,
        based=whole.based[person : person + 1],
        before=whole.before[rows],
        before_day=whole.before_day[rows],
        flags=whole.flags[rows],
    )


def only(columns: Columns, rows: Marks) -> Columns:
    """Only these signals, among the same people, connections, targets and speakers."""
    if rows.all():
        return columns
    names = ("speaker", "target", "kind", "day", "count", "before", "before_day", "flags")
    return replace(columns, **{name: getattr(columns, name)[rows] for name in names})


def living(columns: Columns) -> Columns:
    """Without what is gone and only known from before."""
    return only(columns, columns.count > 0)


def _span(parents: Ints, first: int, end: int) -> slice:
    low, high = np.searchsorted(parents, [first, end]).tolist()
    return slice(low, high)
