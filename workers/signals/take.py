"""Takes one person's signals out of the store, as the columns that scoring and explanations are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from workers.models import Connection, Signal
from workers.scoring.changes import Known
from workers.scoring.signals import BoolArray, Signals
from workers.signals.disputes import dropped
from workers.signals.standing import lent


@dataclass(frozen=True)
class Taken:
    """What a score of one person on one day is made of."""

    signals: Signals
    """`post` is the post's id, `account` the connection's label."""
    yesterday: dict[str, float]
    """Pseudonym to the last published score of the participant behind it who lends their standing."""
    disputed: BoolArray
    """Signals that the person disputes: they are stored and do not count."""

    def known(self, day: date) -> Known:
        """The same as what the score of a day is made of."""
        return Known(day, self.signals, self.yesterday, self.disputed)


def take(session: Session, subject_id: str, day: date, topics: Mapping[str, Sequence[str]] | None = None) -> Taken:
    """The stored signals of the networks that a person agrees to, and who lends their standing on that day.

    `topics` are those of each post by its id (`workers.signals.topics`); a score needs none.
    """
    query = (
        select(
            Signal.network, Signal.kind, Signal.day, Signal.actor, Signal.count, Signal.post_id, Connection.label,
        )
        .join(Connection, Connection.id == Signal.connection_id)
        .where(Signal.subject_id == subject_id, Signal.network.in_(consent.networks(session, subject_id)))
        .order_by(Signal.day, Signal.id)
    )  # fmt: skip
    rows = session.execute(query).all()
    network, kind, days, actor, count, post, label = zip(*rows, strict=True) if rows else ((),) * 7
    signals = Signals.from_columns(
        network=network,
        kind=kind,
        day=days,
        actor=actor,
        count=count,
        account=[name or None for name in label],
        post=post,
        topics=[(topics or {}).get(one, ()) for one in post],
    )
    return Taken(signals, lent(session, subject_id, day), dropped(session, subject_id, signals))
