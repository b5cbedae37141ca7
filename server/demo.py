"""The demo: invented people with invented public reactions over 120 days, scored by the real engine.

Every page marks them as invented. Everything but the calendar is drawn from a fixed seed: the last day is yesterday.
"""

import json
import logging
import random
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from math import ceil
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select

from privacy import consent
from privacy.base import new_id
from privacy.keyring import PersonKey
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from server import demo_asking, demo_audit, demo_crowd
from server.models import Account, OrganisationFact, Role
from server.services import accounts
from server.services.connections import INVENTED
from server.services.consents import notice_for
from server.services.organisations import DEMO, DEMO_LOGIN
from server.services.passwords import hash_password
from workers import buckets, comparing, tallies
from workers.commitment import canonical, commit
from workers.fold import fold
from workers.models import Bucket, Connection, DayScored, Post, PostSplit, Run, Score, StandingLink
from workers.models.connection import State, code_index
from workers.results import split_at
from workers.runtime.process import Process
from workers.runtime.settings import Settings, SettingsError
from workers.runtime.work import Work
from workers.scoring.changes import Known, changed
from workers.scoring.model import KLARWERT_1
from workers.scoring.score import Frame, frame, scored, sum_by, tally
from workers.scoring.score import Score as Made
from workers.scoring.signals import KIND_CODES, KINDS, IntArray, Signals
from workers.signals.block import TOPIC, Statement
from workers.signals.inbox import say
from workers.signals.standing import account_index
from workers.signals.store import next_number, number_of, post_index
from workers.signals.topics import numbers_of

log = logging.getLogger(__name__)

DAYS = 120
#: What changed is worked out for the last days only: pages show it for the newest score.
CHANGED_DAYS = 14
SEED = 2026
HOW_TO_SIGN_IN = (
    "Demo, all people invented. Sign in as {participant} (participant), {admin} (administrator), {dpo} (data "
    "protection officer) or {auditor} (auditor), password {password}"
).format(**DEMO_LOGIN)
#: This fact about the organisation marks a database as a demo's, whatever becomes of its accounts.
_MARK = "demo"
_FAR = datetime(2100, 1, 1, tzinfo=UTC)
_KINDS = {"like": 70, "repost": 14, "reply": 12, "quote": 4}


@dataclass(frozen=True)
class Character:
    """An invented participant: how many people listen, on which networks, in which rhythm, about what."""

    name: str
    language: str
    networks: list[str]
    crowd: int
    """How many different people react, all in all."""
    reach: float
    """Reactions to an ordinary post."""
    posts_a_week: float
    lends: bool
    titles: list[str]
    holiday: tuple[int, int] = (0, 0)
    """Days (counted from the first) without any posts."""
    agrees: tuple[str, ...] = ()
    """Purposes that they agree to beside scores and lending their standing."""


def cast() -> list[Character]:
    """The invented participants, from `demo.toml`."""
    return [Character(**character) for character in _told()["character"]]


def topics_of() -> dict[str, list[str]]:
    """The topics of each title, as the words of the title give them (a test makes sure of it)."""
    topics: dict[str, list[str]] = _told()["topics"]
    return topics


@cache
def _told() -> dict[str, Any]:
    return tomllib.loads(files("server").joinpath("demo.toml").read_text(encoding="utf-8"))


@dataclass
class _Actor:
    """One participant while the demo is made: rows so far and columns for the engine."""

    role: Character
    subject_id: str
    key: PersonKey
    connections: dict[str, Connection] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    columns: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Id of a post to its connection and number."""
    topics: dict[str, list[str]] = field(default_factory=dict)
    """Id of a post to its topics, where the participant agrees to topics."""
    lenders: dict[str, str] = field(default_factory=dict)
    """Pseudonym to the name of the participant behind it."""

    def add(self, network: str, kind: str, day: date, actor: str | None, count: int, post: str | None) -> None:
        """One signal."""
        for name, value in zip(_COLUMNS, (network, kind, day, actor, count, post), strict=True):
            self.columns[name].append(value)


_COLUMNS = ("network", "kind", "day", "actor", "count", "post")


def keep_apart(settings: Settings) -> None:
    """Raises `SettingsError` where invented people would get among real ones, or real ones into the demo.

    The demo shows all mails to everybody, and its passwords are known.
    """
    process = Process(settings)
    with process.reading() as session:
        invented = session.get(OrganisationFact, _MARK) is not None
        somebody = session.scalar(select(Account.id).limit(1)) is not None
    process.close()
    if settings.demo and somebody and not invented:
        raise SettingsError(
            "KLARWERT_DEMO is true, but there are accounts here that are not the demo's: name a new folder in "
            "KLARWERT_DATA (and an empty KLARWERT_DATABASE) for the demo"
        )
    if invented and not settings.demo:
        raise SettingsError(
            "this is a demo with invented people, but KLARWERT_DEMO is not true: name a new folder in KLARWERT_DATA "
            "(and an empty KLARWERT_DATABASE) for real people"
        )


def make(settings: Settings, participants: int = 0) -> bool:
    """Makes the demo's people unless they are there; with a number so many of them in all. False if it was there.

    Takes some seconds; a thousand people more take about as long.
    """
    process = Process(settings)
    with process.reading() as session:
        there = session.get(OrganisationFact, _MARK) is not None
    if not there:
        with process.working() as work:
            work.session.add(OrganisationFact(name=_MARK, value=f"invented people, made on {work.today}"))
            _make(work, random.Random(SEED), participants)  # noqa: S311 - invented people need no secrets
            buckets.settle(work)
        _fold(process)
        with process.working() as work:
            comparing.compare(work, work.today - timedelta(days=1))
        tallies.count_all(process)
        demo_audit.audit(process)
        demo_asking.ask(process)
        log.info("the demo was made: invented people over %d days", DAYS)
    process.close()
    return not there


def _fold(process: Process) -> None:
    """Two nights of the real engine: the files of the vault, and what changed from the last day but one to the last."""
    today = process.clock().date()
    with process.working() as work:
        last = today - timedelta(days=1)
        for table in (Score, PostSplit):
            work.session.execute(delete(table).where(table.day == last))
        numbers = list(work.session.scalars(select(Bucket.number)))
    for days in (2, 1):
        for number in numbers:
            fold(process, number, today - timedelta(days=days))


def _make(work: Work, chance: random.Random, participants: int) -> None:
    first = work.today - timedelta(days=DAYS)
    hashed = hash_password(DEMO_LOGIN["password"])
    accounts.create(work, DEMO_LOGIN["admin"], hashed, "de", Role.ADMIN, confirmed=True)
    actors = {role.name: _participant(work, role, hashed, first) for role in cast()}
    for actor in actors.values():
        _reactions(work, actor, actors, first, chance)
    _score_all(work, actors, first, max(participants, len(actors)))
    for actor in actors.values():
        _store_signals(work, actor)
    demo_crowd.join(work, participants - len(actors), hashed)
    demo_audit.join(work, hashed)


def _participant(work: Work, role: Character, hashed: str, first: date) -> _Actor:
    account = accounts.create(work, f"{role.name}@demo.example", hashed, role.language, confirmed=True)
    actor = _Actor(role, account.subject_id, work.ring.person(account.subject_id))
    began = datetime.combine(first, time(9), UTC)
    for network in role.networks:
        shown = notice_for(Purpose.SCORING, network, role.language, DEMO)
        consent.decide(work.session, actor.subject_id, shown, granted=True, now=began, network=network)
        actor.connections[network] = _connection(work, actor, network, began)
    for purpose in ([Purpose.RECOGNITION] if role.lends else []) + [Purpose(name) for name in role.agrees]:
        shown = notice_for(purpose, "", role.language, DEMO)
        consent.decide(work.session, actor.subject_id, shown, granted=True, now=began)
    work.session.flush()
    return actor


def _connection(work: Work, actor: _Actor, network: str, began: datetime) -> Connection:
    name = actor.role.name
    handle = {"bluesky": f"{name}.demo.example", "mastodon": f"@{name}@demo.example"}[network]
    code = f"klarwert-{name}-{network}"
    read_at = demo_crowd.last_evening(work.today)
    row = Connection(
        id=new_id(), subject_id=actor.subject_id, network=network, state=State.PROVEN.value, label="",
        code_index=code_index(work.ring, code), code_until=began, created_at=began, proof="bio", proven_at=work.now,
        remote_index=account_index(work.ring, network, f"{INVENTED}{name}"), read_at=read_at, due_at=_FAR,
    )  # fmt: skip
    seal(
        row, actor.key, typed=handle, handle=handle, address=f"https://{network}.demo.example/{name}",
        remote_id=f"{INVENTED}{name}", code=code,
    )  # fmt: skip
    run = Run(
        id=new_id(), subject_id=actor.subject_id, connection_id=row.id, collector="demo", started_at=read_at,
        seen_at=read_at, ended_at=read_at, posts=0, reactions=0,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    work.session.add(run)
    actor.runs[network] = run
    return row


def _reactions(work: Work, actor: _Actor, all_: dict[str, _Actor], first: date, chance: random.Random) -> None:
    """Posts with reactions that fade over days, and followers that grow slowly."""
    for network, connection in actor.connections.items():
        for day, title in _calendar(actor.role, first, chance):
            post = _post(work, actor, connection, title, day)
            actor.runs[network].posts += 1
            for kind, who, when in _echo(actor.role, network, day, chance):
                if when < work.today:
                    actor.runs[network].reactions += 1
                    actor.add(network, kind, when, actor.key.pseudonym(network, who), 1, post)
            _fellows(work, actor, all_, network, day, post, chance)
        for week in range(0, DAYS, 7):
            followers = int(actor.role.crowd * (0.8 + 0.4 * week / DAYS) / len(actor.connections))
            actor.add(network, "audience", first + timedelta(days=week), None, followers, None)


def _calendar(role: Character, first: date, chance: random.Random) -> Iterator[tuple[date, str]]:
    for offset in range(DAYS):
        away = role.holiday[0] <= offset < role.holiday[1]
        if not away and chance.random() < role.posts_a_week / 7 / len(role.networks):
            yield first + timedelta(days=offset), chance.choice(role.titles)


def _echo(role: Character, network: str, day: date, chance: random.Random) -> Iterator[tuple[str, str, date]]:
    """Who reacts how and when to one post: some posts travel far, most do not; few people react often."""
    luck = chance.paretovariate(1.6)
    reached = set()
    for _ in range(min(ceil(role.reach * luck * chance.uniform(0.3, 1.0)), role.crowd)):
        who = int(role.crowd * chance.random() ** 2)
        [kind] = chance.choices(list(_KINDS), list(_KINDS.values()))
        if (kind, who) not in reached:
            reached.add((kind, who))
            yield kind, f"{INVENTED}{role.name}:{network}:{who}", day + timedelta(days=int(chance.expovariate(0.7)))


def _fellows(
    work: Work, actor: _Actor, all_: dict[str, _Actor], network: str, day: date, post: str, chance: random.Random
) -> None:
    """Participants react to one another, too; those who lend their standing are linked."""
    for fellow in all_.values():
        if fellow is actor or network not in fellow.connections or chance.random() > 0.08:  # noqa: PLR2004
            continue
        pseudonym = actor.key.pseudonym(network, f"{INVENTED}{fellow.role.name}")
        actor.add(network, chance.choice(("like", "repost", "reply")), day, pseudonym, 1, post)
        if fellow.role.lends and pseudonym not in actor.lenders:
            actor.lenders[pseudonym] = fellow.role.name
            work.session.add(
                StandingLink(
                    subject_id=actor.subject_id, actor=pseudonym, lender_id=fellow.subject_id, seen_at=work.now
                )
            )  # fmt: skip


def _post(work: Work, actor: _Actor, connection: Connection, title: str, day: date) -> str:
    address = f"https://{connection.network}.demo.example/{actor.role.name}/{day.isoformat()}-{title}"
    row = Post(
        id=new_id(), subject_id=actor.subject_id, connection_id=connection.id, number=next_number(connection), day=day,
        address_index=post_index(work.ring, connection.id, f"{address}#{new_id()}"), first_read_at=work.now,
        read_at=work.now,
    )  # fmt: skip
    about = topics_of().get(title, []) if Purpose.TOPICS in actor.role.agrees else []
    seal(row, actor.key, address=address, topics=json.dumps(about) if about else None)
    work.session.add(row)
    actor.topics[row.id] = about
    actor.places[row.id] = connection.id, row.number
    return row.id


def _oldest(work: Work) -> date:
    """The first day in the window of the newest scored day, which is yesterday."""
    return work.today - timedelta(days=KLARWERT_1.window_days)


def _score_all(work: Work, actors: dict[str, _Actor], first: date, people: int) -> None:
    """Scores the cast day by day, as the nightly run does: standing comes from the day before.

    The last two nights fold for everybody, `people` in all.
    """
    signals = {name: Signals.from_columns(**actor.columns) for name, actor in actors.items()}
    yesterday: dict[str, float] = {}
    before: dict[str, Known] = {}
    scores: list[dict[str, Any]] = []
    splits: list[dict[str, Any]] = []
    for offset in range(DAYS):
        day = first + timedelta(days=offset)
        known = {name: _known(actor, signals[name], day, yesterday) for name, actor in actors.items()}
        for name, one in known.items():
            seen = frame(one.signals, day, one.yesterday, one.disputed)
            made = scored(seen, tally(seen))
            yesterday[name] = made.score
            scores.append(_score(actors[name], seen, made, one, before.get(name)))
            if day >= _oldest(work):
                splits.append(_split(actors[name], seen, made, day))
        before = known if offset >= DAYS - CHANGED_DAYS else {}
        work.session.add(DayScored(day=day, done_at=work.now, people=people if offset >= DAYS - 2 else len(actors)))
    work.session.flush()
    work.session.execute(insert(Score), scores)
    work.session.execute(insert(PostSplit), splits)


def _known(actor: _Actor, signals: Signals, day: date, yesterday: dict[str, float]) -> Known:
    """What the score of a day is made of: only what had come until then."""
    lent = {who: yesterday[name] for who, name in actor.lenders.items() if name in yesterday}
    return Known(day, signals, lent, np.zeros(len(signals), dtype=np.bool_))


def _score(actor: _Actor, seen: Frame, made: Made, known: Known, before: Known | None) -> dict[str, Any]:
    """The row of a score."""
    networks = _by(seen, made, seen.signals.network, seen.signals.networks)
    kinds = _by(seen, made, seen.signals.kind, KINDS)
    salt, leaf = commit(known.day, KLARWERT_1.id, made.score, canonical(networks), canonical(kinds))
    return {
        "subject_id": actor.subject_id, "day": known.day, "model": KLARWERT_1.id, "score": made.score,
        "impact": made.impact, "weeks": made.weeks, "preliminary": False, "made_at": _night_after(known.day),
        "by_network": networks, "by_kind": kinds, "salt": salt, "leaf": leaf,
        "changed_since": before.day if before else None, "changes": changed(before, known) if before else None,
    }  # fmt: skip


def _split(actor: _Actor, seen: Frame, made: Made, day: date) -> dict[str, Any]:
    """The row of a score's points by post."""
    row = PostSplit(subject_id=actor.subject_id, day=day, made_at=_night_after(day))
    points = _by(seen, made, seen.signals.post, seen.signals.posts)
    seal(row, actor.key, points=split_at(actor.places, points))
    return {"subject_id": row.subject_id, "day": day, "points": row.points, "made_at": row.made_at}


def _by(seen: Frame, made: Made, codes: IntArray, labels: Sequence[str]) -> dict[str, float]:
    """Points by what has signals in the window."""
    here = codes[seen.inside & (codes >= 0)]
    points = sum_by(np.maximum(codes, 0), np.where(codes >= 0, made.points, 0.0), len(labels))
    return {labels[code]: float(points[code]) for code in np.unique(here).tolist()}


def _night_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0, 10), UTC)


def _store_signals(work: Work, actor: _Actor) -> None:
    """Stores the signals that are in the window; older ones have served the history and are gone, as they would be."""
    said: dict[str, list[Statement]] = defaultdict(list)
    for network, kind, day, who, count, post in zip(*(actor.columns[name] for name in _COLUMNS), strict=True):
        if day >= _oldest(work):
            number = actor.places[post][1] if post else 0
            said[actor.connections[network].id].append(Statement(KIND_CODES[kind], number, who, number_of(day), count))
    numbers = numbers_of(work.session, {slug for topics in actor.topics.values() for slug in topics})
    for post, topics in actor.topics.items():
        connection_id, number = actor.places[post]
        said[connection_id] += [Statement(TOPIC, number, count=numbers[slug]) for slug in topics]
    for connection_id, statements in said.items():
        say(work.session, actor.key, actor.subject_id, connection_id, statements)
