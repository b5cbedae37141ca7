"""The vault in S3-compatible storage: a real server on loopback takes, gives, lists and deletes; then it is away."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from s3fs import S3FileSystem

from tests.conftest import Clock
from tests.factories.days import fold_all, run_day
from tests.factories.readings import TODAY
from tests.workers.folding import counted_files, make_people, state_of
from tests.workers.runtime.s3 import BUCKET, S3Server
from tests.workers.test_fold import add_like, expected
from workers.models import Bucket, Score
from workers.runtime.process import Process
from workers.runtime.settings import Settings
from workers.runtime.storage import Storage, StorageError

pytestmark = pytest.mark.slow
PLACE = f"s3://{BUCKET}/klarwert"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with S3Server() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        # What was made before speaks to another server.
        S3FileSystem.clear_instance_cache()
        yield running
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def settings(settings: Settings, server: S3Server) -> Settings:
    return replace(settings, vault=PLACE)


def test_the_vault_of_an_installation_lies_in_s3(process: Process, server: S3Server, clock: Clock) -> None:
    ids = make_people(process, 6)
    before, scores = state_of(process), expected(process, ids)
    clock.go(days=1)
    run_day(process, TODAY)
    after = state_of(process)
    assert (after.signals, after.inbox) == (before.signals, 0)
    assert after.scores == {one: pytest.approx(score, abs=1e-9) for one, score in scores.items()}
    # Nothing of it lies in the data folder, and what lies there in S3 is what counts: the files of before are gone.
    add_like(process, ids[0], "did:late")
    fold_all(process)
    assert not (process.settings.data / "vault").exists()
    lying = {path.rpartition("/")[2] for path in S3FileSystem().find(PLACE)}
    assert lying == process.storage.names("") == process.ring.files() == counted_files(process)
    assert expected(process, ids).keys() == set(ids)

    # The server goes: every bucket is reported, everybody keeps the last score.
    server.stop()
    clock.go(days=1)
    run_day(process, TODAY + timedelta(days=1))
    with process.reading() as session:
        failures = {bucket.number: bucket.failure for bucket in session.query(Bucket)}
        assert failures == {0: "storage", 1: "storage"}
        assert {row.subject_id for row in session.query(Score) if row.day == TODAY} == set(ids)
    with pytest.raises(StorageError):
        process.storage.read(lying.pop())


def test_files_are_taken_given_listed_and_deleted(server: S3Server) -> None:
    storage, neighbour = Storage(PLACE), Storage(f"{PLACE}-neighbour")
    assert storage.names("") == set()
    large = bytes(range(256)) * 40_000
    storage.write("00001-1-a", b"first")
    storage.write("00002-1-b", b"")
    storage.write("00001-1-a", large)
    neighbour.write("00003-1-c", b"another's")
    assert storage.read("00001-1-a") == large
    assert storage.read("00002-1-b") == b""
    assert storage.names("") == {"00001-1-a", "00002-1-b"}
    assert storage.names("00001-") == {"00001-1-a"}
    # Another host writes: what this one remembered of the listing does not count.
    S3FileSystem(use_listings_cache=False, skip_instance_cache=True).pipe_file(f"{PLACE}/00004-1-d", b"by another host")
    assert storage.names("00004-") == {"00004-1-d"}
    assert storage.read("00004-1-d") == b"by another host"
    for _ in range(2):
        storage.delete("00001-1-a")
    with pytest.raises(FileNotFoundError):
        storage.read("00001-1-a")
    assert storage.names("") == {"00002-1-b", "00004-1-d"}


def test_a_bucket_that_is_not_there_and_a_server_that_is_not_are_told_from_a_missing_file(server: S3Server) -> None:
    with pytest.raises(FileNotFoundError):
        Storage("s3://no-such-bucket/klarwert").write("00001-1-a", b"x")
    storage = Storage(PLACE)
    server.stop()
    for ask in (lambda: storage.read("a"), lambda: storage.write("a", b"x"), lambda: storage.names("")):
        with pytest.raises(StorageError) as failure:
            ask()
        assert BUCKET not in str(failure.value)
        assert not isinstance(failure.value, FileNotFoundError)
