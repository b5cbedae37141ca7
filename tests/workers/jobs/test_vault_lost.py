"""A vault without copy: its people keep their last score, begin anew, and have all that is public after a reading."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.services import explanations
from server.services.scores import overview
from tests.conftest import Clock
from tests.factories.days import fold_all, run_day
from tests.workers.folding import damage
from tests.workers.jobs.conftest import Town
from workers import buckets, jobs, losses
from workers.models import Bucket, Score
from workers.runtime.process import Process
from workers.signals.vault import BrokenFileError


def gone(_process: Process, file: Path) -> None:
    file.unlink()


def damaged(_process: Process, file: Path) -> None:
    damage(file)


def without_key(process: Process, file: Path) -> None:
    process.ring.retire_file(file.name, process.clock())
    process.ring.expire_files(process.clock() + timedelta(days=1))


def the_file(process: Process) -> Path:
    with process.reading() as session:
        [name] = session.scalars(select(Bucket.file).where(Bucket.file.is_not(None)))
    return Path(process.settings.vault) / str(name)


def scores(process: Process) -> list[float]:
    with process.reading() as session:
        return list(session.scalars(select(Score.score).where(~Score.preliminary).order_by(Score.day)))


@pytest.mark.parametrize("harm", [gone, damaged, without_key])
def test_after_the_next_reading_all_is_as_before(
    each_town: Town, clock: Clock, harm: Callable[[Process, Path], None]
) -> None:
    town, process = each_town, each_town.process
    connection_id = town.join()
    town.post(3, "paul@wiese.test", "lena@wiese.test", "jona")
    town.post(40, "paul@wiese.test")
    jobs.collect(connection_id)
    clock.go(days=1)
    yesterday = clock.now.date() - timedelta(days=1)
    run_day(process, yesterday)
    before, first = town.signals(), scores(process)
    assert len(first) == 1
    harm(process, the_file(process))
    [number] = losses.give_up(process)
    assert (town.signals(), town.row(connection_id).due_at, town.row(connection_id).read_at) == ([], clock.now, None)
    mine = town.row(connection_id).subject_id
    with process.reading() as session:
        with pytest.raises(BrokenFileError):  # nobody reads that nobody had reacted
            explanations.explained(session, mine)
        seen = overview(session, process.ring, mine, clock.now.date())
        assert seen is not None
        assert (seen.kept, seen.score.score) == (True, first[0])
    clock.go(days=1)
    run_day(process, yesterday + timedelta(days=1))
    assert scores(process) == first, "nobody is scored of what is not known"
    jobs.collect(connection_id)
    assert town.signals() == before
    with process.reading() as session:
        assert explanations.explained(session, mine) is not None
    clock.go(days=1)
    run_day(process, yesterday + timedelta(days=2))
    assert len(scores(process)) == 2
    assert losses.give_up(process) == []
    with process.reading() as session:
        bucket = session.get_one(Bucket, number)
        assert (bucket.failure, process.storage.names("")) == (None, {bucket.file})


def test_while_the_storage_is_away_nothing_is_given_up(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    connection_id = town.join()
    town.post(3, "paul@wiese.test")
    jobs.collect(connection_id)
    with town.process.working() as work:
        buckets.settle(work)
    fold_all(town.process)
    before = town.signals()

    def away(_name: str) -> bytes:
        raise PermissionError("the storage does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(town.process.storage, "read", away)
        with pytest.raises(PermissionError):
            losses.give_up(town.process)
    assert town.signals() == before
