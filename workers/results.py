"""Scores people and stores what came of it: the day's total, its split, and nothing for who did not agree."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal_bytes
from privacy.vocabulary import Purpose
from workers import comparing
from workers.commitment import commit, commit_to
from workers.models import Connection, DayScored, PostSplit, Score
from workers.models.connection import State
from workers.models.score import SPLIT, pack_split, split_rows
from workers.runtime.upsert import upsert, upsert_all
from workers.runtime.work import Work
from workers.scoring import versions
from workers.scoring.batch import Crowd, Scores
from workers.scoring.changes import PARTS, Known, changed
from workers.scoring.explain import explain
from workers.scoring.model import Model
from workers.scoring.score import frame, sum_by, tally
from workers.scoring.signals import KINDS, FloatArray, IntArray
from workers.signals import basis
from workers.signals.columns import Columns, starts
from workers.signals.crowd import Labels
from workers.signals.store import has_signals
from workers.signals.take import post_ids, take
from workers.signals.topics import topics_by_post

_ID_BYTES = 16


def store_score(work: Work, subject_id: str, day: date) -> bool:
    """Scores one person on a day and stores it; False (and nothing stored) without a consent to scoring.

    The consents are held until the transaction ends, so a withdrawal either comes first or erases this, too (R4).
    """
    agreed = consent.networks(work.session, subject_id)
    if not agreed or not _read(work.session, subject_id):
        return False
    for network in agreed:
        consent.require(work.session, subject_id, Purpose.SCORING, network)
    key, model = work.ring.person(subject_id), versions.PUBLISHED.on(day)
    taken = take(work.session, subject_id, day, topics_by_post(work.session, key, subject_id))
    made = explain(taken.signals, day, taken.yesterday, taken.disputed, model)
    before = basis.kept(work.session, key, subject_id)
    since = before if before and before.day < day else None
    row = Score(
        subject_id=subject_id,
        day=day,
        model=model.id,
        score=made.total.score,
        impact=made.total.impact,
        weeks=made.total.weeks,
        by_network={part.label: part.points for part in made.networks},
        by_kind={part.label: part.points for part in made.kinds},
        changed_since=since.day if since else None,
        changes=_changes(since, taken.known(day), model, made.total.score) if since else None,
        preliminary=day >= work.today,
        made_at=work.now,
    )
    if not row.preliminary:
        commit_to(row)
    seal(row, key, by_topic=_topic_text({part.label: part.points for part in made.topics}))
    upsert(work.session, row, newest="made_at")
    split = PostSplit(subject_id=subject_id, day=day, made_at=work.now)
    seal(split, key, points=split_of(work.session, subject_id, {part.label: part.points for part in made.posts}))
    upsert(work.session, split, newest="made_at")
    return True


def _topic_text(points: Mapping[str, float]) -> str | None:
    return json.dumps(points) if points else None


def _changes(before: Known, after: Known, model: Model, score: float) -> dict[str, float]:
    """What changed, by part; where another version of the model applies now, what that changed comes first."""
    parts = changed(before, after, model)
    old = versions.PUBLISHED.on(before.day)
    if old.id == model.id:
        return parts
    stayed = score - sum(parts.values())
    return {basis.MODEL: stayed - _score_of(before, old), **parts}


def _score_of(known: Known, model: Model) -> float:
    return tally(frame(known.signals, known.day, known.yesterday, known.disputed, model)).score


def split_of(session: Session, subject_id: str, points: Mapping[str, float]) -> bytes:
    """The packed split of one person's posts: points by id."""
    return split_at({id_: where for where, id_ in post_ids(session, subject_id).items()}, points)


def split_at(places: Mapping[str, tuple[str, int]], points: Mapping[str, float]) -> bytes:
    """The same where it is known already which connection and number each post has."""
    connections = sorted({places[post][0] for post in points})
    rows = [(connections.index(places[post][0]), places[post][1], value) for post, value in points.items()]
    return pack_split(bytes.fromhex("".join(connections)), np.array(rows, dtype=SPLIT).tobytes())


def store_scores(
    session: Session,
    rows: "Sequence[Row]",
    splits: Sequence[tuple[str, bytes]],
    same: Mapping[str, object],
) -> None:
    """Stores very many scores of one day, final or not, with their splits: what `rows_of` made."""
    names = (
        "subject_id", "score", "impact", "weeks", "by_network", "by_kind", "by_topic", "changed_since", "changes",
        "salt", "leaf",
    )  # fmt: skip
    upsert_all(session, Score, same, names, rows, "made_at")
    short = {name: same[name] for name in ("day", "made_at")}
    upsert_all(session, PostSplit, short, ("subject_id", "points"), splits, "made_at")


def changes_of(columns: Columns, parts: FloatArray, then: FloatArray | None, scores: FloatArray) -> list[str | None]:
    """What changed for each person as JSON; None for whom nothing is known from before (`basis.since`)."""
    names = [f'"{part}": ' for part in PARTS]
    if then is not None:
        names = [f'"{basis.MODEL}": ', *names]
        parts = np.column_stack([scores - parts.sum(axis=1) - then, parts])
    return [
        "{" + ", ".join([name + repr(value) for name, value in zip(names, row, strict=True)]) + "}" if based else None
        for based, row in zip(columns.based.tolist(), parts.tolist(), strict=True)
    ]


#: Person, score, impact, weeks, points by network, kind and topic (sealed), since when what has changed, commitment.
Row = tuple[str, float, float, int, str, str, bytes | None, str | None, str | None, str | None, bytes | None]


@dataclass(frozen=True, eq=False)
class Scored:
    """A bucket with its scores."""

    columns: Columns
    crowd: Crowd
    labels: Labels
    made: Scores
    day: date
    before: str
    """The day (ISO) that they were scored for before this."""
    since: Sequence[str | None]
    """What changed since then for each person, as JSON."""


def rows_of(
    scored: Scored,
    keys: Mapping[str, PersonKey],
    wanted: Sequence[bool],
    names: Mapping[int, str],
    *,
    final: bool,
) -> tuple[list[Row], list[tuple[str, bytes]]]:
    """The rows of the wanted people of a bucket, sealed and ready to be stored: scores, and splits by post.

    `names` are the topics by number. Scores of a day that has ended are committed to.
    """
    columns, crowd, labels, made = scored.columns, scored.crowd, scored.labels, scored.made
    here = np.flatnonzero(_counts(crowd, made))
    said = [labels.networks[place] for place in here.tolist()]
    networks = _texts(crowd.network_person[here], said, made.by_network[here], crowd.people)
    person, kind = np.nonzero(made.kind_counts)
    kinds = _texts(person, [KINDS[code] for code in kind.tolist()], made.by_kind[person, kind], crowd.people)
    said = [names.get(number, str(number)) for number in labels.topics.tolist()]
    topics = _texts(crowd.topic_person, said, made.by_topic, crowd.people)
    splits = _splits(columns, made)
    figures = zip(made.score.tolist(), made.impact.tolist(), made.weeks.tolist(), strict=True)
    rows: list[Row] = []
    packed: list[tuple[str, bytes]] = []
    moment, model = scored.day.isoformat(), versions.PUBLISHED.on(scored.day).id
    for which, (name, figure) in enumerate(zip(columns.subjects, figures, strict=True)):
        if wanted[which]:
            key = keys[name]
            topic = None
            if topics[which] != "{}":
                topic = key.seal(f'["score", "{name}", "{moment}", "by_topic"]', topics[which])
            since = scored.since[which]
            mine = networks[which], kinds[which]
            kept = commit(scored.day, model, figure[0], *mine) if final else (None, None)
            rows.append((name, *figure, *mine, topic, scored.before if since else None, since, *kept))
            packed.append((name, key.seal(f'["post_split", "{name}", "{moment}", "points"]', splits[which])))
    return rows, packed


def _counts(crowd: Crowd, made: Scores) -> FloatArray:
    """Signals in the window of each network of each person."""
    return sum_by(crowd.post_network, made.post_counts.astype(np.float64), len(crowd.network_person))


def _texts(person: IntArray, labels: Sequence[str], points: FloatArray, people: int) -> list[str]:
    """Points by label as canonical JSON for each person (rising)."""
    ranks = {label: rank for rank, label in enumerate(sorted(set(labels)))}
    names = [f"{json.dumps(label)}:" for label in ranks]
    rank = np.fromiter(map(ranks.__getitem__, labels), np.int64, len(labels))
    order = np.lexsort((rank, person))
    parts = [
        names[which] + repr(value) for which, value in zip(rank[order].tolist(), points[order].tolist(), strict=True)
    ]
    edges = np.searchsorted(person, np.arange(people + 1)).tolist()
    return ["{" + ",".join(parts[low:high]) + "}" for low, high in pairwise(edges)]


def _splits(columns: Columns, made: Scores) -> list[bytes]:
    """The packed split by post of each person."""
    first = starts(columns.connection_person, columns.people)
    posts = np.flatnonzero((columns.target_post > 0) & (made.post_counts > 0))
    person = columns.target_person[posts]
    rows = np.empty(len(posts), dtype=SPLIT)
    rows["connection"] = columns.target_connection[posts] - first[person]
    rows["number"] = columns.target_post[posts]
    rows["points"] = made.by_post[posts]
    packed, ids = memoryview(rows.tobytes()), memoryview(bytes.fromhex("".join(columns.connections)))
    row = (np.append(starts(person, columns.people), len(rows)) * SPLIT.itemsize).tolist()
    one = (np.append(first, len(columns.connections)) * _ID_BYTES).tolist()
    return [
        pack_split(bytes(ids[one[who] : one[who + 1]]), bytes(packed[row[who] : row[who + 1]]))
        for who in range(columns.people)
    ]


def post_points(session: Session, split: PostSplit, key: PersonKey) -> dict[str, float]:
    """Points by id of the post on one day; of posts that are gone by `connection/number`."""
    ids = post_ids(session, split.subject_id)
    rows = split_rows(unseal_bytes(split, key, "points"))
    places = ((row["connection_id"], row["number"]) for row in rows)
    return {ids.get(where, f"{where[0]}/{where[1]}"): row["points"] for where, row in zip(places, rows, strict=True)}


def published() -> ColumnElement[bool]:
    """Scores that everybody may see: of the running day, and final ones of days on which everybody was scored."""
    return or_(Score.preliminary, exists().where(DayScored.day == Score.day))


def newest(session: Session, subject_id: str) -> Score | None:
    """The newest score of a person, preliminary or not."""
    mine = select(Score).where(Score.subject_id == subject_id, published())
    return session.scalar(mine.order_by(Score.day.desc()).limit(1))


def newest_final(session: Session, subject_id: str) -> Score | None:
    """The newest score of a day that has ended and counts for everybody: what others may see."""
    mine = select(Score).where(Score.subject_id == subject_id, ~Score.preliminary, published())
    return session.scalar(mine.order_by(Score.day.desc()).limit(1))


@dataclass(frozen=True)
class Daily:
    """The score of one day, without how it is shared out."""

    day: date
    score: float
    weeks: int
    """Of the 13, those with a reaction."""
    model: str
    preliminary: bool


def history(session: Session, subject_id: str, days: int, today: date) -> list[Daily]:
    """The scores of the last so many days, oldest first."""
    since = today - timedelta(days=days)
    query = select(Score.day, Score.score, Score.weeks, Score.model, Score.preliminary)
    mine = query.where(Score.subject_id == subject_id, Score.day >= since, published()).order_by(Score.day)
    return [Daily(*row) for row in session.execute(mine)]


def drop_scores(session: Session, subject_id: str, network: str | None = None) -> None:
    """Erases a person's scores: all, or those of the days on which a network gave points."""
    rows = session.scalars(select(Score).where(Score.subject_id == subject_id)).all()
    days = [row.day for row in rows if network is None or network in row.by_network]
    _drop_days(session, subject_id, days)
    basis.drop(session, subject_id)
    comparing.leave(session, subject_id)


def drop_preliminary(session: Session, subject_id: str) -> None:
    """Erases a person's scores of days that had not ended when they were made."""
    rows = session.scalars(select(Score.day).where(Score.subject_id == subject_id, Score.preliminary))
    _drop_days(session, subject_id, rows.all())


def _drop_days(session: Session, subject_id: str, days: Sequence[date]) -> None:
    for table in (Score, PostSplit):
        session.execute(delete(table).where(table.subject_id == subject_id, table.day.in_(days)))


def _read(session: Session, subject_id: str) -> bool:
    """Was anything read through an account that is the person's? A network that never answered makes no score of 1."""
    mine = select(Connection).where(Connection.subject_id == subject_id, Connection.state == State.PROVEN)
    proven = session.scalars(mine).all()
    return any(one.read_at is not None or has_signals(session, one) for one in proven)
