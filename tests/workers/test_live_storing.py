"""What the firehose said is stored person by person: nobody waits for somebody whose signals cannot be read."""

from pathlib import Path

import pytest

from tests.factories.days import fold_all
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import like, reading
from tests.workers.folding import damage
from workers import buckets, live
from workers.live import Live
from workers.models import Bucket
from workers.networks.firehose import Happened, What
from workers.runtime.process import Process
from workers.signals.inbox import known
from workers.signals.store import put


def take_part(process: Process, did: str, bucket: int) -> str:
    """Somebody in a bucket, with one like that was read."""
    with process.working() as work:
        while buckets.number_of(work.session, (subject := make_subject(work)).id) != bucket:
            pass
        agree(work, subject.id)
        connection = make_connection(work, subject.id, actor_id=did)
        put(work, work.ring.person(subject.id), connection, reading(like("did:plc:cem", 2)))
    return subject.id


def test_a_file_that_does_not_open_holds_up_nobody_else(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    with process.working() as work:
        buckets.settle(work)
    take_part(process, "did:plc:ann", 0)
    ben = take_part(process, "did:plc:ben", 1)
    fold_all(process)
    with process.reading() as session:
        damage(Path(process.settings.vault) / str(session.get_one(Bucket, 0).file))
    heard = {did: [reading(like("did:plc:dora", 1))] for did in ("did:plc:ann", "did:plc:ben")}
    monkeypatch.setattr(live, "readings", lambda *_: heard)
    reader = Live(process)
    reader._look_around()
    reader._store([Happened(What.LIKE, did, "1", "did:plc:dora", f"{did}/1") for did in heard])
    with process.reading() as session:
        assert len(known(session, ben)) == 2
