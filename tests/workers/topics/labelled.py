"""825 invented posts with the topics a person gave them: a part to work on, one kept aside, one written later."""

import csv
from dataclasses import dataclass
from pathlib import Path

from workers.topics.giving import Giver


@dataclass(frozen=True)
class Labelled:
    """One post. `kind` is plain, tricky or excluded; `part` is development or held-out (by a hash of the text).

    `second-look` was written by somebody who had not read the lists of words; what it found is told in ADR 16.
    """

    part: str
    language: str
    kind: str
    topics: frozenset[str]
    text: str


@dataclass(frozen=True)
class Figures:
    """What was measured over some posts."""

    posts: int
    excluded: int
    right: int
    wrong: int
    missed: int
    excluded_hits: int

    @property
    def precision(self) -> float:
        """Share of the given topics that are right."""
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of the right topics that were given."""
        return self.right / (self.right + self.missed)


def _read() -> tuple[Labelled, ...]:
    text = Path(__file__).with_name("posts.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(Labelled(r["part"], r["language"], r["kind"], frozenset(r["topics"].split()), r["text"]) for r in rows)


LABELLED = _read()


def measure(giver: Giver, part: str = "") -> Figures:
    """The figures of a part, or of all posts."""
    posts = [post for post in LABELLED if part in ("", post.part)]
    pairs = [(frozenset(giver.give(post.text)), post) for post in posts]
    return Figures(
        posts=len(posts),
        excluded=sum(post.kind == "excluded" for post in posts),
        right=sum(len(given & post.topics) for given, post in pairs),
        wrong=sum(len(given - post.topics) for given, post in pairs),
        missed=sum(len(post.topics - given) for given, post in pairs),
        excluded_hits=sum(bool(given) for given, post in pairs if post.kind == "excluded"),
    )
