"""The fold: killed anywhere, twice at once, on damaged files and full disks: nothing is lost or counted twice."""

import os
import random
import resource
import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from privacy import consent, keyring
from privacy.store import writing
from privacy.vocabulary import Purpose
from tests.conftest import Clock
from tests.factories.days import fold_all, make_score, run_day, signals
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, ago, like, reading
from tests.workers.folding import STEPS, counted_files, damage, ended, folding, make_people, state_of
from workers import buckets, fold, jobs, results, schedule
from workers.models import Bucket, Connection, DayScored, Inbox, Score, StandingLink
from workers.places import FoldFailedError, Vault
from workers.runtime.process import Process
from workers.runtime.settings import SettingsError
from workers.scoring.explain import explain
from workers.signals.store import drop_posts, drop_signals, found, put
from workers.signals.take import take
from workers.withdrawal import withdraw


def expected(process: Process, ids: list[str]) -> dict[str, float]:
    """The scores as the explanation of each has them."""
    found_ = {}
    with process.reading() as session:
        for one in ids:
            taken = take(session, one, TODAY)
            found_[one] = explain(taken.signals, TODAY, taken.yesterday).total.score
    return found_


def test_a_fold_moves_the_inbox_into_the_file_and_scores_everybody(each_process: Process, clock: Clock) -> None:
    ids = make_people(each_process, 6)
    before, scores = state_of(each_process), expected(each_process, ids)
    clock.go(days=1)
    run_day(each_process, TODAY)
    after = state_of(each_process)
    assert (after.signals, after.inbox) == (before.signals, 0)
    assert after.scores == {one: pytest.approx(score, abs=1e-9) for one, score in scores.items()}
    assert after.files == after.keys == counted_files(each_process)
    assert len(after.files) == len({bucket_of(each_process, one) for one in ids})
    assert expected(each_process, ids) == {one: pytest.approx(score, abs=1e-9) for one, score in scores.items()}


def test_a_score_of_a_fold_is_the_score_of_one_with_all_its_parts(each_process: Process, clock: Clock) -> None:
    [one, *_] = make_people(each_process, 3)
    with each_process.working() as work:
        assert results.store_score(work, one, TODAY)
        row = work.session.get_one(Score, (one, TODAY))
        single = (row.score, row.impact, row.weeks, row.by_network, row.by_kind)
        work.session.execute(delete(Score))
    clock.go(days=1)
    run_day(each_process, TODAY)
    with each_process.reading() as session:
        row = session.get_one(Score, (one, TODAY))
    near = pytest.approx
    assert (row.score, row.impact, row.weeks) == (near(single[0], abs=1e-9), near(single[1]), single[2])
    assert (row.by_network, row.by_kind) == (near(single[3], abs=1e-9), near(single[4], abs=1e-9))


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost_and_nothing_counted_twice(
    process: Process, clock: Clock, step: str
) -> None:
    ids = make_people(process, 3)
    fold_all(process)
    add_like(process, ids[0], "did:late")
    before, scores = state_of(process), expected(process, ids)
    clock.go(days=1)
    number = bucket_of(process, ids[0])
    with ended(folding(process, number, kill_at=step)) as run:
        assert run.end() == -9
    assert state_of(process).signals == before.signals
    clock.go(minutes=6)
    with process.working() as work:
        pending = buckets.pending(work)
    assert pending == ([] if step in ("committed", "end") else [number])
    run_day(process, TODAY)
    after = state_of(process)
    assert (after.signals, after.inbox) == (before.signals, 0)
    assert after.scores == {one: pytest.approx(score, abs=1e-9) for one, score in scores.items()}
    fold_all(process)
    assert process.storage.names("") == process.ring.files() == counted_files(process)


@pytest.mark.slow
def test_two_hundred_kills_at_random_moments_lose_nothing(process: Process, clock: Clock) -> None:
    ids = make_people(process, 3)
    clock.go(days=1)
    before, scores = state_of(process), expected(process, ids)
    chance = random.Random(7)
    kills, longest = 0, 0.4
    while kills < 200:
        pid = os.fork()
        if pid == 0:  # the child has opened nothing: `Process` opens what it needs after the fork
            own = Process(process.settings, process.clock)
            try:
                for number in (0, 1):
                    fold.fold(own, number, TODAY)
            finally:
                os._exit(0)
        time.sleep(chance.random() ** 2 * longest)
        os.kill(pid, 9)
        _, status = os.waitpid(pid, 0)
        kills += os.WIFSIGNALED(status)
        longest = max(0.02, longest * (1.02 if os.WIFSIGNALED(status) else 0.7))
        clock.go(minutes=6)
        if kills % 20 == 0:
            assert state_of(process).signals == before.signals
        if chance.random() < 0.2:
            with process.working() as work:
                work.session.execute(update(Bucket).values(day_scored=None))
                work.session.execute(delete(Score))
                work.session.execute(delete(DayScored))
    run_day(process, TODAY)
    after = state_of(process)
    assert (after.signals, after.inbox) == (before.signals, 0)
    assert after.scores == {one: pytest.approx(score, abs=1e-9) for one, score in scores.items()}
    fold_all(process)
    assert process.storage.names("") == process.ring.files() == counted_files(process)


def bucket_of(process: Process, subject_id: str) -> int:
    with process.reading() as session:
        return buckets.number_of(session, subject_id)


def add_like(process: Process, subject_id: str, actor: str, number: int = 1) -> None:
    with process.working() as work:
        connection = work.session.scalars(select(Connection).where(Connection.subject_id == subject_id)).one()
        put(work, work.ring.person(subject_id), connection, reading(like(actor, 1), number=number))


def test_of_two_folds_of_one_bucket_one_leaves_while_the_other_runs(process: Process) -> None:
    make_people(process, 3)
    lease = buckets.begin(process, 0)
    assert lease is not None
    assert fold.fold(process, 0) is False
    assert state_of(process).versions == [0, 0]


@pytest.mark.parametrize("step", ["read", "file", "commit"])
def test_of_two_folds_that_both_believe_to_be_alone_one_wins(
    each_process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ids = make_people(each_process, 4)
    number = bucket_of(each_process, ids[0])  # the other one may be empty, and then has no file to make
    before = state_of(each_process)
    others: list[bool] = []

    def overtaken(name: str) -> None:
        """The first is slow; its lease runs out, and another one does all of it meanwhile."""
        if name == step and not others:
            others.append(True)
            clock.go(minutes=6)
            others.append(fold.fold(each_process, number))

    monkeypatch.setattr(fold, "watch", overtaken)
    assert fold.fold(each_process, number) is False
    assert others == [True, True]
    after = state_of(each_process)
    assert after.signals == before.signals
    assert after.versions == [int(place == number) for place in range(2)]
    assert after.files == after.keys == counted_files(each_process)


def test_what_is_said_while_a_fold_runs_is_kept_for_the_next(
    each_process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_people(each_process, 2)
    number = bucket_of(each_process, ids[0])
    monkeypatch.setattr(fold, "watch", lambda step: add_like(each_process, ids[0], "did:m") if step == "file" else None)
    assert fold.fold(each_process, number)
    monkeypatch.setattr(fold, "watch", fold.nothing)
    waiting = state_of(each_process)
    late = each_process.ring.person(ids[0]).pseudonym("bluesky", "did:m")
    assert any(late in row for row in waiting.signals)
    assert waiting.inbox >= 1
    fold_all(each_process)
    assert (state_of(each_process).signals, state_of(each_process).inbox) == (waiting.signals, 0)


@pytest.mark.parametrize("where", [0, 11, 12, 40, 0.3, 0.6, 0.9, -17, -1])
def test_a_file_that_was_tampered_with_is_reported_and_left_alone(
    process: Process, clock: Clock, where: float, caplog: pytest.LogCaptureFixture
) -> None:
    make_people(process, 4)
    clock.go(days=1)
    run_day(process, TODAY)
    path = damaged(process, where)
    before, content = scores_of(process), path.read_bytes()
    add_day(clock)
    run_day(process, TODAY + timedelta(days=1))
    with process.reading() as session:
        bucket = session.get_one(Bucket, int(path.name[:5]))
        assert (bucket.failure, bucket.failed_day, bucket.day_scored) == ("unreadable", ago(-1), TODAY)
        assert session.get(DayScored, ago(-1)) is not None
    assert path.read_bytes() == content
    assert scores_of(process).items() >= before.items()
    assert f"bucket {bucket.number} was not folded: unreadable" in caplog.text


def damaged(process: Process, where: float) -> Path:
    """The file of the first bucket that has one, with one bit changed."""
    path = Path(process.settings.vault) / min(counted_files(process))
    damage(path, int(where * path.stat().st_size) if 0 < where < 1 else int(where))
    return path


def add_day(clock: Clock) -> None:
    clock.go(days=1)


def scores_of(process: Process) -> dict[tuple[str, object], float]:
    with process.reading() as session:
        return {(row.subject_id, row.day): row.score for row in session.scalars(select(Score))}


def test_a_bucket_whose_file_is_gone_is_reported_and_the_others_go_on(process: Process, clock: Clock) -> None:
    ids = make_people(process, 6)
    clock.go(days=1)
    run_day(process, TODAY)
    lost = min(counted_files(process))
    (Path(process.settings.vault) / lost).unlink()
    add_day(clock)
    run_day(process, ago(-1))
    others = {one for one in ids if bucket_of(process, one) != int(lost[:5])}
    with process.reading() as session:
        failures = {one.number: one.failure for one in session.scalars(select(Bucket))}
        assert failures == {0: None, 1: None} | {int(lost[:5]): "unreadable"}
        found = {(row.subject_id, row.day) for row in session.scalars(select(Score))}
    assert found == {(one, TODAY) for one in ids} | {(one, ago(-1)) for one in others}


def test_a_bucket_whose_key_is_gone_is_reported_and_heals_with_it(process: Process, clock: Clock) -> None:
    make_people(process, 4)
    fold_all(process)
    file = min(counted_files(process))  # of the first bucket that has somebody in it
    name, number = f"file/{file}", int(file[:5])
    table = keyring._keys
    with writing(process.ring._engine).begin() as connection:
        row = connection.execute(select(table).where(table.c.name == name)).one()
        connection.execute(delete(table).where(table.c.name == name))
    clock.go(days=1)
    run_day(process, TODAY)
    with process.reading() as session:
        assert session.get_one(Bucket, number).failure == "no_key"
    with writing(process.ring._engine).begin() as connection:
        connection.execute(table.insert().values(**row._mapping))
    fold_all(process)
    with process.reading() as session:
        assert session.get_one(Bucket, number).failure is None


def test_a_key_ring_without_the_people_of_a_file_does_not_empty_it(process: Process) -> None:
    ids = make_people(process, 3)
    fold_all(process)
    before = counted_files(process)
    process.ring.destroy(ids[0])
    jobs.fold(str(bucket_of(process, ids[0])))
    with process.reading() as session:
        assert session.get_one(Bucket, bucket_of(process, ids[0])).failure == "no_key"
    assert counted_files(process) == before


def test_a_full_disk_is_reported_and_nothing_is_overwritten(process: Process, clock: Clock) -> None:
    make_people(process, 30)
    fold_all(process)
    before = state_of(process)
    clock.go(days=1)
    # Files may not grow beyond this: the file of the bucket does not fit, the database does.
    program = folding(process, 0, 1, day=None, wait=True)
    with ended(program) as run:
        run.wait_until_ready()
        smallest = min((Path(process.settings.vault) / name).stat().st_size for name in before.files)
        resource.prlimit(run.running.pid, resource.RLIMIT_FSIZE, (smallest // 2, smallest // 2))
        run.end()
    after = state_of(process)
    assert (after.signals, after.files, after.versions) == (before.signals, before.files, before.versions)


def fill_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of the vault can be written."""

    def full(_path: str, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workers.runtime.storage._write_durably", full)


def test_a_storage_that_refuses_is_reported(process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    make_people(process, 3)
    fold_all(process)
    before = state_of(process)
    fill_disk(monkeypatch)
    clock.go(days=1)
    run_day(process, TODAY)
    with process.reading() as session:
        failures = {bucket.failure for bucket in session.scalars(select(Bucket)) if bucket.file}
        assert failures == {"storage"}
    after = state_of(process)
    assert (after.signals, after.files) == (before.signals, before.files)
    monkeypatch.undo()
    fold_all(process)
    assert state_of(process).keys == counted_files(process)


def test_signals_out_of_the_window_are_gone_after_the_pass(each_process: Process, clock: Clock) -> None:
    make_people(each_process, 2)
    clock.go(days=1)
    run_day(each_process, TODAY)
    assert len(signals(each_process)) > 0
    clock.go(days=95)
    run_day(each_process, clock.now.date() - timedelta(days=1))
    assert signals(each_process) == []
    assert all(
        len(fold.load(each_process.ring, each_process.storage, one).closed) == 0 for one in counted_files(each_process)
    )


def test_who_withdraws_is_gone_for_readers_at_once_and_from_the_files_within_seconds(
    each_process: Process, clock: Clock
) -> None:
    ids = make_people(each_process, 4)
    fold_all(each_process)
    others = [row for row in signals(each_process) if row["subject_id"] != ids[0]]
    with each_process.working() as work:
        withdraw(work, ids[0], Purpose.SCORING, "bluesky")
    assert signals(each_process) == others
    assert Vault(each_process)._left(ids[0]) > 0
    each_process.queue.rq.empty()
    schedule.send_due(each_process)
    sent = [job.args for job in each_process.queue.rq.jobs if job.func_name == "workers.jobs.fold"]
    assert sent == [[str(bucket_of(each_process, ids[0]))]]
    jobs.fold(*sent[0])
    assert Vault(each_process)._left(ids[0]) == 0
    assert signals(each_process) == others
    with each_process.working() as work:
        assert buckets.pending(work) == []


def test_what_is_gone_at_its_source_is_gone_for_readers_at_once(each_process: Process) -> None:
    ids = make_people(each_process, 1)
    fold_all(each_process)
    with each_process.working() as work:
        connection = work.session.scalars(select(Connection)).one()
        drop_posts(work.session, found(work, connection, ["https://netz.test/p/1"]))
    assert {row["count"] for row in signals(each_process) if row["kind"] == "repost"} == {7}
    before = len(signals(each_process))
    with each_process.working() as work:
        drop_signals(work.session, work.session.scalars(select(Connection)).one())
    assert before > 0
    assert signals(each_process) == []
    fold_all(each_process)
    assert Vault(each_process)._left(ids[0]) == 0


def test_erasing_rewrites_the_bucket_and_spares_the_others(each_process: Process) -> None:
    ids = make_people(each_process, 4)
    fold_all(each_process)
    others = [row for row in signals(each_process) if row["subject_id"] != ids[1]]
    jobs.erase(ids[1])
    assert Vault(each_process)._left(ids[1]) == 0
    assert signals(each_process) == others
    for path in Path(each_process.settings.vault).iterdir():
        content = each_process.ring.open_file(path.name, path.read_bytes())
        assert bytes.fromhex(ids[1]) not in content


def test_an_erasure_waits_for_a_bucket_that_cannot_be_rewritten(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_people(process, 1)
    fold_all(process)
    with process.working() as work:
        work.session.execute(delete(Inbox))
    fill_disk(monkeypatch)
    with pytest.raises(FoldFailedError):
        Vault(process).erase(ids[0])


def test_keys_of_replaced_files_outlive_them_for_as_long_as_backups(process: Process, clock: Clock) -> None:
    make_people(process, 1)
    fold_all(process)
    [old] = counted_files(process)
    clock.go(days=1)
    fold_all(process)
    assert process.storage.names("") == counted_files(process) != {old}
    for days, gone in ((29, 0), (2, 1)):
        clock.go(days=days)
        assert Vault(process).due(process.clock()) == gone
        assert Vault(process).expire(process.clock()) == gone
    name = f"file/{old}"
    with process.ring._engine.connect() as connection:
        assert connection.scalar(select(func.count()).where(keyring._keys.c.name == name)) == 0


def test_the_number_of_buckets_stays_that_of_the_first_start(process: Process) -> None:
    with process.working() as work:
        buckets.settle(work)
        buckets.settle(work)
    changed = Process(replace(process.settings, buckets=3), process.clock)
    with pytest.raises(SettingsError, match="set it to 2"), changed.working() as work:
        buckets.settle(work)
    changed.close()


def test_buckets_divide_all_ids_without_a_gap(process: Process) -> None:
    with process.working() as work:
        work.settings = replace(work.settings, buckets=7)
        buckets.settle(work)
    with process.reading() as session:
        rows = session.scalars(select(Bucket).order_by(Bucket.number)).all()
        for edge, other in pairwise(rows):
            assert edge.end == other.first
        for one in ("0" * 32, "f" * 32, rows[3].first + "0" * 24, "7" * 32):
            assert 0 <= buckets.number_of(session, one) < 7


def test_standing_of_a_lender_counts_in_the_fold_until_they_withdraw_it(
    each_process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_people(each_process, 2)
    with each_process.working() as work:
        lender = make_subject(work)
        agree(work, lender.id, Purpose.RECOGNITION)
        make_score(work, lender.id, ago(1), 80.0)
        actor = work.ring.person(ids[0]).pseudonym("bluesky", "did:1")
        work.session.add(StandingLink(subject_id=ids[0], actor=actor, lender_id=lender.id, seen_at=work.now))
    plain = expected(each_process, ids)
    clock.go(days=1)
    withdrawn: list[bool] = []

    def meanwhile(step: str) -> None:
        if step == "file" and not withdrawn:
            withdrawn.append(True)
            with each_process.working() as work:
                withdraw(work, lender.id, Purpose.RECOGNITION)

    jobs.score_day(TODAY.isoformat())
    each_process.queue.rq.empty()
    monkeypatch.setattr(fold, "watch", meanwhile)
    number = bucket_of(each_process, ids[0])
    jobs.fold(str(number), TODAY.isoformat())
    assert ids[0] not in {who for who, _ in scores_of(each_process) if _ == TODAY}
    assert [job.args for job in each_process.queue.rq.jobs] == [[str(number), TODAY.isoformat()]]
    fold_all(each_process, TODAY.isoformat())
    after = scores_of(each_process)
    assert after[ids[0], TODAY] < plain[ids[0]]
    assert after[ids[1], TODAY] == pytest.approx(plain[ids[1]], abs=1e-9)


def test_a_fold_works_in_a_worker_that_forks(process: Process, clock: Clock) -> None:
    """In RQ's own worker, whose parent has looked at a file before, as pages and tests do."""
    ids = make_people(process, 4)
    fold_all(process)
    clock.go(days=1)
    fold.load(process.ring, process.storage, min(counted_files(process)))
    pid = os.fork()
    if pid == 0:
        own = Process(process.settings, process.clock)
        done = fold.fold(own, 0, TODAY) and fold.fold(own, 1, TODAY)
        os._exit(0 if done else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert len(scores_of(process)) == len(ids)


@pytest.mark.slow
def test_several_worker_processes_share_a_database_and_a_folder(postgres_process: Process, clock: Clock) -> None:
    process = postgres_process
    ids = make_people(process, 12)
    scores = expected(process, ids)
    before = state_of(process).signals
    clock.go(days=1)
    runs = [folding(process, *order, wait=True) for order in ((0, 1), (1, 0), (0, 1))]
    try:
        for run in runs:
            run.wait_until_ready()
        for run in runs:
            assert run.running.stdin is not None
            run.running.stdin.write("go\n")
            run.running.stdin.flush()
        assert [run.end() for run in runs] == [0, 0, 0]
    finally:
        for run in runs:
            with ended(run):
                pass
    after = state_of(process)
    assert (after.signals, after.inbox) == (before, 0)
    assert after.scores == {one: pytest.approx(score, abs=1e-9) for one, score in scores.items()}
    with process.reading() as session:
        assert session.get_one(DayScored, TODAY).people == len(ids)
    assert process.storage.names("") == counted_files(process)


def test_consents_of_a_bucket_are_those_of_each(each_process: Process) -> None:
    ids = make_people(each_process, 3)
    with each_process.working() as work:
        agree(work, ids[1], network="mastodon")
        consent.withdraw(work.session, ids[2], Purpose.SCORING, work.now, "bluesky")
        assert consent.networks_between(work.session, "", "g") == {ids[0]: {"bluesky"}, ids[1]: {"bluesky", "mastodon"}}
        make_connection(work, ids[1], "mastodon")
