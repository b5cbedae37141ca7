"""What comes out of an archive: counts of reactions by post, or one word for why there are none."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

#: Networks whose archive (or table) a person can bring.
BROUGHT = ("linkedin", "instagram", "x", "google_plus")
#: More posts in 13 weeks than anybody writes.
MOST_POSTS = 5_000


class Why(StrEnum):
    """Why an archive gives nothing; each has a sentence for people in both languages."""

    NO_ARCHIVE = "no_archive"
    """The file is no ZIP (or table) at all."""
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    """It, or what is packed in it, goes beyond the limits; a bomb does, too."""
    ENCRYPTED = "encrypted"
    OTHER = "other"
    """It is not an archive of this network."""
    HTML = "html"
    """It was made for reading; the same as JSON can be read here."""
    NO_COUNTS = "no_counts"
    """The network put no numbers of reactions into it."""
    ONLY_GIVEN = "only_given"
    """It has reactions that the person gave, and none that they received."""
    TOO_OLD = "too_old"
    """The network closed: nothing in it is of the last 13 weeks."""
    NOT_PUBLIC = "not_public"
    """The account is protected: its posts are not public."""
    NOTHING_NEW = "nothing_new"
    """No reaction to a post of the last 13 weeks."""
    BROKEN = "broken"
    """Something broke here; the log says what."""


class RefusedError(ValueError):
    """An archive that gives nothing: says why in one word, and nothing of what is in it."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Counted:
    """So many reactions of one kind to one post; `day` is the one of the post (UTC)."""

    address: str
    day: date
    kind: str
    count: int


@dataclass(frozen=True)
class Window:
    """The days that count, both included (UTC)."""

    first: date
    last: date

    def has(self, day: date | None) -> bool:
        """Does the day count?"""
        return day is not None and self.first <= day <= self.last
