"""Scores of many people in one pass over sorted columns, with the same constants and steps as the score of one.

Nothing here loops over signals or people: sums by voice, person, network, kind, post and topic are taken at once.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from workers.scoring.model import KLARWERT_1, Model
from workers.scoring.score import fading, impact, in_window, scale, sum_by, weights
from workers.scoring.signals import AUDIENCE_CODE, EPOCH, KINDS, BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Crowd:
    """Signals of many people: five columns a signal, and what the codes in them belong to."""

    people: int
    voice: IntArray
    """Of each signal: number of its voice. Voices of different people are different."""
    post: IntArray
    """Of each signal: number of the post of a person, or of what belongs to no post."""
    kind: IntArray
    day: IntArray
    """Days since 1970-01-01, UTC."""
    count: IntArray
    """0 for what does not count."""
    voice_person: IntArray
    """Of each voice."""
    standing: FloatArray
    """Of each voice."""
    post_network: IntArray
    """Of each post: number of the network of its person."""
    network_person: IntArray
    """Of each network of a person; rising."""
    topic_post: IntArray
    """Pairs of post …"""
    topic: IntArray
    """… and number of the topic of its person: each gives the topic its equal share of the post's points."""
    topic_person: IntArray
    """Of each topic of a person."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What came of it, by the numbers of the crowd."""

    score: FloatArray
    impact: FloatArray
    weeks: IntArray
    by_network: FloatArray
    """Points of each network of each person."""
    by_kind: FloatArray
    """Points by person (row) and kind (column)."""
    by_post: FloatArray
    by_topic: FloatArray
    kind_counts: IntArray
    """Signals in the window, by person and kind."""
    post_counts: IntArray
    """Signals in the window, by post."""


def score_all(crowd: Crowd, day: date, model: Model = KLARWERT_1) -> Scores:
    """The scores of everybody in the crowd on a day (UTC)."""
    age = day.toordinal() - EPOCH - crowd.day
    inside = in_window(age, model) & (crowd.count > 0)
    value = _values(crowd, np.where(inside, age, 0), inside, model)
    person = crowd.voice_person[crowd.voice]
    sums = sum_by(crowd.voice, value, len(crowd.voice_person))
    loudness = crowd.standing * np.sqrt(sums)
    total = sum_by(crowd.voice_person, loudness, crowd.people)
    weeks = _weeks(crowd, person, age, inside, model)
    impacts = impact(weeks, total, model)
    scores = scale(impacts, model)
    gained = np.divide(scores - model.lowest, total, out=np.zeros(crowd.people), where=total > 0)
    per_value = np.divide(loudness, sums, out=np.zeros_like(sums), where=sums > 0) * gained[crowd.voice_person]
    points = per_value[crowd.voice] * value
    by_post = sum_by(crowd.post, points, len(crowd.post_network))
    cell = person * len(KINDS) + crowd.kind
    cells = crowd.people * len(KINDS)
    return Scores(
        score=scores,
        impact=impacts,
        weeks=weeks,
        by_network=sum_by(crowd.post_network, by_post, len(crowd.network_person)),
        by_kind=sum_by(cell, points, cells).reshape(crowd.people, len(KINDS)),
        by_post=by_post,
        by_topic=_by_topic(crowd, by_post),
        kind_counts=np.bincount(cell[inside], minlength=cells).reshape(crowd.people, len(KINDS)),
        post_counts=np.bincount(crowd.post[inside], minlength=len(by_post)),
    )


def _values(crowd: Crowd, age: IntArray, inside: BoolArray, model: Model) -> FloatArray:
    """Value of each signal, 0 outside the window; of audience counts only the latest of each account."""
    factor = np.where(np.arange(len(KINDS))[:, None] == AUDIENCE_CODE, 1.0, fading(model)[None, :])
    worth = (factor * weights(model)[:, None]).ravel()
    value: FloatArray = worth[crowd.kind * model.window_days + age] * crowd.count
    value[~inside] = 0.0
    rows = np.flatnonzero((crowd.kind == AUDIENCE_CODE) & inside)
    if len(rows):
        order = rows[np.lexsort((-value[rows], age[rows], crowd.voice[rows]))]
        voice = crowd.voice[order]
        value[order[1:][voice[1:] == voice[:-1]]] = 0.0
    return value


def _weeks(crowd: Crowd, person: IntArray, age: IntArray, inside: BoolArray, model: Model) -> IntArray:
    """Weeks with a reaction, by person."""
    heard = np.zeros(crowd.people * model.weeks, dtype=np.bool_)
    reactions = inside & (crowd.kind != AUDIENCE_CODE)
    heard[(person * model.weeks + age // 7)[reactions]] = True
    weeks: IntArray = np.count_nonzero(heard.reshape(crowd.people, model.weeks), axis=1)
    return weeks


def _by_topic(crowd: Crowd, by_post: FloatArray) -> FloatArray:
    share = (
        by_post[crowd.topic_post]
        / np.maximum(np.bincount(crowd.topic_post, minlength=len(by_post)), 1)[crowd.topic_post]
    )
    return sum_by(crowd.topic, share, len(crowd.topic_person))
