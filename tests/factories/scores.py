"""Invented reactions to invented posts, and the score that comes of them."""

from collections.abc import Sequence
from datetime import date, timedelta

from privacy.disclosure import Reason, hand_over
from privacy.recipient import Channel, Recipient
from tests.factories.days import publish
from tests.factories.people import agree, make_connection
from workers.models import Connection
from workers.networks.shape import Post, Reaction, Reading
from workers.results import store_score
from workers.runtime.process import Process
from workers.runtime.work import Work
from workers.signals.store import put, put_audience

#: Kind, number of the invented person (0: only counted), days before today, count.
Row = tuple[str, int, int, int]

GARDEN: Sequence[Row] = (
    ("like", 1, 2, 1), ("like", 2, 2, 1), ("like", 3, 3, 1),
    ("repost", 1, 4, 1), ("reply", 2, 1, 2), ("quote", 4, 9, 1),
)  # fmt: skip
BREAD: Sequence[Row] = (("like", 1, 30, 1), ("like", 5, 31, 1), ("reply", 6, 40, 1))
SONG: Sequence[Row] = (("like", 0, 15, 40), ("repost", 0, 15, 6))


def make_post(work: Work, connection: Connection, name: str, rows: Sequence[Row]) -> None:
    """One post of an invented person with its reactions."""
    oldest = max((days for _, _, days, _ in rows), default=0)
    reactions = [
        Reaction(kind, f"did:plc:fan{who}" if who else None, day_before(work, days) if who else None, count)
        for kind, who, days, count in rows
    ]
    post = Post(f"https://{connection.network}.example/mira/{name}", day_before(work, oldest))
    put(work, work.ring.person(connection.subject_id), connection, Reading(post, tuple(reactions), frozenset()))


def make_scored(work: Work, subject_id: str) -> dict[str, Connection]:
    """Consents, two proven accounts, three posts with reactions, followers, scores of yesterday and today."""
    connections = {}
    for network in ("bluesky", "mastodon"):
        agree(work, subject_id, network=network)
        connections[network] = make_connection(work, subject_id, network)
    make_post(work, connections["bluesky"], "garden", GARDEN)
    make_post(work, connections["bluesky"], "bread", BREAD)
    make_post(work, connections["mastodon"], "song", SONG)
    put_audience(work, connections["bluesky"], 1234)
    for days in (1, 0):
        assert store_score(work, subject_id, day_before(work, days))
    publish(work, day_before(work, 1))
    return connections


def day_before(work: Work, days: int) -> date:
    """So many days before the running day."""
    return work.today - timedelta(days=days)


def hand_over_score(process: Process, subject_id: str) -> str:
    """A recipient outside gets somebody's score; the id of the recipient."""
    with process.working() as work:
        made = Recipient(
            name="Verlag Beispiel", channel=Channel.WEBHOOK.value, address="https://verlag.example/hook", language="de",
            made_at=work.now,
        )  # fmt: skip
        work.session.add(made)
        work.session.flush()
        hand_over(work.session, work.ring, subject_id, work.now, made, purpose=Reason.SUPPORT.value, what="score")
        return made.id
