"""Twenty invented people with a token of their own in every column of every table; new tables are filled by themselves.

What the program reads as a word of its own (a state, a role) cannot be a token: those columns are named here with what
they get instead. A column that has neither fails the canary and is named.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, Column, delete, select, update
from sqlalchemy.orm import Session

from privacy.base import Base, SealedBytes, Subject, new_id
from privacy.sealed import sealed_columns
from server.models import Account, Export
from server.services.passwords import hash_password
from tests.factories.people import agree, make_connection
from tests.privacy.rows import Person, Words, fill, personal
from workers.fold import fold
from workers.models import Bucket, Connection, Erasure
from workers.networks.shape import Post, Reaction, Reading
from workers.places import holdings
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.scoring.model import KLARWERT_1
from workers.signals.store import put

PASSWORD = "ein Satz nur für den Kanarienvogel"
NUMBER = 20
#: Signals of each person.
EACH = 10
#: Long enough from now that no retention and no schedule touches what the canary has laid out.
LATER = timedelta(days=5)


def email(person: Person) -> str:
    """The address of a person, with their token in it."""
    return f"{person.name}@garten.example"


def words(process: Process) -> Words:
    """Values that mean something to the program."""
    hashed = hash_password(PASSWORD)
    return {
        ("account", "id"): lambda _: new_id(),
        ("account", "email"): email,
        ("account", "email_index"): lambda person: process.ring.blind("account.email", email(person)),
        ("account", "password"): lambda _: hashed,
        ("account", "role"): lambda _: "participant",
        ("account", "language"): lambda _: "en",
        ("connection", "id"): lambda _: new_id(),
        ("connection", "state"): lambda _: "claimed",
        ("connection", "network"): lambda _: "mastodon",
        ("consent", "purpose"): lambda _: "scoring",
        ("consent", "network"): lambda _: "mastodon",
        ("consent", "id"): lambda _: new_id(),
        ("export", "language"): lambda _: "en",
        ("export", "state"): lambda _: "failed",
        ("factor", "confirmed_at"): lambda _: None,
        ("log_leaf", "place"): lambda _: None,
        ("log_leaf", "leaf"): lambda _: sha256(b"nobody").hexdigest(),
        ("score", "score"): lambda _: 42.5,
        ("score", "model"): lambda _: KLARWERT_1.id,
        ("score", "weeks"): lambda _: 5,
        ("post", "topics"): lambda person: json.dumps([f"{person.name}.topics"]),
        ("notice_text", "purpose"): lambda _: "scoring",
        ("notice_text", "language"): lambda _: "en",
        ("notice_text", "version"): lambda _: 1,
    }


def packed() -> list[type[Base]]:
    """Tables with a column of packed numbers."""
    return [model for model in personal() if any("reads" in column.info for column in model.__table__.columns)]


def read(process: Process, people: Sequence[Person]) -> None:
    """Real posts with reactions for everybody: folded into the vault and scored, and some more in the inbox."""
    _read(process, people, "first")
    day = process.clock().date() - timedelta(days=1)
    with process.reading() as session:
        numbers = list(session.scalars(select(Bucket.number)))
    for number in numbers:
        assert fold(process, number, day)
    with process.reading() as session:
        assert not session.scalars(select(Bucket.failure).where(Bucket.failure.is_not(None))).all()
    _read(process, people, "second")


def _read(process: Process, people: Sequence[Person], name: str) -> None:
    with process.working() as work:
        today = work.today
        for person in people:
            agree(work, person.id)
            mine = select(Connection).where(Connection.subject_id == person.id, Connection.network == "bluesky")
            connection = work.session.scalar(mine) or make_connection(work, person.id, due_at=None, read_at=work.now)
            likes = [Reaction("like", f"did:plc:{number}", today - timedelta(days=2)) for number in range(5)]
            post = Post(f"https://netz.example/{person.name}/{name}", today - timedelta(days=9), person.name)
            put(work, work.ring.person(person.id), connection, Reading(post, tuple(likes), frozenset()))


class UncoveredError(AssertionError):
    """Columns of the declarations that carry no token and are not named here."""


def settle(process: Process) -> list[Person]:
    """Fills every table for twenty people, and makes sure that no column was left out. Raises `UncoveredError`."""
    known = words(process)
    with process.working() as work:
        late = Work(work.session, work.ring, work.now + LATER, work.settings)
        people = fill(late, *(f"kanarie{number:02}" for number in range(NUMBER)), words=known, spare=True)
        # Nobody is leaving; who leaves does so through the web.
        work.session.execute(update(Subject).values(erasing_at=None))
        first = work.session.get(Erasure, people[0].id)
        work.session.delete(first)
        people[0].rows[Erasure].clear()
        for model in packed():
            # Numbers in a form of their own: they come from real readings and a real fold.
            work.session.execute(delete(model))
            for person in people:
                person.rows[model].clear()
    read(process, people)
    make_sure_of_cover(people, known)
    return people


def make_sure_of_cover(people: Sequence[Person], known: Mapping[tuple[str, str], Any]) -> None:
    """Every column that can hold a text holds a token of its person, or is named in `words`."""
    bare = {
        f"{model.__tablename__}.{column.name}"
        for person in people
        for model in personal()
        for column in model.__table__.columns
        if _holds_text(column) and (model.__tablename__, column.name) not in known and not _own(column)
        for row in person.rows[model]
        if person.name not in _text(row[column.name])
    }
    if bare:
        raise UncoveredError(f"no token in {', '.join(sorted(bare))}: name them in tests/canary/people.py")


def _holds_text(column: Column[Any]) -> bool:
    return isinstance(column.type, SealedBytes | JSON) or column.type.python_type in (str, bytes)


def _own(column: Column[Any]) -> bool:
    """Is it an id of the person or of another row, which stands there as it is?"""
    return bool(column.foreign_keys) or (column.table.name, column.name) == ("subject", "id")


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def tokens(person: Person) -> set[str]:
    """What of a person must be nowhere: what stands in every text of theirs, their address, their numbers."""
    return {person.name, email(person), *numbers(person)}


def numbers(person: Person) -> set[str]:
    """The random numbers that stand for a person and their account."""
    return {person.id, *person.found(Account, "id")}


def exported(person: Person) -> set[str]:
    """The tokens that the person's download must have: of every exported column, as text. The last download of theirs
    is replaced by the one that is looked at.
    """
    return {
        str(row[column])
        for model, rows in person.rows.items()
        for row in rows
        for column in model.__holds__.exported
        if row[model.__holds__.subject or ""] == person.id
        and isinstance(row[column], str)
        and person.name in row[column]
        and model is not Export
    }


def signals(process: Process, person: Person) -> list[dict[str, Any]]:
    """The signals of a person, from the vault and the inbox."""
    with process.reading() as session:
        return list(holdings(process).rows(session, person.id, "signals"))


def sealed_bytes(session: Session, person: Person, *, lasting: bool = False) -> list[bytes]:
    """The stored bytes of every sealed column of a person; with `lasting` without those that each fold makes anew."""
    found: list[bytes] = []
    for model in set(personal()) - set(packed() if lasting else ()):
        found += [_value for column in sealed_columns(model) for _value in _column(session, model, column, person)]
    return found


def _column(session: Session, model: type[Base], column: str, person: Person) -> list[bytes]:
    table = Base.metadata.tables[model.__tablename__]
    mine = table.c[model.__holds__.subject or ""] == person.id
    return [bytes(value) for value in session.scalars(select(table.c[column]).where(mine)) if value is not None]


def missing(process: Process, person: Person) -> set[str]:
    """Columns of a person that an export does not have as they were filled: empty while everything is there (R26)."""
    gone = set()
    with process.reading() as session:
        for model in personal():
            holds = model.__holds__
            if holds.subject is None:
                continue
            there = [repr(row) for row in holdings(process).rows(session, person.id, holds.kind)]
            for row in person.rows[model]:
                if row[holds.subject] != person.id:
                    continue
                gone |= {
                    f"{model.__tablename__}.{column}"
                    for column in holds.exported
                    if person.name in _text(row[column]) and not any(_text(row[column]) in one for one in there)
                }
    return gone
