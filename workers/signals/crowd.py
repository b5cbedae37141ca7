"""From the columns of a bucket to the crowd that is scored: voices, networks, accounts, standing, topics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workers.scoring.batch import Crowd
from workers.scoring.model import Model
from workers.scoring.signals import AUDIENCE_CODE, KINDS, FloatArray
from workers.signals.columns import Columns, Ints, Marks
from workers.signals.merge import speakers_of


@dataclass(frozen=True, eq=False)
class Labels:
    """What the numbers of networks and topics in a crowd stand for."""

    networks: list[str]
    """Of each network of each person."""
    topics: Ints
    """Number (`workers.models.Topic`) of each topic of each person."""


@dataclass(frozen=True)
class About:
    """What a score needs to know of a connection."""

    network: str
    label: str
    agreed: bool
    """Does its person agree to the scoring of the network?"""


def crowd_of(
    columns: Columns, about: Mapping[str, About], steps: Ints, disputed: Marks, model: Model
) -> tuple[Crowd, Labels]:
    """The crowd of the columns. Signals of networks that are not agreed to, and disputed ones, count 0.

    `steps`: of each speaker, as `steps_of` says.
    """
    seen = [about[one] for one in columns.connections]
    person = columns.connection_person.tolist()
    networks, network = _numbered([(who, one.network) for who, one in zip(person, seen, strict=True)])
    accounts, account = _numbered([(who, one.network, one.label) for who, one in zip(person, seen, strict=True)])
    agreed = np.array([one.agreed for one in seen], dtype=np.bool_)
    connection = columns.target_connection
    voice, voice_person = _voices(columns, network[connection], account[connection], len(accounts))
    topic_person, topics, topic = _topics(columns)
    crowd = Crowd(
        people=columns.people,
        voice=voice,
        post=columns.target,
        kind=columns.kind,
        day=columns.day,
        count=np.where(agreed[connection][columns.target] & ~disputed, columns.count, 0),
        voice_person=voice_person,
        standing=standings(steps, len(voice_person), model),
        post_network=network[connection],
        network_person=np.array([key[0] for key in networks], dtype=np.int64),
        topic_post=columns.topic_target,
        topic=topic,
        topic_person=topic_person,
    )
    return crowd, Labels([str(key[1]) for key in networks], topics)


def _numbered(keys: Sequence[tuple[object, ...]]) -> tuple[list[tuple[object, ...]], Ints]:
    """The different keys in the order in which they come, and the number of each."""
    numbers: dict[tuple[object, ...], int] = {}
    codes = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    return list(numbers), codes


def _voices(columns: Columns, network: Ints, account: Ints, accounts: int) -> tuple[Ints, Ints]:
    """The voice of each signal and the person of each voice (score-model, section 3).

    Actors are voices as they are; behind them come those of accounts (audience) and of posts and kinds (counted).
    """
    speakers, kinds = len(columns.pseudonym), len(KINDS)
    is_nobody = np.zeros(speakers, dtype=np.bool_)
    is_nobody[columns.nobody] = True
    rows = np.flatnonzero(is_nobody[columns.speaker] | (columns.kind == AUDIENCE_CODE))
    target, kind = columns.target[rows], columns.kind[rows]
    counted = accounts + target * kinds + kind
    postless = accounts + len(columns.target_post) * kinds + network[target] * kinds + kind
    code = np.where(columns.target_post[target] > 0, counted, postless)
    code = np.where(kind == AUDIENCE_CODE, account[target], code)
    order = np.argsort(code)
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = code[order][1:] != code[order][:-1]
    voice = columns.speaker.copy()
    voice[rows[order]] = speakers + np.cumsum(fresh) - 1
    owner = columns.target_person[target[order][fresh]]
    return voice, np.concatenate([columns.speaker_person, owner])


def steps_of(columns: Columns, lent: Sequence[tuple[str, str, float]], model: Model) -> Ints:
    """Of each speaker the number of steps of standing that they reach, plus 1; 0 for who lends nothing.

    `lent`: person, pseudonym, yesterday's score of who lends.
    """
    steps = np.zeros(len(columns.pseudonym), dtype=np.int64)
    places = {name: place for place, name in enumerate(columns.subjects)}
    mine = [(places[who], int(actor, 16), score) for who, actor, score in lent if who in places]
    if mine:
        person = np.array([who for who, _, _ in mine], dtype=np.int64)
        actor = np.array([actor for _, actor, _ in mine], dtype=np.uint64)
        speaker, found = speakers_of(columns, person, actor)
        values = _values(model).tolist()
        reached = np.array([1 + values.index(model.standing(score)) for _, _, score in mine])
        steps[speaker[found]] = reached[found]
    return steps


def standings(steps: Ints, voices: int, model: Model) -> FloatArray:
    """Standing of each voice: of speakers by their steps, of all others 1."""
    standing = np.ones(voices)
    standing[: len(steps)] = _values(model)[np.maximum(steps - 1, 0)]
    return standing


def _values(model: Model) -> FloatArray:
    """Standing after each number of steps."""
    return np.array([1.0, *(standing for _, standing in model.standing_steps)])


def _topics(columns: Columns) -> tuple[Ints, Ints, Ints]:
    """Person and number of each topic of each person, and which of them each pair of post and topic is."""
    person = columns.target_person[columns.topic_target]
    order = np.lexsort((columns.topic, person))
    ordered, topic = person[order], columns.topic[order]
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (ordered[1:] != ordered[:-1]) | (topic[1:] != topic[:-1])
    code = np.empty(len(order), dtype=np.int64)
    code[order] = np.cumsum(fresh) - 1
    return ordered[fresh], topic[fresh], code
