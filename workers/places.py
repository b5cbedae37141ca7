"""Every place of data in this installation: the tables, the places that look for a person, and all that is left."""

import time
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from privacy.backup import Kind
from privacy.base import Holds, Rule, Subject
from privacy.holdings import Holdings, Spot
from privacy.keyring import KeyGoneError
from privacy.vocabulary import About, Basis, Erased, Medium, Use
from workers import buckets
from workers.archives.files import ArchiveFiles
from workers.downloads import Downloads
from workers.fold import fold
from workers.kept import BackupFolder, JournalPlace
from workers.mail import Outbox
from workers.models import Bucket, Connection
from workers.runtime.process import Process
from workers.scoring.model import KLARWERT_1
from workers.scoring.signals import EPOCH, KINDS
from workers.signals.columns import Columns
from workers.signals.inbox import known, load
from workers.signals.take import post_ids
from workers.signals.vault import BrokenFileError

#: How long an erasure waits for a fold that is running.
_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.2


class FoldFailedError(RuntimeError):
    """The bucket of a person who is to be erased could not be rewritten; it is reported."""


def holdings(process: Process) -> Holdings:
    """All holdings of the installation."""
    settings = process.settings
    places = (
        Outbox(settings.outbox),
        Downloads(settings.downloads),
        ArchiveFiles(settings.archives),
        Vault(process),
        BackupFolder("backups/*", settings.backups, Kind.DATA, settings.backup_days),
        BackupFolder("keys/backups/*", settings.key_backups, Kind.KEYS, settings.backup_days),
        JournalPlace(process.journal, settings.backup_days),
    )
    return Holdings(process.ring, places)


class Vault:
    """The signals: encrypted files of the vault, and what the inbox says about them since."""

    holds = Holds(
        kind="signals",
        about=About.REACTING,
        use=Use.SCORING,
        basis=Basis.INTEREST,
        exported=("subject_id", "connection_id", "post_id", "network", "kind", "day", "actor", "count"),
        subject=None,
        rule=Rule(KLARWERT_1.window_days, since="day"),
    )
    where = "vault/*"

    def __init__(self, process: Process) -> None:
        self._process = process

    def export(self, subject_id: str) -> list[dict[str, Any]]:
        """The signals of a person, one row each, oldest first; of somebody erased what is left of them in a file."""
        with self._process.reading() as session:
            try:
                mine = known(session, subject_id) if session.get(Subject, subject_id) else None
            except KeyGoneError:  # on a restored database: erased since, and about to be erased again
                mine = None
            if mine is None:
                return [{"subject_id": subject_id}] * self._left(subject_id)
            posts = post_ids(session, subject_id)
            query = select(Connection.id, Connection.network).where(Connection.subject_id == subject_id)
            networks = {row.id: row.network for row in session.execute(query)}
        target = mine.target
        connection = [mine.connections[place] for place in mine.target_connection[target].tolist()]
        columns = zip(
            connection, mine.target_post[target].tolist(), mine.kind.tolist(), mine.day.tolist(), mine.speaker.tolist(),
            mine.pseudonym[mine.speaker].tolist(), mine.count.tolist(), strict=True,
        )  # fmt: skip
        rows = [
            {
                "subject_id": subject_id,
                "connection_id": which,
                "post_id": posts.get((which, post)),
                "network": networks[which],
                "kind": KINDS[kind],
                "day": date.fromordinal(day + EPOCH),
                "actor": f"{pseudonym:016x}" if speaker else None,
                "count": count,
            }
            for which, post, kind, day, speaker, pseudonym, count in columns
        ]
        return sorted(rows, key=lambda row: row["day"])

    def erase(self, subject_id: str) -> int:
        """Rewrites the bucket of somebody whose rows are gone without them. Raises `FoldFailedError`.

        Where the file is lost or damaged there is nothing to rewrite: should it come back, no key opens what it has of
        them, and the next fold leaves it out.
        """
        left = self._left(subject_id)
        if not left:
            return 0
        with self._process.reading() as session:
            number = buckets.number_of(session, subject_id)
        until = time.monotonic() + _PATIENCE_SECONDS
        while not fold(self._process, number):
            if time.monotonic() > until:
                raise FoldFailedError("the bucket is being folded by somebody else")
            time.sleep(_LOOK_SECONDS)
        with self._process.reading() as session:
            if session.get_one(Bucket, number).failure is not None:
                raise FoldFailedError("the bucket could not be rewritten")
        return left

    def expire(self, now: datetime) -> int:
        """Destroys keys of files that no backup has any more; signals themselves go with each fold."""
        return self._process.ring.expire_files(now - timedelta(days=self._process.settings.backup_days))

    def due(self, now: datetime) -> int:
        """How many such keys there are now."""
        return self._process.ring.expired_files(now - timedelta(days=self._process.settings.backup_days))

    def _left(self, subject_id: str) -> int:
        """How many signals of a person are in the file of their bucket, whether or not they count."""
        closed = self._closed(subject_id)
        if closed is None or subject_id not in closed.subjects:
            return 0
        place = closed.subjects.index(subject_id)
        return int((closed.speaker_person[closed.speaker] == place).sum())

    def _closed(self, subject_id: str) -> Columns | None:
        """What the file of a person's bucket has, but what is sealed; None where no file is, or none that opens."""
        mine = select(Bucket.file).where(Bucket.first <= subject_id, Bucket.end > subject_id)
        looked: str | None = None
        while True:
            with self._process.reading() as session:
                file = session.scalar(mine)
            if file is None or file == looked:
                return None
            try:
                return load(self._process.ring, self._process.storage, file).closed
            except BrokenFileError:
                return None
            except (FileNotFoundError, KeyGoneError):
                looked = file  # folded just now, or lost: then the pointer still names it


def _nobody(kind: str) -> Holds:
    return Holds(
        kind=kind, about=About.NOBODY, use=Use.OPERATION, basis=Basis.NOT_PERSONAL, subject=None,
        erased=Erased.UNTOUCHED,
    )  # fmt: skip


def _passing(kind: str, about: About, use: Use, days: int, since: str = "made_at") -> Holds:
    """Goes by itself, after so many days at the latest."""
    return Holds(
        kind=kind, about=about, use=use, basis=Basis.INTEREST, subject=None, erased=Erased.UNTOUCHED,
        rule=Rule(days, since),
    )  # fmt: skip


_KEYS = Holds(
    kind="key", about=About.PARTICIPANT, use=Use.SECURITY, basis=Basis.DUTY, subject=None, erased=Erased.LAST
)  # fmt: skip

#: What is neither a table nor looks for a person. A test finds what is missing here: files, Redis keys, log fields.
SPOTS = (
    Spot(Medium.FOLDER, "klarwert.sqlite*", None),
    Spot(Medium.FOLDER, "keys/keyring.sqlite*", _KEYS),
    Spot(Medium.FOLDER, "keys/master.*", _nobody("master key")),
    Spot(Medium.FOLDER, "keys/ledger.sqlite*", _nobody("log store")),
    Spot(Medium.FOLDER, "redis/*", _nobody("socket")),
    Spot(Medium.FOLDER, "topics.tsv", _nobody("own topics")),
    Spot(Medium.REDIS, "rq:*", _passing("queue", About.PARTICIPANT, Use.OPERATION, 3)),
    Spot(Medium.REDIS, "LIMITS:*", _passing("limits", About.VISITOR, Use.SECURITY, 1)),
    Spot(Medium.REDIS, "klarwert:host:*", _passing("pace", About.PARTICIPANT, Use.OPERATION, 1)),
    Spot(Medium.REDIS, "klarwert:use*", _nobody("network use")),
    Spot(Medium.REDIS, "klarwert:schedule:sent:*", _passing("marks", About.PARTICIPANT, Use.OPERATION, 1)),
    Spot(Medium.REDIS, "klarwert:schedule:leader", _nobody("leader")),
    Spot(Medium.REDIS, "klarwert:expired:*", _nobody("retention done")),
    Spot(Medium.LOG, "asctime", _nobody("log time")),
    Spot(Medium.LOG, "levelname", _nobody("log level")),
    Spot(Medium.LOG, "name", _nobody("log source")),
    Spot(Medium.LOG, "message", _passing("log lines", About.PARTICIPANT, Use.OPERATION, 30)),
    Spot(Medium.COOKIE, "klarwert", _passing("cookie", About.VISITOR, Use.SECURITY, 30, "seen_at")),
)
