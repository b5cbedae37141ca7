"""Counts the requests that go to interfaces with an allowance: at once in Redis, every few seconds in the database.

Only interfaces of the catalogue are counted: the name of any other server could say who has an account on it.
"""

from datetime import date, timedelta

from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from workers.catalogue import ALL
from workers.models import NetworkUse
from workers.runtime.work import Work

APIS = frozenset(facts.api for facts in ALL.values() if facts.api)
_NAME = "klarwert:use"
_KEPT = timedelta(days=2)


def count(redis: Redis, end: str, day: date) -> None:
    """Counts one request to an origin on a day, if it is one of the catalogue."""
    if end in APIS:
        redis.hincrby(_place(day), end, 1)
        redis.expire(_place(day), _KEPT)


def keep(work: Work, redis: Redis) -> None:
    """Brings what was counted into the database: of today, and of yesterday's last seconds."""
    for day in (work.today - timedelta(days=1), work.today):
        place = _place(day)
        counted: dict[bytes, bytes] = _take(redis, place)
        for api, number in counted.items():
            _add(work, api.decode(), day, int(number))


def used(session: Session, day: date) -> dict[str, int]:
    """Requests on a day by origin."""
    rows = session.execute(select(NetworkUse.api, NetworkUse.requests).where(NetworkUse.day == day))
    return {row.api: row.requests for row in rows}


def _take(redis: Redis, place: str) -> dict[bytes, bytes]:
    """What was counted, once."""
    both = redis.pipeline()
    both.hgetall(place)
    both.delete(place)
    found: dict[bytes, bytes] = both.execute()[0]
    return found


def _add(work: Work, api: str, day: date, number: int) -> None:
    row = work.session.get(NetworkUse, (api, day), with_for_update=True)
    if row is None:
        row = NetworkUse(api=api, day=day, requests=0, counted_at=work.now)
        work.session.add(row)
    row.requests += number
    row.counted_at = work.now


def _place(day: date) -> str:
    return f"{_NAME}:{day.isoformat()}"
