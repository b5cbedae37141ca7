"""Whether everything overdue was deleted on a day, noted in Redis: where Redis forgets it, it is done once more."""

from redis import Redis

_EXPIRED = "klarwert:expired"
_SECONDS = 2 * 24 * 3600


def note_expired(redis: Redis, day: str) -> None:
    """Notes it for a day (ISO)."""
    redis.set(f"{_EXPIRED}:{day}", "done", ex=_SECONDS)


def expired_on(redis: Redis, day: str) -> bool:
    """Was everything deleted that was overdue on a day (ISO)?"""
    return bool(redis.exists(f"{_EXPIRED}:{day}"))
