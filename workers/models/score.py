"""Daily scores with their split by network and kind; the split by post apart, sealed and short-lived."""

from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from privacy.base import Base, Holds, Rule, Sealed
from privacy.vocabulary import About, Basis, Erased, Use

_TWO_YEARS = 730
#: A row of a split by post.
SPLIT = np.dtype([("connection", "<u2"), ("number", "<u4"), ("points", "<f8")])
_ID_BYTES = 16


class Score(Base):
    """One participant's score of one day."""

    __tablename__ = "score"
    __holds__ = Holds(
        kind="scores",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=(
            "subject_id", "day", "model", "score", "impact", "weeks", "by_network", "by_kind", "by_topic",
            "changed_since", "changes", "salt", "preliminary", "made_at",
        ),
        withheld={"leaf": "follows from the score and its salt"},
        rule=Rule(_TWO_YEARS, since="made_at"),
    )  # fmt: skip
    __table_args__ = (Index("ix_score_day_leaf", "day", "leaf"),)

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str]
    score: Mapped[float]
    """Points, 1 to 100, in full precision."""
    impact: Mapped[float]
    weeks: Mapped[int]
    """In how many of the 13 weeks somebody reacted."""
    by_network: Mapped[dict[str, float]] = mapped_column(JSON)
    """Points by network."""
    by_kind: Mapped[dict[str, float]] = mapped_column(JSON)
    """Points by kind of reaction."""
    by_topic: Mapped[Sealed | None]
    """JSON: points by topic, sealed as topics are; only with the consent to topics."""
    changed_since: Mapped[date | None]
    """The last final day before, where what that score was made of was still at hand."""
    changes: Mapped[dict[str, float] | None] = mapped_column(JSON(none_as_null=True))
    """What changed since, in points, by name of the part (`workers.scoring.changes`); they add up to the difference."""
    salt: Mapped[str | None]
    """Of a final score: 32 random bytes in hex, which go with it; without them its commitment says nothing."""
    leaf: Mapped[bytes | None]
    """Of a final score: what the day's root has of it, SHA-256 (`workers.commitment.commit`)."""
    preliminary: Mapped[bool]
    """Is it of a day that has not ended?"""
    made_at: Mapped[datetime]


def pack_split(connections: bytes, posts: bytes) -> bytes:
    """The bytes of a split: how many connections, their ids (16 bytes each), then `SPLIT` rows that point at them."""
    return (len(connections) // _ID_BYTES).to_bytes(2, "little") + connections + posts


def split_rows(packed: bytes) -> list[dict[str, Any]]:
    """A split as rows that can be read: connection, number of the post in it, points."""
    size = int.from_bytes(packed[:2], "little")
    rows = 2 + size * _ID_BYTES
    ids = [packed[start : start + _ID_BYTES].hex() for start in range(2, rows, _ID_BYTES)]
    posts = np.frombuffer(packed[rows:], dtype=SPLIT).tolist()
    return [{"connection_id": ids[which], "number": number, "points": points} for which, number, points in posts]


class PostSplit(Base):
    """Points by post of one day, as one sealed value."""

    __tablename__ = "post_split"
    __holds__ = Holds(
        kind="points by post",
        about=About.PARTICIPANT,
        use=Use.SCORING,
        basis=Basis.EXPLICIT_CONSENT,
        exported=("subject_id", "day", "points", "made_at"),
        rule=Rule(91, since="made_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subject.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    points: Mapped[Sealed] = mapped_column(info={"reads": split_rows})
    """`pack_split`: connection and number of the post to points."""
    made_at: Mapped[datetime]


class DayScored(Base):
    """A day on which everybody was scored."""

    __tablename__ = "day_scored"
    __holds__ = Holds(
        kind="scored days",
        about=About.NOBODY,
        use=Use.OPERATION,
        basis=Basis.NOT_PERSONAL,
        subject=None,
        erased=Erased.UNTOUCHED,
        withheld={"day": "about nobody", "done_at": "about nobody", "people": "about nobody"},
        rule=Rule(_TWO_YEARS, since="done_at"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    done_at: Mapped[datetime]
    people: Mapped[int]
