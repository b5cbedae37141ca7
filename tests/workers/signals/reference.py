"""The rules of score-model, section 1, "What is one signal", as plainly as they can be written: for one post."""

from collections import defaultdict
from datetime import date, timedelta

from workers.networks.shape import Reaction, Reading

_ONCE = ("like", "repost")


class PlainStore:
    """Signals of one post: (kind, actor, day) to count; the actor is None of a public count."""

    def __init__(self) -> None:
        self.signals: dict[tuple[str, str | None, date], int] = {}
        self._read = False

    def put(self, reading: Reading, today: date) -> None:
        """Takes in one reading of the post on a day."""
        unsaid = today if self._read else reading.post.day
        kinds = {reaction.kind for reaction in reading.reactions} | reading.complete
        for kind in kinds:
            reactions = [reaction for reaction in reading.reactions if reaction.kind == kind]
            named = [reaction for reaction in reactions if reaction.actor_id is not None]
            counted = [reaction.count for reaction in reactions if reaction.actor_id is None]
            complete = kind in reading.complete
            self._named(kind, self._found(kind, named, unsaid), complete, today - timedelta(days=90))
            if counted or complete:
                self._counted(kind, sum(counted), unsaid)
        self._read = True

    def _found(self, kind: str, named: list[Reaction], unsaid: date) -> dict[tuple[str, str | None, date], int]:
        found: dict[tuple[str, str | None, date], int] = defaultdict(int)
        for reaction in named:
            stored = [day for (its_kind, actor, day) in self.signals if (its_kind, actor) == (kind, reaction.actor_id)]
            day = reaction.day or min(stored, default=unsaid)
            found[kind, reaction.actor_id, day] += reaction.count
            if kind in _ONCE:
                for earlier in stored:
                    found[kind, reaction.actor_id, earlier] += 0
        if kind not in _ONCE:
            return found
        first: dict[str | None, date] = {}
        for _, actor, day in found:
            first[actor] = min(day, first.get(actor, day))
        return {(kind, actor, day): 1 for actor, day in first.items()}

    def _named(self, kind: str, found: dict[tuple[str, str | None, date], int], complete: bool, oldest: date) -> None:
        for key in [key for key in self.signals if key[0] == kind and key[1] is not None]:
            # Incomplete readings take nothing out, but a day that turns out to be earlier takes the place of the later.
            gone = key not in found and (complete or (kind in _ONCE and any(key[1] == other[1] for other in found)))
            if gone:
                del self.signals[key]
        for key, count in found.items():
            if key[2] >= oldest:
                self.signals[key] = count if complete else max(count, self.signals.get(key, 0))

    def _counted(self, kind: str, count: int, unsaid: date) -> None:
        mine = sorted((key for key in self.signals if key[:2] == (kind, None)), key=lambda key: key[2], reverse=True)
        change = count - sum(self.signals[key] for key in mine)
        if change > 0:
            self.signals[kind, None, unsaid] = self.signals.get((kind, None, unsaid), 0) + change
        for key in mine:
            taken = min(self.signals[key], max(-change, 0))
            change += taken
            self.signals[key] -= taken
            if not self.signals[key]:
                del self.signals[key]
