"""The versions of the score model: which one applies on a day, and which one is announced (score-model, section 8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from workers.scoring.model import BadModelError, Model, published, read_model
from workers.scoring.signals import AUDIENCE_CODE, KINDS


@dataclass(frozen=True, eq=False)
class Version:
    """A published model with its dates (UTC)."""

    model: Model
    announced: date
    """People are told from this day on."""
    starts: date
    """The first day that is scored with it."""


class Versions:
    """All published versions, in the order in which they apply.

    Raises `BadModelError` where two start on one day, one applies before it was announced, names are used twice, or a
    kind of signal has no weight.
    """

    def __init__(self, versions: Iterable[Version]) -> None:
        self.all = tuple(sorted(versions, key=lambda version: version.starts))
        if not self.all or len({version.starts for version in self.all}) < len(self.all):
            raise BadModelError("there is no version, or two start on the same day")
        if len({version.model.id for version in self.all}) < len(self.all):
            raise BadModelError("two versions have the same name")
        for version in self.all:
            if set(version.model.weights) != set(KINDS[:AUDIENCE_CODE]):
                raise BadModelError(f"{version.model.id} does not weigh every kind of signal")
            if version.starts < version.announced:
                raise BadModelError(f"{version.model.id} starts before it is announced")

    def on(self, day: date) -> Model:
        """The model that scores a day; days before the first version are scored with the first."""
        begun = [version.model for version in self.all if version.starts <= day]
        return begun[-1] if begun else self.all[0].model

    def coming(self, today: date) -> Version | None:
        """The version that is announced and does not apply yet; the next one, if there are several."""
        waiting = [version for version in self.all if version.announced <= today < version.starts]
        return waiting[0] if waiting else None

    def named(self, name: str) -> Model:
        """The model with a name, as stored scores have it. Raises `KeyError`."""
        return {version.model.id: version.model for version in self.all}[name]


def read_versions(publications: Iterable[Mapping[str, Any]]) -> Versions:
    """Versions of publications (`document`, `announced`, `starts`). Raises `BadModelError`."""
    return Versions(
        Version(read_model(one["document"]), date.fromisoformat(one["announced"]), date.fromisoformat(one["starts"]))
        for one in publications
    )


def _names() -> list[str]:
    folder = files("workers.scoring").joinpath("published")
    return sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))


#: The versions that come with this program.
PUBLISHED = read_versions(published(name) for name in _names())
