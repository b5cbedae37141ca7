"""Live reading on real Bluesky servers: within seconds in the inbox, resumed where it stopped, deletions obeyed."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from privacy.vocabulary import Purpose
from tests.factories.people import agree, make_connection, make_subject
from tests.networks.bluesky.accounts import SeedResult
from tests.networks.bluesky.network import BlueskyNetwork
from workers.live import Live
from workers.models import Connection, FirehosePlace, Post
from workers.networks.shape import Reason
from workers.runtime.process import Process, bind
from workers.scoring.signals import KINDS
from workers.signals.inbox import known
from workers.withdrawal import withdraw

pytestmark = pytest.mark.slow

OLD, NEW = (
    (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for days in (400, 5)
)


@pytest.fixture(scope="module")
def seeded(bluesky_network: BlueskyNetwork) -> SeedResult:
    people = ("mira", "ben", "cem", "dora", "eva", "fred", "young", "hidden")
    accounts = [
        {"id": name, "handle": f"{name}-live.test", "displayName": name.title(), "at": NEW if name == "young" else OLD}
        for name in people
    ]
    result = bluesky_network.seed({"accounts": accounts, "events": []})
    result.set_opted_out("hidden", opted_out=True)
    result.post("mira", "Ein Beet im November", record_id="beet")
    result.post("ben", "Etwas anderes", record_id="noise")
    result.settle()
    return result


@pytest.fixture
def living(process: Process, bluesky_network: BlueskyNetwork) -> Iterator[Process]:
    """The installation at the real time, with the real network's relay."""
    settings = replace(
        process.settings,
        bluesky_appview=bluesky_network.appview,
        firehose=bluesky_network.pds.replace("http", "ws", 1),
        allowed_origins=frozenset({bluesky_network.appview}),
    )
    made = Process(settings, lambda: datetime.now(UTC))
    bind(made)
    yield made
    made.close()


@pytest.fixture
def listening(living: Process) -> Iterator[Callable[[], threading.Event]]:
    """Starts reading in a thread: `listening()`; setting what it gives ends it."""
    running: list[tuple[threading.Thread, threading.Event]] = []

    def start() -> threading.Event:
        stop = threading.Event()
        thread = threading.Thread(target=Live(living).run, args=(stop,))
        thread.start()
        running.append((thread, stop))
        return stop

    yield start
    for thread, stop in running:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def take_part(process: Process, seeded: SeedResult, who: str = "mira") -> str:
    """Mira takes part with a proven account; her subject."""
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        make_connection(work, subject.id, actor_id=seeded.dids[who], due_at=None)
        return subject.id


def signals(process: Process, subject_id: str) -> list[str]:
    with process.reading() as session:
        return sorted(KINDS[kind] for kind in known(session, subject_id).kind.tolist())


def counts(process: Process, subject_id: str) -> dict[str, int]:
    """How often each kind is there."""
    with process.reading() as session:
        mine = known(session, subject_id)
    found: dict[str, int] = {}
    for kind, count in zip(mine.kind.tolist(), mine.count.tolist(), strict=True):
        found[KINDS[kind]] = found.get(KINDS[kind], 0) + count
    return found


def failure_of(process: Process, subject_id: str) -> str | None:
    with process.reading() as session:
        return session.scalars(select(Connection.failure).where(Connection.subject_id == subject_id)).one()


def place(process: Process) -> int:
    with process.reading() as session:
        return session.scalar(select(FirehosePlace.seq)) or 0


def until(true: Callable[[], bool], seconds: float = 20) -> float:
    """Waits until something is so; how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - began


def test_reactions_arrive_within_seconds_and_only_those_the_door_lets_in(
    living: Process, seeded: SeedResult, listening: Callable[[], threading.Event]
) -> None:
    mira = take_part(living, seeded)
    listening()
    time.sleep(1.5)  # it reads from now on
    seeded.like("ben", "beet")
    seeded.repost("cem", "beet")
    seeded.reply("dora", "beet", "Schön!")
    seeded.quote("ben", "beet", "Seht nur")
    seeded.like("young", "beet")
    seeded.like("hidden", "beet")
    seeded.like("mira", "beet")
    seeded.like("cem", "noise")
    until(lambda: len(signals(living, mira)) == 4)
    assert signals(living, mira) == ["like", "quote", "reply", "repost"]
    until(lambda: place(living) > 0)
    time.sleep(1.5)
    assert signals(living, mira) == ["like", "quote", "reply", "repost"]
    assert [job.func_name for job in living.queue.rq.jobs].count("workers.jobs.score") >= 1


def test_what_came_while_it_was_stopped_is_read_from_its_place(
    living: Process, seeded: SeedResult, listening: Callable[[], threading.Event]
) -> None:
    seeded.post("mira", "Noch ein Beet", record_id="second")
    seeded.settle()
    mira = take_part(living, seeded)
    stop = listening()
    time.sleep(1.5)
    seeded.like("ben", "second")
    until(lambda: signals(living, mira) == ["like"])
    until(lambda: place(living) > 0)
    stop.set()
    time.sleep(2)
    seeded.like("cem", "second")
    assert signals(living, mira) == ["like"]
    listening()
    until(lambda: signals(living, mira) == ["like", "like"])


def test_a_relay_that_began_anew_is_read_from_now_on(
    living: Process, seeded: SeedResult, listening: Callable[[], threading.Event]
) -> None:
    seeded.post("mira", "Ein drittes Beet", record_id="third")
    seeded.settle()
    mira = take_part(living, seeded)
    with living.working() as work:
        work.session.add(FirehosePlace(relay=living.settings.firehose, seq=10**12, kept_at=work.now))
    listening()
    until(lambda: place(living) == 0)
    time.sleep(1.5)
    seeded.like("ben", "third")
    until(lambda: signals(living, mira) == ["like"])


def test_a_deleted_post_and_an_account_that_is_switched_off_go_at_once(
    living: Process, seeded: SeedResult, listening: Callable[[], threading.Event]
) -> None:
    seeded.post("eva", "Zum Löschen", record_id="short")
    seeded.post("eva", "Zum Bleiben", record_id="long")
    seeded.settle()
    eva = take_part(living, seeded, "eva")
    listening()
    time.sleep(1.5)
    seeded.like("ben", "short")
    seeded.like("ben", "long")
    until(lambda: len(signals(living, eva)) == 2)
    seeded.delete("short")
    until(lambda: len(signals(living, eva)) == 1)
    with living.reading() as session:
        assert len(session.scalars(select(Post).where(Post.subject_id == eva)).all()) == 1
    seeded.deactivate("eva")
    until(lambda: signals(living, eva) == [])
    with living.reading() as session:
        assert session.scalars(select(Connection.failure).where(Connection.subject_id == eva)).one() == Reason.GONE
    seeded.activate("eva")
    until(lambda: failure_of(living, eva) is None)


def test_an_account_that_is_deleted_takes_everything_along(
    living: Process, seeded: SeedResult, listening: Callable[[], threading.Event], bluesky_network: BlueskyNetwork
) -> None:
    seeded.post("fred", "Freds Beitrag", record_id="freds")
    seeded.settle()
    fred = take_part(living, seeded, "fred")
    listening()
    time.sleep(1.5)
    seeded.like("ben", "freds")
    until(lambda: signals(living, fred) == ["like"])
    again = [{"id": "fred", "handle": seeded.handles["fred"]}]
    bluesky_network.seed({"accounts": again, "events": [], "after": [{"do": "remove-account", "who": "fred"}]})
    until(lambda: signals(living, fred) == [])
    assert failure_of(living, fred) == Reason.GONE


def test_a_reaction_that_is_taken_back_goes_at_once(
    living: Process, seeded: SeedResult, listening: Callable[[], threading.Event]
) -> None:
    seeded.post("dora", "Doras Beitrag", record_id="doras")
    seeded.settle()
    dora = take_part(living, seeded, "dora")
    listening()
    time.sleep(1.5)
    for kind, write in {"like": seeded.like, "repost": seeded.repost}.items():
        write("ben", "doras", record_id=f"bens {kind}")
        write("cem", "doras", record_id=f"cems {kind}")
    seeded.reply("ben", "doras", "Eins", record_id="one")
    seeded.reply("ben", "doras", "Zwei", record_id="two")
    everything = ["like", "like", "reply", "repost", "repost"]
    until(lambda: signals(living, dora) == everything and counts(living, dora)["reply"] == 2)
    seeded.delete("bens like")
    until(lambda: signals(living, dora) == ["like", "reply", "repost", "repost"])
    seeded.delete("two")
    until(lambda: counts(living, dora)["reply"] == 1)
    # What comes and goes within the same second: what was last counts.
    seeded.like("ben", "doras", record_id="again")
    until(lambda: signals(living, dora).count("like") == 2)
    seeded.delete("again")
    seeded.like("ben", "doras", record_id="and again")
    seeded.like("mira", "doras", record_id="miras like")
    seeded.delete("miras like")
    seeded.delete("cems repost")
    seeded.delete("one")
    until(lambda: signals(living, dora) == ["like", "like", "repost"])
    time.sleep(2)
    assert signals(living, dora) == ["like", "like", "repost"]


def test_nothing_is_taken_after_a_withdrawal(
    living: Process, seeded: SeedResult, listening: Callable[[], threading.Event]
) -> None:
    seeded.post("cem", "Cems Beitrag", record_id="cems")
    seeded.settle()
    cem = take_part(living, seeded, "cem")
    listening()
    time.sleep(1.5)
    with living.working() as work:
        assert withdraw(work, cem, Purpose.SCORING, "bluesky")
    seeded.like("ben", "cems")
    before = place(living)
    until(lambda: place(living) > before, 30)
    assert signals(living, cem) == []
