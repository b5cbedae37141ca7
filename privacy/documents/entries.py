"""What is known for a document: every place of data as it declares itself, with the words for it in one language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from privacy.archive import KindWords
from privacy.base import Holds, Rule, models
from privacy.holdings import Holdings, Spot
from privacy.vocabulary import About, Basis, Erased, Medium, Use

#: With what a period begins, in the three types of DIN 66398, by the column that a rule names.
COLLECTION, PROCESS, RELATION = "collection", "process", "relation"
STARTS: Mapping[str, str] = {
    "begun_at": PROCESS,
    "brought_at": COLLECTION,
    "counted_at": COLLECTION,
    "created_at": COLLECTION,
    "day": COLLECTION,
    "day_at": COLLECTION,
    "kept_at": COLLECTION,
    "made_at": COLLECTION,
    "noted_at": COLLECTION,
    "read_at": COLLECTION,
    "sent_at": COLLECTION,
    "started_at": COLLECTION,
    "taken_at": COLLECTION,
    "done_at": COLLECTION,
    "drawn_at": COLLECTION,
    "written_at": COLLECTION,
    "closed_at": PROCESS,
    "decided_at": PROCESS,
    "ended_at": PROCESS,
    "idle_since": PROCESS,
    "revoked_at": PROCESS,
    "seen_at": PROCESS,
    "until": PROCESS,
}


@dataclass(frozen=True)
class Entry:
    """One kind of data at one place."""

    kind: str
    medium: Medium
    where: str
    """Name of the table, or a pattern for files, keys or fields."""
    about: About
    use: Use
    basis: Basis
    rule: Rule | None
    erased: Erased
    exported: tuple[str, ...]
    withheld: Mapping[str, str]

    @property
    def personal(self) -> bool:
        """Is it about anybody?"""
        return self.about is not About.NOBODY

    @property
    def start(self) -> str:
        """With which type of start the period begins."""
        return STARTS[self.rule.since] if self.rule else RELATION


@dataclass(frozen=True)
class Words:
    """The words for all of it in one language; complete, or a test fails."""

    kinds: Mapping[str, KindWords]
    uses: Mapping[Use, str]
    bases: Mapping[Basis, str]
    abouts: Mapping[About, str]
    mediums: Mapping[Medium, str]
    erased: Mapping[Erased, str]
    starts: Mapping[str, str]
    columns: Mapping[str, str]
    """Headings of tables."""
    kept: Callable[[Rule | None, bool], str]
    """How long something is kept; the flag says whether it is the participant's own."""


@dataclass(frozen=True)
class Asked:
    """One consent that exists: what it is about, what a yes leads to, what a withdrawal takes."""

    title: str
    about: str
    withdrawing: str


@dataclass(frozen=True)
class Source:
    """One network: who is asked, and what is taken and left."""

    title: str
    operator: str
    takes: str
    leaves: str


@dataclass(frozen=True)
class Facts:
    """Everything that documents are made of, in one language."""

    language: str
    made_on: date
    names: Mapping[str, str]
    """What the organisation says of itself, and the address of its pages."""
    entries: Sequence[Entry]
    words: Words
    asked: Sequence[Asked]
    sources: Sequence[Source]


def entries(holdings: Holdings, spots: Sequence[Spot]) -> list[Entry]:
    """Every table, every other place, every spot."""
    found = [_entry(model.__tablename__, Medium.TABLE, model.__holds__) for model in models()]
    found += [_entry(place.where, Medium.FOLDER, place.holds) for place in holdings.places]
    found += [_entry(spot.where, spot.medium, spot.holds) for spot in spots if spot.holds is not None]
    return sorted(found, key=lambda one: (not one.personal, one.use, one.kind, one.where))


def _entry(where: str, medium: Medium, holds: Holds) -> Entry:
    return Entry(
        kind=holds.kind, medium=medium, where=where, about=holds.about, use=holds.use, basis=holds.basis,
        rule=holds.rule, erased=holds.erased, exported=holds.exported, withheld=holds.withheld,
    )  # fmt: skip
