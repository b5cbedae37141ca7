"""A clock that stands still until somebody sleeps on it."""

from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Gives a time, and moves it by sleeping; remembers every sleep, in seconds."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)) -> None:
        self._time = start
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self._time

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self._time += timedelta(seconds=seconds)
