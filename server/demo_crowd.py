"""Many more invented participants for the demo, made in columns: so that pages can be looked at and timed at size.

Each has one account, some posts, and reactions of random people; they are scored by the same nights as everybody.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy import insert

from privacy import consent
from privacy.base import Subject, new_id
from privacy.consent import Consent
from privacy.keyring import PersonKey
from privacy.notices import Notice
from privacy.sealed import seal
from privacy.vocabulary import Purpose
from server.models import Account, Role
from server.services.connections import INVENTED
from server.services.consents import notice_for
from server.services.organisations import DEMO
from workers.models import Connection, Inbox, Post, Run
from workers.models.connection import State, code_index
from workers.models.inbox import STATEMENT, VERSION
from workers.runtime.work import Work
from workers.scoring.model import KLARWERT_1
from workers.scoring.signals import AUDIENCE_CODE, KIND_CODES
from workers.signals.block import TOPIC
from workers.signals.inbox import place
from workers.signals.standing import account_index
from workers.signals.store import day_of, number_of, post_index
from workers.signals.topics import numbers_of

SEED = 2027
POSTS = 8
#: Reactions of the one in the middle; a few have very many.
REACTIONS = 40.0
#: One of so many agrees to be compared.
COMPARED = 3
#: One of so many agrees to topics, too; they write about one each.
HEARD = 6
SUBJECTS = ("bread", "cycling", "chess", "open-source", "repair")
_AT_ONCE = 2000
_KINDS = {"like": 0.70, "repost": 0.14, "reply": 0.12, "quote": 0.04}
_DAYS = KLARWERT_1.window_days
_FAR = datetime(2100, 1, 1, tzinfo=UTC)


def last_evening(today: date) -> datetime:
    """When every account was read last: on the day of the newest scores, which rest on it."""
    return datetime.combine(today - timedelta(days=1), time(23, 30), UTC)


def join(work: Work, people: int, hashed: str) -> None:
    """Makes so many people more; `hashed` is the password of all."""
    chance = np.random.default_rng(SEED)
    began = datetime.combine(work.today - timedelta(days=_DAYS), time(9), UTC)
    for start in range(0, people, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, people))
        _some(work, numbers, hashed, began, chance)


def _some(work: Work, numbers: range, hashed: str, began: datetime, chance: np.random.Generator) -> None:
    ids = {new_id(): number for number in numbers}
    keys = work.ring.create_all(ids)
    session = work.session
    session.execute(insert(Subject), [{"id": one, "created_at": began} for one in ids])
    session.execute(insert(Account), [_account(work, one, number, keys[one], hashed) for one, number in ids.items()])
    for network in ("bluesky", "mastodon"):
        agreeing = [one for one, number in ids.items() if _network(number) == network]
        _agree(work, notice_for(Purpose.SCORING, network, "de", DEMO), agreeing, began, network)
    compared = [one for one, number in ids.items() if number % COMPARED == 0]
    _agree(work, notice_for(Purpose.COMPARISON, "", "de", DEMO), compared, began)
    about = {one: SUBJECTS[number // HEARD % len(SUBJECTS)] for one, number in ids.items() if number % HEARD == 0}
    _agree(work, notice_for(Purpose.TOPICS, "", "de", DEMO), list(about), began)
    numbers_of_topics = numbers_of(session, SUBJECTS)
    rows = [(one, new_id(), keys[one], number) for one, number in ids.items()]
    session.execute(insert(Connection), [_connection(work, *row, began) for row in rows])
    read_at = last_evening(work.today)
    session.execute(insert(Run), [_run(subject_id, id_, read_at) for subject_id, id_, _, _ in rows])
    first = number_of(work.today) - _DAYS
    days = first + np.sort(chance.integers(0, _DAYS, (len(rows), POSTS)), axis=1)
    session.execute(
        insert(Post),
        [
            post
            for row, mine in zip(rows, days, strict=True)
            for post in _posts(work, row, mine, read_at, about.get(row[0]))
        ],
    )
    session.execute(
        insert(Inbox),
        [
            {
                "subject_id": subject_id, "connection_id": id_, "made_at": read_at, "urgent": False,
                "block": key.seal(
                    place(subject_id),
                    VERSION
                    + _signals(chance, mine, first + _DAYS).tobytes()
                    + _topic(numbers_of_topics.get(about.get(subject_id, ""))).tobytes(),
                ),
            }
            for (subject_id, id_, key, _), mine in zip(rows, days, strict=True)
        ],
    )  # fmt: skip


def _network(number: int) -> str:
    return "mastodon" if number % 2 else "bluesky"


def _account(work: Work, subject_id: str, number: int, key: PersonKey, hashed: str) -> dict[str, object]:
    email = address_of(number)
    row = Account(id=new_id())
    seal(row, key, email=email)
    return {
        "id": row.id, "subject_id": subject_id, "email": row.email, "password": hashed, "language": "de",
        "email_index": work.ring.blind("account.email", email), "role": Role.PARTICIPANT.value,
        "created_at": work.now, "confirmed_at": work.now,
    }  # fmt: skip


def address_of(number: int) -> str:
    """The e-mail address of one of them, from 0."""
    return f"person-{number + 1}@demo.example"


def _agree(work: Work, shown: Notice, people: list[str], began: datetime, network: str = "") -> None:
    """A yes of each; the log has only what the cast decided."""
    if not people:
        return
    consent.keep_text(work.session, shown)
    same = {
        "purpose": shown.purpose.value, "network": network, "granted": True, "notice_digest": shown.digest,
        "method": "web form", "decided_at": began, "ended_at": None,
    }  # fmt: skip
    work.session.execute(insert(Consent), [{"id": new_id(), "subject_id": one, **same} for one in people])


def _connection(
    work: Work, subject_id: str, id_: str, key: PersonKey, number: int, began: datetime
) -> dict[str, object]:
    network, name = _network(number), f"person-{number + 1}"
    handle = f"{name}.demo.example" if network == "bluesky" else f"@{name}@demo.example"
    row = Connection(id=id_)
    texts = {
        "typed": handle, "handle": handle, "address": f"https://{network}.demo.example/{name}",
        "remote_id": f"{INVENTED}{name}", "code": f"klarwert-{name}",
    }  # fmt: skip
    seal(row, key, **texts)
    return {
        "id": id_, "subject_id": subject_id, "network": network, "state": State.PROVEN.value, "label": "",
        **{column: getattr(row, column) for column in texts},
        "code_index": code_index(work.ring, texts["code"]), "code_until": began, "created_at": began, "proof": "bio",
        "proven_at": work.now, "remote_index": account_index(work.ring, network, texts["remote_id"]),
        "read_at": last_evening(work.today), "due_at": _FAR, "last_post": POSTS,
    }  # fmt: skip


def _run(subject_id: str, connection_id: str, read_at: datetime) -> dict[str, object]:
    return {
        "id": new_id(), "subject_id": subject_id, "connection_id": connection_id, "collector": "demo",
        "started_at": read_at, "seen_at": read_at, "ended_at": read_at, "posts": POSTS, "reactions": int(REACTIONS),
    }  # fmt: skip


def _posts(
    work: Work, owner: tuple[str, str, PersonKey, int], days: np.ndarray, read_at: datetime, about: str | None
) -> Iterator[dict[str, object]]:
    subject_id, connection_id, key, who = owner
    for number, day in enumerate(days.tolist(), 1):
        row = Post(id=new_id())
        address = f"https://{_network(who)}.demo.example/person-{who + 1}/{number}"
        seal(row, key, address=address, topics=json.dumps([about]) if about else None)
        yield {
            "id": row.id, "subject_id": subject_id, "connection_id": connection_id, "number": number,
            "address": row.address, "topics": row.topics,
            "address_index": post_index(work.ring, connection_id, address),
            "day": day_of(day), "first_read_at": read_at, "read_at": read_at,
        }  # fmt: skip


def _signals(chance: np.random.Generator, days: np.ndarray, end: int) -> np.ndarray:
    """The statements of one person: reactions that fade over days, and how many follow."""
    size = 1 + int(chance.lognormal(np.log(REACTIONS), 1.0))
    said = np.zeros(size + 1, dtype=STATEMENT)
    post = chance.integers(0, POSTS, size)
    said["kind"][:size] = chance.choice([KIND_CODES[kind] for kind in _KINDS], size, p=list(_KINDS.values()))
    said["known"][:size] = 1
    said["day"][:size] = np.minimum(days[post] + chance.exponential(1.4, size).astype(np.int64), end - 1)
    said["post"][:size] = post + 1
    voices = chance.integers(0, 2**64, 1 + size // 2, dtype=np.uint64)
    said["actor"][:size] = voices[chance.integers(0, len(voices), size)]
    said["count"][:size] = 1
    said["kind"][size], said["day"][size], said["count"][size] = AUDIENCE_CODE, end - 1, chance.integers(10, 5000)
    return said


def _topic(number: int | None) -> np.ndarray:
    """The statements that every post has a topic; none without one."""
    said = np.zeros(POSTS if number is not None else 0, dtype=STATEMENT)
    said["kind"], said["post"], said["count"] = TOPIC, np.arange(1, len(said) + 1), number or 0
    return said
