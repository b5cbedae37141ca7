"""Live: what Bluesky's firehose says about participants is in their inbox within seconds. Off unless a relay is named.

Everything that is about nobody here is dropped in memory; nobody is told whom we look for. A stop, a crash or a relay
that is away loses nothing: it goes on where everything is stored, and what it missed the daily reading finds.
"""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from sqlalchemy import select

from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from privacy.sealed import unseal
from workers.jobs.asking import client, held, key_of
from workers.models import Connection, FirehosePlace
from workers.models.connection import FRESH, State
from workers.networks.bluesky import address
from workers.networks.bluesky_live import REACTIONS, readings
from workers.networks.failure import Failure, Reason
from workers.networks.firehose import Frame, FutureCursorError, Happened, What, frames
from workers.networks.records import Reacted, Records
from workers.networks.shape import Reading
from workers.runtime.process import Process
from workers.runtime.upsert import upsert
from workers.scoring.model import KLARWERT_1
from workers.signals.objections import without_objectors
from workers.signals.standing import link
from workers.signals.store import drop_posts, drop_signals, drop_unheard, found, put, take_back
from workers.signals.topics import give_topics
from workers.signals.vault import BrokenFileError
from workers.topics.taxonomy import in_force

log = logging.getLogger(__name__)

NETWORK = "bluesky"
#: Reactions wait so long for others, so that one request asks for many.
TOGETHER_SECONDS = 1.0
#: So often the place is stored while nothing happens to participants.
_PLACE_SECONDS = 10.0
#: So often it is looked at who takes part.
_LOOK_SECONDS = 30.0
#: Waits after a failure: twice as long each time.
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 300.0
_AT_ONCE = 200
_PASSING = frozenset({Reason.UNREACHABLE, Reason.RATE_LIMITED})


class Live:
    """Reads one relay until told to stop."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._relay = process.settings.firehose
        self._people: dict[str, str] = {}
        self._records = Records()
        self._looked = float("-inf")
        self._noted = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Connects again and again; a relay that began anew is read from now on."""
        wait = _FIRST_WAIT
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._read(stop)
            except FutureCursorError:
                log.warning("the firehose began anew: going on from now")
                self._forget_place()
                continue
            except Failure as failure:
                log.warning("the firehose failed: %s", failure.reason)
            except Exception:  # A database that restarts must not end it; the next try goes on from the stored place.
                log.exception("reading the firehose broke")
            wait = _FIRST_WAIT if time.monotonic() - began > _LONGEST_WAIT else min(wait * 2, _LONGEST_WAIT)
            stop.wait(wait)

    def _read(self, stop: threading.Event) -> None:
        waiting: list[Happened] = []
        since = 0.0
        last: Frame | None = None
        self._look_around()
        for frame in frames(self._relay, self._place(), self._about, self._records.__contains__):
            if stop.is_set():
                break
            self._look_around()
            if frame is not None:
                last = frame
                since = since if waiting else time.monotonic()
                waiting += frame.happened
                self._remember(frame.happened)
            ripe = len(waiting) >= _AT_ONCE or time.monotonic() - since >= TOGETHER_SECONDS
            if last is not None and ((waiting and ripe) or time.monotonic() - self._noted >= _PLACE_SECONDS):
                self._store(waiting)
                self._note(last.seq)
                waiting = []
        # What still waits was not stored: the place says so, and the next start reads it again.

    def _about(self, did: str) -> bool:
        return did in self._people

    def _remember(self, happened: Sequence[Happened]) -> None:
        """Which reaction each record is, for the case that it is deleted."""
        for one in happened:
            if one.what in REACTIONS:
                today = self._process.clock().date()
                self._records.keep(one.record, Reacted(one.what.value, one.did, one.post, today))

    def _look_around(self) -> None:
        """Who takes part, looked up now and then: somebody who connects is heard within half a minute."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        with self._process.reading() as session:
            mine = select(Connection).where(Connection.network == NETWORK, Connection.state == State.PROVEN.value)
            people: dict[str, str] = {}
            for connection in session.scalars(mine):
                with suppress(KeyGoneError):  # erased meanwhile
                    key = self._process.ring.person(connection.subject_id)
                    people[unseal(connection, key, "remote_id")] = connection.id
        self._people = people

    def _store(self, happened: Sequence[Happened]) -> None:
        """Everything about each participant in a transaction of their own. Raises `Failure`: then all of it waits."""
        if not happened:
            return
        today = self._process.clock().date()
        since = today - timedelta(days=KLARWERT_1.window_days - 1)
        happened, back = self._taken_back(happened)
        read = self._readings(happened, since)
        for did in {one.did for one in happened} | {reacted.did for reacted, _ in back}:
            connection_id = self._people.get(did)
            if connection_id is not None:
                mine = [one for one in happened if one.did == did]
                try:
                    self._keep(connection_id, mine, read.get(did, []), [one for one in back if one[0].did == did])
                except (NoConsentError, KeyGoneError):
                    continue
                except BrokenFileError:  # the next reading finds it; everybody else's would wait behind it for ever
                    log.warning("what the firehose said about somebody waits for the next reading")

    def _taken_back(self, happened: Sequence[Happened]) -> tuple[list[Happened], list[tuple[Reacted, str]]]:
        """What is left of what happened, and which reactions of before were taken back by whom.

        A reaction that came and went while it waited never was. Its record stays known until it is too old: should
        this not be stored, it is read again.
        """
        gone = {one.record: one for one in happened if one.what is What.TAKEN_BACK}
        came = {one.record for one in happened if one.what in REACTIONS}
        found = ((self._records.find(record), one.actor) for record, one in gone.items() if record not in came)
        left = [one for one in happened if one.what is not What.TAKEN_BACK and one.record not in gone]
        return left, [(reacted, actor) for reacted, actor in found if reacted is not None]

    def _readings(self, happened: Sequence[Happened], since: date) -> dict[str, list[Reading]]:
        """What the network shows of it. Raises `Failure` for what passes by itself."""
        try:
            with client(self._process) as asking:
                return readings(asking, self._process.settings.bluesky_appview, happened, since)
        except Failure as failure:
            if failure.reason in _PASSING:
                raise
            log.warning("the network's answer about what the firehose said is unusable: %s", failure.reason)
            return {}  # the daily reading finds it; to ask the same again would hold up everything behind it

    def _keep(
        self,
        connection_id: str,
        happened: Sequence[Happened],
        read: Sequence[Reading],
        back: Sequence[tuple[Reacted, str]],
    ) -> None:
        with self._process.working() as work:
            connection = held(work, connection_id)
            if connection is None or connection.state != State.PROVEN:
                return
            key = key_of(work, connection)
            for reacted, actor in back:
                take_back(work, key, connection, address(reacted.did, reacted.post), reacted.kind, actor, reacted.day)
            if back:
                drop_unheard(work.session, connection.subject_id)
            taken = without_objectors(work, NETWORK, read)
            put(work, key, connection, *taken)
            texts = {reading.post.address: reading.post.text for reading in taken}
            give_topics(work, key, connection, texts, lambda: in_force(self._process.settings.topics_table))
            link(work, key, connection, [one.actor_id for each in taken for one in each.reactions if one.actor_id])
            gone = [address(one.did, one.post) for one in happened if one.what is What.POST_GONE]
            drop_posts(work.session, found(work, connection, gone))
            for one in happened:
                if one.what is What.ACCOUNT_GONE:
                    drop_signals(work.session, connection)
                    connection.failure = Reason.GONE
                elif one.what is What.ACCOUNT_BACK and connection.failure == Reason.GONE:
                    connection.failure = None
                    connection.due_at = max(work.now, (connection.read_at or work.now - FRESH) + FRESH)
            work.later("score", connection.subject_id)

    def _place(self) -> int | None:
        with self._process.reading() as session:
            kept = session.get(FirehosePlace, self._relay)
        return kept.seq if kept else None

    def _note(self, seq: int) -> None:
        self._noted = time.monotonic()
        with self._process.working() as work:
            upsert(work.session, FirehosePlace(relay=self._relay, seq=seq, kept_at=work.now), newest="kept_at")

    def _forget_place(self) -> None:
        with self._process.working() as work:
            kept = work.session.get(FirehosePlace, self._relay)
            if kept is not None:
                work.session.delete(kept)
