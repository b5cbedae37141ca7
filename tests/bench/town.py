"""An invented installation of any size for `bin/bench pass`: skewed people, random pseudonyms, a tenth of rows new."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert, select, update

import migrations
import server.processes
from privacy.base import Sealed, Subject, new_id
from privacy.consent import Consent, NoticeText
from privacy.keyring import PersonKey
from privacy.notices import VERSIONS
from privacy.store import open_store
from privacy.vocabulary import Purpose
from tests.factories.people import make_notice
from workers import buckets
from workers.models import Bucket, Connection, DayScored, Inbox, Post, Score, StandingLink
from workers.models.connection import State
from workers.models.inbox import STATEMENT, VERSION
from workers.runtime.process import Process
from workers.runtime.settings import read
from workers.runtime.work import Work
from workers.scoring.signals import AUDIENCE_CODE, EPOCH
from workers.signals import basis, vault
from workers.signals.block import TOPIC
from workers.signals.columns import empty
from workers.signals.inbox import place
from workers.signals.merge import News, compact, merge
from workers.signals.topics import numbers_of

SEED = 2026
#: The day that is scored; the last one that was is the day before.
DAY = date(2026, 11, 21)
POSTS = 20
SIGNALS_A_PERSON = 100
SIGNALS_A_VOICE = 2.5
NEW = 0.1
TOPICS = 40
ROWS_A_BUCKET = 400_000
#: One person in so many lends their standing to somebody.
LENDERS = 20
#: Shares of the kinds in their order; followers come once a person.
_SHARES = np.array([0.68, 0.02, 0.10, 0.14, 0.01, 0.04, 0.01])
_CLOSED = Sealed(bytes(40))
#: Every floor is loaded, as in a worker.
LOADED = server.processes.LOADED


@dataclass(frozen=True, eq=False)
class Rows:
    """The same signals as plain columns, for what stands beside the pass."""

    person: np.ndarray
    voice: np.ndarray
    """Different people have different voices."""
    kind: np.ndarray
    age: np.ndarray
    count: np.ndarray

    def __len__(self) -> int:
        return len(self.person)


@dataclass
class Town:
    """The installation, and its signals as plain columns."""

    process: Process
    people: list[str]
    rows: Rows
    middle: str
    """Somebody with as many signals as the one in the middle."""


def process_of(folder: Path, signals: int) -> Process:
    """The installation in a folder, at five past midnight."""
    settings = read(
        {
            "KLARWERT_DATA": str(folder),
            "KLARWERT_MASTER_KEY": "A" * 43 + "=",
            "KLARWERT_REDIS": "unix:///nowhere",
            "KLARWERT_BUCKETS": str(2 * max(1, round(signals / ROWS_A_BUCKET / 2))),
        }
    )
    now = datetime.combine(DAY + timedelta(days=1), time(0, 5), UTC)
    return Process(settings, lambda: now)


def make_town(folder: Path, signals: int) -> Town:
    """Makes it; nothing of this is measured."""
    process = process_of(folder, signals)
    (folder / "keys").mkdir(parents=True)
    engine = open_store(process.settings.database)
    migrations.upgrade(engine)
    engine.dispose()
    chance = np.random.default_rng(SEED)
    people = sorted(chance.bytes(16).hex() for _ in range(max(signals // SIGNALS_A_PERSON, 20)))
    connections = {one: [chance.bytes(16).hex()] for one in people}
    keys = process.ring.create_all(people)
    with process.working() as work:
        buckets.settle(work)
        topics = list(numbers_of(work.session, [f"topic-{number}" for number in range(TOPICS)]).values())
        _people(work, people, connections)
    sizes = _sizes(chance, len(people), signals)
    lenders = dict(zip(people[1::LENDERS], people[::LENDERS], strict=False))
    made = _Made(process, keys, lenders, topics, chance)
    parts, first = [], 0
    with process.reading() as session:
        ranges = session.execute(select(Bucket.number, Bucket.end).order_by(Bucket.number)).all()
    for number, end in ranges:
        last = int(np.searchsorted(people, end))
        mine = {one: connections[one] for one in people[first:last]}
        parts.append(_bucket(made, number, mine, sizes[first:last], first))
        first = last
    voices = np.cumsum([0, *(int(part.voice.max(initial=-1)) + 1 for part in parts)])
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__dataclass_fields__}
    columns["voice"] = np.concatenate([part.voice + start for part, start in zip(parts, voices[:-1], strict=True)])
    middle = people[int(np.argsort(sizes)[len(sizes) // 2])]
    with process.working() as work:
        _posts(work, middle, connections[middle][0])
    return Town(process, people, Rows(**columns), middle)


def _sizes(chance: np.random.Generator, people: int, signals: int) -> np.ndarray:
    """How many signals each person has: a few have very many."""
    weights = chance.lognormal(0.0, 1.2, people)
    return np.maximum((weights / weights.sum() * signals).astype(np.int64), 1)


def _people(work: Work, people: list[str], connections: dict[str, list[str]]) -> None:
    """Subjects with consents to scoring and topics and a proven account; a few lend their standing to another one."""
    now, session = work.now, work.session
    session.execute(insert(Subject), [{"id": one, "created_at": now, "erasing_at": None} for one in people])
    lenders = people[::LENDERS]
    for purpose, network, who in (
        (Purpose.SCORING, "bluesky", people), (Purpose.TOPICS, "", people), (Purpose.RECOGNITION, "", lenders),
    ):  # fmt: skip
        notice = make_notice(purpose)
        session.execute(
            insert(NoticeText),
            [
                {
                    "digest": notice.digest, "purpose": purpose.value, "version": VERSIONS[purpose], "language": "de",
                    "controller": "", "text": notice.text,
                }
            ],
        )  # fmt: skip
        session.execute(
            insert(Consent),
            [
                {
                    "id": new_id(), "subject_id": one, "purpose": purpose.value, "network": network, "granted": True,
                    "notice_digest": notice.digest, "method": "web form", "decided_at": now, "ended_at": None,
                }
                for one in who
            ],
        )  # fmt: skip
    session.execute(
        insert(Connection),
        [
            {
                "id": connections[one][0], "subject_id": one, "network": "bluesky", "state": State.PROVEN.value,
                "typed": _CLOSED, "label": "", "code": _CLOSED, "code_index": bytes.fromhex(one), "code_until": now,
                "proven_at": now, "created_at": now, "read_at": now, "last_post": POSTS,
            }
            for one in people
        ],
    )  # fmt: skip
    before = DAY - timedelta(days=1)
    session.add(DayScored(day=before, done_at=now, people=len(lenders)))
    session.execute(
        insert(Score),
        [
            {
                "subject_id": one, "day": before, "model": "klarwert-1", "score": 20.0 + number % 60, "impact": 10.0,
                "weeks": 5, "by_network": {}, "by_kind": {}, "preliminary": False, "made_at": now,
            }
            for number, one in enumerate(lenders)
        ],
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Made:
    """What the buckets are filled from."""

    process: Process
    keys: dict[str, PersonKey]
    lenders: dict[str, str]
    topics: list[int]
    chance: np.random.Generator


def _bucket(made: _Made, number: int, people: dict[str, list[str]], sizes: np.ndarray, first: int) -> Rows:
    """The file of one bucket with nine tenths of its signals, and a block of new ones a person."""
    process, keys, lenders, chance = made.process, made.keys, made.lenders, made.chance
    statements, person, voice = _draw(chance, sizes)
    new = chance.random(len(person)) < NEW
    statements["day"][new] = DAY.toordinal() - EPOCH - chance.integers(0, 2, int(new.sum()))
    told = _topics(chance, len(sizes), made.topics)
    owner = np.concatenate([person[~new], np.repeat(np.arange(len(sizes)), POSTS)])
    news = News(np.concatenate([statements[~new], told]), owner, owner)
    columns = compact(merge(empty([]), people, news, 0))
    based = np.ones(columns.people, dtype=np.bool_)
    columns = basis.settled(columns, DAY - timedelta(days=1), based, np.zeros(len(columns), dtype=np.int64))
    name = f"{number:05d}-1-made"
    process.storage.write(name, process.ring.seal_file(name, vault.write(columns, keys)))
    names = list(people)
    with process.working() as work:
        values = {"version": 1, "file": name, "signals": len(columns), "day_scored": DAY - timedelta(days=1)}
        work.session.execute(update(Bucket).where(Bucket.number == number).values(**values))
        order = np.argsort(person[new], kind="stable")
        fresh, owners = statements[new][order], person[new][order]
        edges = np.searchsorted(owners, np.arange(len(names) + 1)).tolist()
        rows = [
            {
                "subject_id": one, "connection_id": people[one][0], "made_at": work.now, "urgent": False,
                "block": keys[one].seal(place(one), VERSION + fresh[low:high].tobytes()),
            }
            for one, low, high in zip(names, edges[:-1], edges[1:], strict=True)
            if high > low
        ]  # fmt: skip
        work.session.execute(insert(Inbox), rows)
        actors = _first_actors(statements, person, len(names))
        links = [
            {"subject_id": one, "actor": f"{int(actor):016x}", "lender_id": lenders[one], "seen_at": work.now}
            for one, actor in zip(names, actors, strict=True)
            if one in lenders
        ]
        work.session.execute(insert(StandingLink), links)
    ages = DAY.toordinal() - EPOCH - statements["day"].astype(np.int64)
    return Rows(person + first, voice, statements["kind"].astype(np.int64), ages, statements["count"])


def _draw(chance: np.random.Generator, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The signals of the people of a bucket, each with its person and its voice."""
    total = int(sizes.sum())
    person = np.repeat(np.arange(len(sizes)), sizes)
    voices = np.maximum((sizes / SIGNALS_A_VOICE).astype(np.int64), 1)
    first = np.cumsum(voices) - voices
    voice = first[person] + (chance.random(total) * voices[person]).astype(np.int64)
    said = np.zeros(total, dtype=STATEMENT)
    said["kind"] = chance.choice(len(_SHARES), total, p=_SHARES)
    said["known"] = 1
    said["day"] = DAY.toordinal() - EPOCH - np.minimum(chance.exponential(30.0, total), 89).astype(np.int64) - 1
    said["post"] = 1 + (chance.random(total) ** 2 * POSTS).astype(np.int64)
    said["actor"] = chance.integers(0, 2**64, int(voices.sum()), dtype=np.uint64)[voice]
    said["count"] = 1
    followers = np.cumsum(sizes) - sizes
    for name, value in (("kind", AUDIENCE_CODE), ("known", 0), ("post", 0), ("actor", 0)):
        said[name][followers] = value
    said["count"][followers] = chance.integers(10, 100_000, len(sizes))
    return said, person, voice


def _topics(chance: np.random.Generator, people: int, topics: list[int]) -> np.ndarray:
    """A topic for each post."""
    told = np.zeros(people * POSTS, dtype=STATEMENT)
    told["kind"] = TOPIC
    told["post"] = np.tile(np.arange(1, POSTS + 1), people)
    told["count"] = np.array(topics)[chance.integers(0, len(topics), len(told))]
    return told


def _first_actors(said: np.ndarray, person: np.ndarray, people: int) -> np.ndarray:
    """Somebody who reacted to each person."""
    last = np.searchsorted(person, np.arange(people), side="right") - 1
    return said["actor"][last]


def _posts(work: Work, subject_id: str, connection_id: str) -> None:
    """The posts of one person; the pass itself needs none."""
    work.session.execute(
        insert(Post),
        [
            {
                "id": new_id(), "subject_id": subject_id, "connection_id": connection_id, "number": number,
                "address": _CLOSED, "address_index": number.to_bytes(4, "big"), "day": DAY,
                "first_read_at": work.now, "read_at": work.now,
            }
            for number in range(1, POSTS + 1)
        ],
    )  # fmt: skip


def save_town(folder: Path, signals: int) -> None:
    """Makes it and keeps beside it what `load_town` needs."""
    town = make_town(folder / "data", signals)
    columns = {name: getattr(town.rows, name) for name in Rows.__dataclass_fields__}
    np.savez(folder / "rows.npz", **columns)
    (folder / "people.json").write_text(json.dumps({"people": town.people, "middle": town.middle}))
    town.process.close()


def load_town(folder: Path, signals: int) -> Town:
    """The same again."""
    told = json.loads((folder / "people.json").read_text())
    with np.load(folder / "rows.npz") as columns:
        rows = Rows(**{name: columns[name] for name in Rows.__dataclass_fields__})
    return Town(process_of(folder / "data", signals), told["people"], rows, told["middle"])
